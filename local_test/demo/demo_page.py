"""The demo's page: test pictures with their answers, the wrong ones first. One file, nothing loaded from elsewhere."""

import base64
import io
from html import escape
from itertools import zip_longest
from pathlib import Path
from typing import Any

from PIL import Image

THUMBNAIL = (224, 168)
MOST_SHOWN = 300

STYLE = """
:root { color-scheme: light dark; --ground: #f6f5f2; --card: #fff; --ink: #22211f; --soft: #6d6a64; --right: #2c7a4b;
  --wrong: #b3382c; }
@media (prefers-color-scheme: dark) { :root { --ground: #191a1c; --card: #242629; --ink: #e9e7e3; --soft: #a19d95;
  --right: #6cc08b; --wrong: #f08a7d; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; background: var(--ground); color: var(--ink);
  font: 16px/1.45 system-ui, sans-serif; }
h1 { margin: 0 0 .2rem; font-size: 1.6rem; }
p { margin: .2rem 0; color: var(--soft); }
dl { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.2rem 0 1.6rem; }
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .9rem; }
figure { margin: 0; background: var(--card); border-radius: .5rem; overflow: hidden;
  border-top: .25rem solid var(--right); break-inside: avoid; }
figure.wrong { border-color: var(--wrong); }
img { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: cover; }
figcaption { padding: .5rem .7rem .6rem; font-size: .85rem; overflow-wrap: anywhere; }
figcaption b { color: var(--right); }
.wrong figcaption b { color: var(--wrong); }
small { display: block; color: var(--soft); }
"""


def write_page(path: Path, summary: dict[str, Any], data: Path) -> Path:
    """Write the page for a demo's summary; `data` is the folder that its picture paths start from."""
    ranked = in_order(summary["predictions"])
    shown = ranked[:MOST_SHOWN]
    rest = f" The first {len(shown)} are shown." if len(shown) < len(ranked) else ""
    facts = {
        "accuracy": f"{summary['accuracy']:.1%}",
        "chance": f"{1 / len(summary['classes']):.1%}",
        "test pictures": summary["n_test"],
        "classes": len(summary["classes"]),
        "tuning": f"{summary['tune_seconds']:.0f} s",
        "training": f"{summary['train_seconds']:.0f} s",
        "deploying": f"{summary['deploy_seconds']:.1f} s",
    }
    path.write_text(
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Breeds named</title>"
        f"<meta name='viewport' content='width=device-width'><style>{STYLE}</style></head><body>"
        "<h1>What the endpoint named</h1><p>Each test picture was sent to the serve container; the wrong answers "
        f"come first, the surest of them at the top.{rest}</p><p>{escape(summary['origin'])}</p>"
        f"<dl>{''.join(_fact(name, str(value)) for name, value in facts.items())}</dl>"
        f"<main>{''.join(_figure(one, data) for one in shown)}</main></body></html>",
        encoding="utf-8",
    )
    return path


def in_order(predictions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Wrong answers first, the surest at the top; then the right ones, one of each class in turn."""
    wrong = [one for one in predictions if one["label"] != one["predicted"]]
    right: dict[str, list[dict[str, Any]]] = {}
    for one in predictions:
        if one["label"] == one["predicted"]:
            right.setdefault(one["label"], []).append(one)
    turns = [one for turn in zip_longest(*right.values()) for one in turn if one]
    return sorted(wrong, key=lambda one: -one["probability"]) + turns


def _fact(name: str, value: str) -> str:
    return f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"


def _figure(prediction: dict[str, Any], data: Path) -> str:
    right = prediction["label"] == prediction["predicted"]
    truth = "" if right else f"<small>it is {_readable(prediction['label'])}</small>"
    return (
        f"<figure class='{'right' if right else 'wrong'}'>"
        f"<img alt='{_readable(prediction['label'])}' src='{_thumbnail(data / prediction['picture'])}'>"
        f"<figcaption><b>{_readable(prediction['predicted'])}</b> "
        f"{prediction['probability']:.0%}{truth}</figcaption></figure>"
    )


def _readable(label: str) -> str:
    return escape(label.replace("_", " "), quote=True)


def _thumbnail(path: Path) -> str:
    with Image.open(path) as file:
        picture = file.convert("RGB")
        picture.thumbnail(THUMBNAIL)
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
