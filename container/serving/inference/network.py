"""The network as it answers: in the fastest form for its device that gives the same answers as the model file's
float32.

Whether it does is tried at every start, on patterns that need no pictures: the class named and the probabilities are
compared with those of the float32 network, and a form that differs is not used."""

import copy
import logging
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn
from torch.nn.utils import fuse_conv_bn_eval

from container.model.head import head_of
from container.model.model_file import Checkpoint
from container.model.network import remove_head
from container.runtime.device import CPU_INFO, computes_in_bfloat16

log = logging.getLogger(__name__)
PROBABILITY_TOLERANCE = 0.02  # largest difference of a probability that a reduced precision may make
EXACT_TOLERANCE = 1e-3  # the same for float32 in another order of operations
PATTERN_CELLS = (4, 32)  # along an edge: coarse and fine
Forward = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


class LogitsAndFeatures(nn.Module):
    """float [n, 3, h, w] -> logits float32 [n, classes], features float32 [n, d]: what the head makes, and what it is
    given.

    The head stays in float32 whatever the backbone computes in: it is a thousandth of the work, and its rounding shows
    most."""

    def __init__(self, checkpoint: Checkpoint, convert: Callable[[nn.Module], nn.Module], dtype: torch.dtype):
        super().__init__()
        backbone = same_tensors_in_new_modules(checkpoint.model)
        self.head = head_of(backbone)
        remove_head(backbone)
        self.backbone = convert(backbone).to(dtype).to(memory_format=torch.channels_last)
        self._dtype, self._flip = dtype, checkpoint.test_flip

    def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.backbone(inputs.to(self._dtype)).float()
        if not self._flip:
            return self.head(features), features
        mirrored = self.backbone(inputs.to(self._dtype).flip(-1)).float()
        return (self.head(features) + self.head(mirrored)) / 2, (features + mirrored) / 2


@dataclass(frozen=True)
class Network:
    """form: which one it is, for the log. temperature: what the logits are divided by."""

    form: str
    _forward: Forward
    temperature: float

    def __call__(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Normalised inputs, float32 [n, 3, h, w] -> probabilities float32 [n, classes], features float32 [n, d], both
        on the CPU.
        """
        with torch.inference_mode():
            logits, features = self._forward(inputs)
            return (logits / self.temperature).softmax(1).cpu(), features.cpu()


def prepare_network(checkpoint: Checkpoint, device: torch.device, sizes: list[int]) -> Network:
    """The first form, fastest first, that agrees with float32. sizes: numbers of pictures that it will be given, for
    CUDA graphs.
    """
    edge = checkpoint.preprocessing.image_size
    inputs = patterns(edge).to(device)
    plain = LogitsAndFeatures(checkpoint, lambda backbone: backbone, torch.float32).eval().to(device)
    expected = Network("float32", plain, checkpoint.temperature)
    wanted = expected(inputs)[0]
    forms = _gpu_forms(checkpoint, device, sizes) if device.type == "cuda" else _cpu_forms(checkpoint)
    for form, tolerance, make in forms:
        try:
            made = Network(form, make(inputs), checkpoint.temperature)
            # The first runs of a traced network still compile, for each number of pictures anew: for one, they are over
            # here.
            found = [torch.cat([made(one[None])[0] for one in inputs]) for _ in range(2)][-1]
        except Exception as error:  # an architecture that cannot be traced raises what it likes
            log.warning(
                "the model is not served as %s, which would be faster: %s",
                form,
                str(error).splitlines()[0] if str(error) else type(error).__name__,
            )
            continue
        difference = disagreement(wanted, found, tolerance)
        if difference is None:
            return made
        log.warning("the model is not served as %s, which would be faster: %s", form, difference)
    return expected


def disagreement(wanted: torch.Tensor, found: torch.Tensor, tolerance: float) -> str | None:
    """probabilities float [n, classes] each. None when none differs by more than `tolerance` and the same class is
    named wherever float32 is clear about it (ahead by twice the tolerance)."""
    largest = float((wanted - found).abs().max())
    if not largest <= tolerance:  # also when it is not a number
        return f"a probability differs by {largest:.3g}, more than {tolerance:g}"
    best = wanted.topk(min(2, wanted.shape[1]), dim=1).values
    clear = best[:, 0] - best[:, -1] > 2 * tolerance
    if bool((wanted.argmax(1) != found.argmax(1))[clear].any()):
        return "it names another class"
    return None


def patterns(edge: int) -> torch.Tensor:
    """float32 [2, 3, edge, edge], about as large as normalised pictures: coarse and fine noise, the same at every
    start.
    """
    generator = torch.Generator().manual_seed(0)
    made = [
        F.interpolate(
            torch.randn(1, 3, cells, cells, generator=generator), (edge, edge), mode="bilinear", align_corners=False
        )
        for cells in PATTERN_CELLS
    ]
    return torch.cat(made).contiguous(memory_format=torch.channels_last)


def same_tensors_in_new_modules(model: nn.Module) -> nn.Module:
    """A copy that can be taken apart and converted; `model` stays as it is, and no number is copied."""
    shared = {id(one): nn.Parameter(one.detach(), requires_grad=False) for one in model.parameters()}
    shared |= {id(one): one.detach() for one in model.buffers()}
    return copy.deepcopy(model, shared)


def replayed_by_size(
    network: nn.Module, example: torch.Tensor, sizes: list[int]
) -> Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]:
    """network: float32 [n, 3, h, w] on the GPU -> two tensors of n rows. example: one such input. sizes: of which
    graphs are recorded.

    The kernels are recorded once for each size and replayed: the GPU then waits for no launch.
    https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs

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


class _Tracer(fx.Tracer):
    """Takes every kind of convolution as one step: those of timm that pad as TensorFlow does, by the size of what they
    are given, have branches that fx cannot follow.
    """

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, nn.Conv2d) or super().is_leaf_module(m, module_qualified_name)


def _folded(backbone: nn.Module) -> nn.Module:
    """With batch normalisation inside the convolutions before it; `backbone` is used up.

    Raises what torch.fx raises for a network that it cannot trace."""
    traced = fx.GraphModule(backbone, _Tracer().trace(backbone))
    modules = dict(traced.named_modules())
    calls = Counter(node.target for node in traced.graph.nodes if node.op == "call_module")
    for norm in list(traced.graph.nodes):
        convolution: Any = norm.args[0] if norm.args else None  # a node, a number, ...
        if not (_calls(norm, nn.BatchNorm2d, modules) and _calls(convolution, nn.Conv2d, modules)):
            continue
        # What the convolution gives must go to this normalisation alone, in its only call.
        if len(convolution.users) == calls[convolution.target] == 1 and modules[norm.target].track_running_stats:
            traced.set_submodule(
                convolution.target, fuse_conv_bn_eval(modules[convolution.target], modules[norm.target])
            )
            norm.replace_all_uses_with(convolution)
            traced.graph.erase_node(norm)
    return fx.GraphModule(traced, traced.graph)


def _calls(node: object, kind: type[nn.Module], modules: dict[str, nn.Module]) -> bool:
    """Whether a node of a traced network calls a module of exactly this kind."""
    return isinstance(node, fx.Node) and node.op == "call_module" and type(modules[node.target]) is kind


def _cpu_forms(checkpoint: Checkpoint) -> list[tuple[str, float, Callable[[torch.Tensor], Forward]]]:
    """oneDNN's graph compiler joins a convolution with what follows it:
    https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html
    """

    def traced(dtype: torch.dtype) -> Callable[[torch.Tensor], Forward]:
        def make(example: torch.Tensor) -> Forward:
            torch.jit.enable_onednn_fusion(True)
            network = LogitsAndFeatures(checkpoint, _folded, dtype).eval()
            with torch.inference_mode(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of branches that depend on a shape, which is the same in every call
                return torch.jit.freeze(torch.jit.trace(network, example[:1], check_trace=False))

        return make

    forms = [("float32, traced", EXACT_TOLERANCE, traced(torch.float32))]
    if computes_in_bfloat16(CPU_INFO.read_text()):
        forms.insert(0, ("bfloat16, traced", PROBABILITY_TOLERANCE, traced(torch.bfloat16)))
    return forms


def _gpu_forms(
    checkpoint: Checkpoint, device: torch.device, sizes: list[int]
) -> list[tuple[str, float, Callable[[torch.Tensor], Forward]]]:
    half = torch.bfloat16 if torch.cuda.get_device_capability(device)[0] >= 8 else torch.float16
    network = LogitsAndFeatures(checkpoint, _folded, half).eval().to(device)
    name = str(half).removeprefix("torch.")
    return [
        (f"{name}, CUDA graphs", PROBABILITY_TOLERANCE, lambda example: replayed_by_size(network, example, sizes)),
        (name, PROBABILITY_TOLERANCE, lambda example: network),
    ]
