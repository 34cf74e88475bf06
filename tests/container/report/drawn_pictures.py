"""The pictures of a drawn record, drawn from the same seed."""

import base64
import io
import random

from PIL import Image, ImageDraw


def drawn_pictures(names: list[str], draw: random.Random) -> dict:
    def shown(truth: str, said: str, probability: float, truth_probability: float) -> dict:
        return {
            "file": f"001.{truth}/{truth}_{draw.randint(1, 9999):05}.jpg",
            "truth": truth,
            "said": said,
            "probability": probability,
            "truth_probability": truth_probability,
            "jpeg": _jpeg(draw),
        }

    def two() -> list[str]:
        return draw.sample(names, 2)

    return {
        "best": [
            shown(one, one, 1 - place * 1e-4, 1 - place * 1e-4) for place, one in enumerate(draw.choices(names, k=6))
        ],
        "worst": [shown(*two(), 0.98 - 0.02 * place, 0.001 * (place + 1)) for place in range(12)],
        "confused": [
            {
                "truth": truth,
                "said": said,
                "count": 6 - place // 2,
                "pictures": [shown(truth, said, 0.9 - 0.1 * one, 0.05) for one in range(3)],
            }
            for place, (truth, said) in enumerate(two() for _ in range(6))
        ],
    }


def _jpeg(draw: random.Random) -> str:
    ground, coat = (tuple(draw.randint(*span) for _ in range(3)) for span in ((120, 220), (30, 170)))
    picture = Image.new("RGB", (160, 160), ground)
    pen = ImageDraw.Draw(picture)
    x, y = draw.randint(50, 80), draw.randint(45, 70)
    pen.ellipse((x - 30, y + 15, x + 55, y + 110), fill=coat)
    pen.ellipse((x - 25, y - 20, x + 35, y + 40), fill=tuple(min(255, one + 25) for one in coat))
    for eye in (x - 6, x + 14):
        pen.ellipse((eye, y - 2, eye + 7, y + 5), fill=(15, 15, 15))
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=80)
    return base64.b64encode(written.getvalue()).decode()
