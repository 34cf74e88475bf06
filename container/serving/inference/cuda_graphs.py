"""A network's kernels recorded once for each of a few batch sizes and replayed: a GPU then waits for no launch.

https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

from collections.abc import Callable

import torch
from torch import nn


def replayed_by_size(
    network: nn.Module, example: torch.Tensor, sizes: list[int]
) -> Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]:
    """network: float32 [n, 3, h, w] on the GPU -> two tensors of n rows. example: one such input. sizes: of which
    graphs are recorded.

    A batch between two sizes is padded to the larger; one above the largest runs without a graph. The result is a copy:
    the graph's own memory is overwritten by its next replay. Not safe to call from two threads at once."""
    graphs: dict[int, tuple[torch.cuda.CUDAGraph, torch.Tensor, tuple[torch.Tensor, torch.Tensor]]] = {}
    pool = torch.cuda.graph_pool_handle()
    with torch.inference_mode():
        for size in sorted(sizes, reverse=True):  # the largest first: the smaller ones fit into its memory
            inputs = example[:1].expand(size, -1, -1, -1).contiguous(memory_format=torch.channels_last)
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(3):
                    network(inputs)
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
                outputs = network(inputs)
            graphs[size] = (graph, inputs, outputs)

    def forward(inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        count = len(inputs)
        size = min((size for size in graphs if size >= count), default=None)
        if size is None:
            return network(inputs)
        graph, held, (first, second) = graphs[size]
        held[:count].copy_(inputs)
        graph.replay()
        return first[:count].clone(), second[:count].clone()

    return forward
