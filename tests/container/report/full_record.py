"""A run's record with everything in it, drawn from a seed: what the page has to show."""

import math
import random

from tests.container.report.drawn_pictures import drawn_pictures

BREEDS = (
    "Affenpinscher",
    "Akita",
    "Beagle",
    "Border_collie",
    "Boxer",
    "Bullmastiff",
    "Chihuahua",
    "Dachshund",
    "Dalmatian",
    "English_setter",
    "Golden_retriever",
    "Great_dane",
    "Irish_terrier",
    "Kuvasz",
    "Maltese",
    "Newfoundland",
    "Otterhound",
    "Papillon",
    "Pomeranian",
    "Saluki",
)


def class_names(count: int) -> list[str]:
    return [
        BREEDS[place % len(BREEDS)] + ("" if place < len(BREEDS) else f"_{place // len(BREEDS) + 1}")
        for place in range(count)
    ]


def full_record(
    classes: list[str] | int = 133, epochs: int = 12, steps: int = 1248, layers: int = 110, seed: int = 0
) -> dict:
    """The values of a record as they are in report.json, for `record_of`."""
    draw = random.Random(seed)
    names = class_names(classes) if isinstance(classes, int) else classes
    test, learned = _evaluation(names, draw), _epochs(epochs, draw)
    return {
        "status": "Completed",
        "reason": "",
        "job": "dogbreed-train-20261126-061204",
        "started": 1795673524.0,
        "seconds": 1873.4,
        "command": 'make train HYPERPARAMETERS="epochs=12 lr=0.001 batch-size=64 seed=0"',
        "hyperparameters": {
            "arch": "resnet34",
            "batch-size": "64",
            "cuda-graphs": "true",
            "early-lr": "0.1",
            "epochs": str(epochs),
            "head-epochs": "1",
            "image-size": "224",
            "label-smoothing": "0.1",
            "lr": "0.001",
            "min-crop": "0.35",
            "pretrained": "auto",
            "seed": "0",
            "warmup-epochs": "1.0",
            "weight-decay": "0.01",
        },
        "compute": "NVIDIA A10G, bfloat16",
        "hosts": 1,
        "versions": {
            "python": "3.11.2",
            "torch": "2.10.0+cu128",
            "torchvision": "0.25.0",
            "cuda": "12.8",
            "driver": "570.172.08",
            "image": "dogbreed-train:6779a71c3c7f",
        },
        "splits": _splits(test, draw),
        "epochs": learned,
        "best_epoch": max(learned, key=lambda one: one["valid_accuracy"])["epoch"],
        "least_train_loss": 0.812,
        "gradient_norms": _gradient_norms(layers, steps, draw),
        "rules": RULES,
        "findings": FINDINGS,
        "step_times": _step_times(steps, draw),
        "system": _system(draw),
        "evaluation": test,
        "pictures": drawn_pictures(names, draw),
    }


RULES = [
    {"rule": "VanishingGradient", "parameters": {"threshold": 1e-7}, "status": "NoIssuesFound"},
    {"rule": "ExplodingTensor", "parameters": {"only_nan": False}, "status": "NoIssuesFound"},
    {"rule": "LossNotDecreasing", "parameters": {"num_steps": 10, "diff_percent": 0.1}, "status": "NoIssuesFound"},
    {
        "rule": "Overfit",
        "parameters": {"patience": 1, "ratio_threshold": 0.1},
        "status": "IssuesFound",
        "step": 1040,
        "sentence": "From epoch 9 to 10 the validation loss rose from 0.571 to 0.588 while the training loss fell: "
        "their ratio is 0.31, above 0.1.",
    },
    {
        "rule": "DeadRelu",
        "parameters": {"threshold_inactivity": 1.0},
        "status": "Error",
        "sentence": "No layer of this network is a ReLU module.",
    },
    {"rule": "StalledTraining", "parameters": {"threshold": 1800}, "status": "Stopped"},
]

FINDINGS = [
    {
        "rule": "LowGPUUtilization",
        "threshold": 70.0,
        "value": 58.3,
        "unit": "%",
        "sentence": "The GPU computed in 58.3% of the samples, while the steps waited for pictures in 24% of their "
        "time.",
        "advice": "Give the job more processor cores, or a smaller image-size.",
    }
]


def _splits(evaluated: dict, draw: random.Random) -> dict:
    names = evaluated["classes"]
    train = {name: draw.randint(26, 77) for name in names}
    train[names[-1]] = 6
    valid, test = (
        {name: draw.randint(4, 9) for name in names},
        dict(zip(names, map(sum, evaluated["confusion_matrix"]), strict=True)),
    )
    return {
        split: {"pictures": sum(counts.values()), "unreadable": unreadable, "repeated": repeated, "classes": counts}
        for split, counts, unreadable, repeated in (
            ("train", train, 3, 8),
            ("valid", valid, 0, 0),
            ("test", test, 1, 0),
        )
    }


def _epochs(count: int, draw: random.Random) -> list[dict]:
    found = []
    for epoch in range(1, count + 1):
        part = epoch / count
        found.append(
            {
                "epoch": epoch,
                "train_loss": 0.9 + 3.9 * math.exp(-4.5 * part) + draw.gauss(0, 0.02),
                "valid_loss": 0.5 + 3.4 * math.exp(-5 * part) + 0.12 * part + draw.gauss(0, 0.02),
                "train_accuracy": None,
                "valid_accuracy": min(0.99, 0.88 - 0.8 * math.exp(-5.5 * part) + draw.gauss(0, 0.005)),
                "learning_rate": 1e-3 * (epoch / 2 if epoch < 2 else 0.5 * (1 + math.cos(math.pi * part))),
                "seconds": 151 + draw.gauss(0, 3),
            }
        )
    return found


def _gradient_norms(layers: int, steps: int, draw: random.Random) -> dict:
    at = list(range(1, steps + 1, max(1, steps // 150)))
    names = [
        "conv1.weight",
        *(f"layer{1 + place * 4 // layers}.{place // 2}.conv{1 + place % 2}.weight" for place in range(layers - 3)),
        "fc.0.weight",
        "fc.3.weight",
    ]
    return {
        "steps": at,
        "layers": {
            name: [
                10
                ** (-3.6 + 3 * place / layers - 0.9 * step / steps + draw.gauss(0, 0.13) + 0.5 * math.sin(place * 12.9))
                for step in at
            ]
            for place, name in enumerate(names[:layers])
        },
    }


def _step_times(steps: int, draw: random.Random) -> dict:
    mean = {"waiting for pictures": 0.028, "forward": 0.036, "backward": 0.061, "optimizer": 0.009, "other": 0.003}
    phases = {phase: [max(0.0, draw.gauss(value, value / 9)) for _ in range(steps)] for phase, value in mean.items()}
    outliers = sorted(draw.sample(range(steps), min(steps, 11)))
    for step in outliers:
        phases["waiting for pictures"][step] += draw.uniform(0.4, 1.3)
    whole = [sum(parts) for parts in zip(*phases.values(), strict=True)]
    ranked = sorted(whole)
    return {
        "summary": {
            phase: {
                "mean": sum(values) / steps,
                "p50": sorted(values)[steps // 2],
                "p95": sorted(values)[steps * 95 // 100],
                "share": sum(values) / sum(whole),
            }
            for phase, values in phases.items()
        },
        "step": {
            "p50": ranked[steps // 2],
            "p95": ranked[steps * 95 // 100],
            "max": ranked[-1],
            "count": steps,
            "per_second": steps / sum(whole),
        },
        "evaluation_seconds": 61.3,
        "series": {"steps": list(range(1, steps + 1)), "phases": phases},
        "outliers": [{"step": step + 1, "seconds": whole[step], "phase": "waiting for pictures"} for step in outliers],
    }


def _system(draw: random.Random, count: int = 900) -> dict:
    def around(mean: float, spread: float, most: float = 100) -> list[float]:
        return [min(most, max(0.0, draw.gauss(mean, spread))) for _ in range(count)]

    series = {
        "CPU, %": around(71, 12),
        "CPU of other programs, %": around(3, 2),
        "memory, %": [18 + 14 * min(1, place / 90) for place in range(count)],
        "GPU 0, %": [0.0 if place % 75 < 4 else draw.gauss(64, 9) for place in range(count)],
        "memory of GPU 0, %": around(46, 0.4),
        "read from disks, MB/s": [
            draw.expovariate(1 / 24) if place < 120 else draw.expovariate(2) for place in range(count)
        ],
        "received, MB/s": around(0.4, 0.2),
    }
    series["GPU 0, %"][300:330] = [None] * 30
    return {"seconds": [place * 2.08 for place in range(count)], "series": series}


def _evaluation(names: list[str], draw: random.Random) -> dict:
    count = len(names)
    matrix = [[0] * count for _ in names]
    for truth in range(count):
        for _ in range(draw.randint(5, 8)):
            said = truth if draw.random() < 0.87 else (truth + draw.choice([1, 1, 1, 2, -1, 7])) % count
            matrix[truth][said] += 1
    n = sum(map(sum, matrix))
    top1 = sum(matrix[place][place] for place in range(count)) / n
    half = 1.96 * math.sqrt(top1 * (1 - top1) / n)
    sizes = [0, 2, 6, 11, 19, 28, 41, 66, 113, 550]
    bins = [
        {
            "low": place / 10,
            "high": (place + 1) / 10,
            "n": size,
            "confidence": place / 10 + 0.055 if size else None,
            "accuracy": min(1.0, place / 10 + 0.02 + 0.06 * math.sin(place)) if size else None,
        }
        for place, size in enumerate(sizes)
    ]
    return {
        "split": "test",
        "n": n,
        "loss": 0.512,
        "top1": top1,
        "top1_interval_95": [max(0.0, top1 - half), min(1.0, top1 + half)],
        "top5": 0.981,
        "classes": names,
        "confusion_matrix": matrix,
        "temperature": 0.62,
        "temperature_origin": "fitted on the 835 pictures of valid",
        "calibration": {"bins": bins, "ece": 0.043},
        "uncalibrated": {"bins": [{**one, "accuracy": one["n"] and 0.97} for one in bins], "ece": 0.151},
        "unknown_below": 0.6,
        "thresholds": [
            {"value": value, "unknown": int(n * value / 4), "accuracy": 1 - (1 - top1) * (1 - value)}
            for value in (0.3, 0.6, 0.9, 1.0)
        ],
    }
