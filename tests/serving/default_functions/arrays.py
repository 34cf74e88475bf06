"""Arrays in bodies, and a user's functions that tell what they were given."""

import io

import numpy as np

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"

# predict_fn returns what the body names (a JSON string), and for other bodies says what it was given.
ARRAYS = """
import numpy as np, torch
RETURNED = {
    "dict": {"a": 1}, "list": [1, 2.5], "rows": [[1, 2], [3, 4]], "str": "word", "number": 1.5, "bytes": b"ab",
    "tuple": ("word", "text/plain"),
    "array": np.array([[1.5, 2.5]], np.float32), "cube": np.zeros((1, 1, 2)), "words": np.array(["a", "b"]),
    "objects": np.array(["a", 1], dtype=object),
    "tensor": torch.tensor([[1.5, 2.5]]), "with gradient": torch.tensor([1.5], requires_grad=True),
    "bfloat16": torch.tensor([1.5], dtype=torch.bfloat16),
    "nested": {"scores": torch.tensor([0.5]), "n": np.int64(3)}, "ragged": [[1], [2, 3]], "None": None,
    "object": object(),
}
def model_fn(model_dir):
    return {"weights": [1, 2, 3]}
def predict_fn(data, model):
    if data.dtype.kind == "U" and data.item() in RETURNED:
        return RETURNED[data.item()]
    values = data.toarray() if hasattr(data, "toarray") else data.astype(str) if data.dtype.kind == "S" else data
    return {"type": type(data).__name__, "dtype": str(data.dtype), "shape": data.shape, "values": values}
"""


def npy(array, **options) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


SPARSE = npz(
    format=np.array(b"csr"), shape=np.array([1, 3]), data=np.array([7]), indices=np.array([1]), indptr=np.array([0, 1])
)
