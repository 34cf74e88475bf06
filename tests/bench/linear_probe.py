"""The peer of a head of three layers on frozen features: scikit-learn's logistic regression on the same features."""

import base64
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

STRENGTHS = [10.0**power for power in range(-6, 2)]  # C: the inverse of the regularisation's strength


def probe_accuracy(features: dict[str, dict[str, Any]]) -> float:
    """Accuracy on the test split, with the C that is best on the valid split.

    features: by split, as tests/bench/recipe_frozen.py prints them; every view of a training picture is an example.
    """
    train, labels = _examples(features["train"])
    valid, test = _examples(features["valid"]), _examples(features["test"])
    fitted = [
        make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2_000)).fit(train, labels)
        for strength in STRENGTHS
    ]
    best = max(fitted, key=lambda model: (model.score(*valid), -log_loss(valid[1], model.predict_proba(valid[0]))))
    return float(best.score(*test))


def _examples(split: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """float32 [n * views, d] and int64 [n * views]."""
    stored = np.frombuffer(base64.b64decode(split["float16"]), np.float16).reshape(split["shape"])
    pictures, views, width = stored.shape
    return stored.reshape(pictures * views, width).astype(np.float32), np.repeat(split["labels"], views)
