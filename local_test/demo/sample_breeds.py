"""Invented dog breeds: what sets one apart from another, as numbers that a picture can be drawn from.

Shape and coat pattern belong to the breed; colour does not. Every breed comes in every coat colour, so that a look at
the mean colour of a picture says next to nothing about the breed.
"""

import random
from dataclasses import dataclass

FIRST = (
    "Amber",
    "Bramble",
    "Cinder",
    "Dapple",
    "Ember",
    "Fern",
    "Garnet",
    "Heather",
    "Indigo",
    "Juniper",
    "Kestrel",
    "Larch",
    "Maple",
    "Nettle",
    "Onyx",
    "Pepper",
    "Quartz",
    "Russet",
    "Saffron",
    "Thistle",
    "Umber",
    "Velvet",
    "Willow",
    "Yarrow",
    "Zephyr",
)
SECOND = ("hound", "terrier", "spitz", "setter", "shepherd", "mastiff", "pointer", "retriever")

EARS = ("pointed", "drooping", "round", "folded")
TAILS = ("curled", "raised", "hanging", "stub")
PATTERNS = ("plain", "spots", "saddle", "patches", "stripes", "blanket")
BUILDS = ("long", "square", "tall")


@dataclass(frozen=True)
class Breed:
    """Lengths are shares of the body's height at the shoulder."""

    name: str
    ears: str
    tail: str
    pattern: str
    body_length: float
    leg_length: float
    leg_width: float
    snout_length: float
    head_size: float
    coat_roughness: float


def invent_breeds(count: int, seed: int = 0) -> list[Breed]:
    """`count` breeds, no two alike; the first n of a longer list are the list of n. At most 200."""
    most = len(FIRST) * len(SECOND)
    if not 2 <= count <= most:
        raise ValueError(f"{count} breeds cannot be invented: ask for 2 to {most}.")
    source = random.Random(seed)
    looks = [(e, t, p, b) for e in EARS for t in TAILS for p in PATTERNS for b in BUILDS]
    names = [f"{first}_{second}" for first in FIRST for second in SECOND]
    source.shuffle(looks)
    source.shuffle(names)
    breeds: list[Breed] = []
    chosen: list[tuple] = []
    for name in names[:count]:
        look = max(looks, key=lambda candidate: _distance(candidate, chosen))
        looks.remove(look)
        chosen.append(look)
        breeds.append(_breed(name, look, source))
    return breeds


def _distance(candidate: tuple, chosen: list[tuple]) -> int:
    """In how many of the four traits the candidate differs from the most similar breed chosen so far."""
    return min((sum(a != b for a, b in zip(candidate, other, strict=True)) for other in chosen), default=4)


def _breed(name: str, look: tuple[str, str, str, str], source: random.Random) -> Breed:
    ears, tail, pattern, build = look
    length, legs = {"long": (1.9, 0.34), "square": (1.35, 0.55), "tall": (1.05, 0.75)}[build]
    return Breed(
        name=name,
        ears=ears,
        tail=tail,
        pattern=pattern,
        body_length=length * source.uniform(0.95, 1.05),
        leg_length=legs * source.uniform(0.95, 1.05),
        leg_width=source.uniform(0.13, 0.24),
        snout_length=source.uniform(0.12, 0.5),
        head_size=source.uniform(0.24, 0.36),
        coat_roughness=source.uniform(0, 0.05),
    )
