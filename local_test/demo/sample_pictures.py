"""Draw one dog of an invented breed: pose, light, coat colour and background differ from picture to picture.

Every length below is in units of the body's height; x grows towards the head, y grows downwards.
"""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from local_test.demo.sample_breeds import Breed

COATS = (
    (236, 226, 208),
    (222, 180, 120),
    (190, 120, 60),
    (120, 72, 40),
    (70, 60, 58),
    (150, 150, 155),
    (200, 150, 110),
)
SCENERY = (
    (96, 128, 70),
    (140, 160, 92),
    (150, 182, 210),
    (196, 208, 216),
    (128, 122, 116),
    (92, 84, 78),
    (176, 150, 122),
    (120, 90, 74),
)
OVERSAMPLING = 2  # the dog is drawn at twice the size and scaled down: smooth edges


def draw_picture(breed: Breed, seed: int) -> Image.Image:
    """RGB, about 500x375 pixels (a photograph's thumbnail); the same seed draws the same picture."""
    random = np.random.default_rng(seed)
    size = (int(random.integers(440, 561)), int(random.integers(330, 421)))
    picture = _background(size, random)
    coat, mask = _dog(breed, size, random)
    shadow = mask.filter(ImageFilter.GaussianBlur(12)).point(lambda value: value * 0.45)
    picture.paste((20, 22, 20), (int(random.integers(-12, 13)), 10), shadow)
    picture.paste(coat, (0, 0), mask)
    return _photographed(picture, random)


def _background(size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    """Soft patches of colour, a horizon, and a few things that are not dogs."""
    rows, columns = random.integers(3, 7), random.integers(4, 9)
    grid = (
        np.array(_scenery(random)) + random.normal(0, 22, (rows, columns, 1)) + random.normal(0, 10, (rows, columns, 3))
    )
    picture = Image.fromarray(grid.clip(0, 255).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(picture)
    horizon = size[1] * random.uniform(0.5, 0.85)
    if random.random() < 0.7:
        veil = Image.new("RGB", (size[0], size[1] - int(horizon)), _scenery(random))
        picture.paste(Image.blend(picture.crop((0, int(horizon), *size)), veil, 0.7), (0, int(horizon)))
    for _ in range(random.integers(1, 5)):
        x, y = random.uniform(0, size[0]), random.uniform(0, size[1])
        width, height = random.uniform(10, 110, 2)
        shape = draw.ellipse if random.random() < 0.5 else draw.rectangle
        shape((x - width / 2, y - height / 2, x + width / 2, y + height / 2), fill=_scenery(random))
    return picture.filter(ImageFilter.GaussianBlur(random.uniform(0.5, 3)))


def _scenery(random: np.random.Generator) -> tuple[int, ...]:
    """A colour of fields, skies, walls, floors; now and then of a dog's coat, so that colour gives no dog away."""
    colours = SCENERY if random.random() < 0.7 else COATS
    colour = np.array(colours[random.integers(len(colours))]) + random.normal(0, 18, 3)
    return tuple(int(value) for value in colour.clip(0, 255))


def _photographed(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """Light from one side, exposure, a colour cast and the sensor's noise."""
    pixels = np.asarray(picture).astype(np.float32)
    height, width, _ = pixels.shape
    angle = random.uniform(0, 2 * math.pi)
    slope = np.cos(angle) * np.linspace(-1, 1, width)[None, :] + np.sin(angle) * np.linspace(-1, 1, height)[:, None]
    pixels *= (random.uniform(0.7, 1.2) * (1 + random.uniform(0, 0.3) * slope))[..., None]
    pixels *= random.uniform(0.88, 1.12, 3)
    pixels += random.normal(0, random.uniform(2, 9), pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _dog(breed: Breed, size: tuple[int, int], random: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """The coat (RGB) and the silhouette (L) of one dog, placed in a picture of `size`."""
    canvas = (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING)
    extent = breed.body_length + 1.2 + breed.snout_length
    unit = min(canvas[0] / extent, canvas[1] / (breed.leg_length + 2.0)) * random.uniform(0.85, 1.02)
    pose = _Pose(
        origin=(canvas[0] * (0.5 + random.uniform(-0.06, 0.06)), canvas[1] * (0.5 + random.uniform(-0.05, 0.05))),
        unit=unit,
        facing=-1 if random.random() < 0.5 else 1,
        tilt=math.radians(random.uniform(-7, 7)),
    )
    mask = Image.new("L", canvas, 0)
    marks = Image.new("L", canvas, 0)  # where the pattern's second colour goes
    _draw_silhouette(ImageDraw.Draw(mask), breed, pose, random)
    _draw_pattern(ImageDraw.Draw(marks), breed, pose, random)

    first, second = _coat_colours(random)
    coat = Image.composite(Image.new("RGB", canvas, second), Image.new("RGB", canvas, first), marks)
    _draw_face(ImageDraw.Draw(coat), breed, pose)
    coat, mask = coat.resize(size, Image.Resampling.BOX), mask.resize(size, Image.Resampling.BOX)
    return _furry(coat, breed.coat_roughness, random), mask


class _Pose:
    """Maps the dog's own coordinates to pixels: mirrored, tilted, scaled, moved."""

    def __init__(self, origin: tuple[float, float], unit: float, facing: int, tilt: float):
        self.origin, self.unit, self.facing = origin, unit, facing
        self._cos, self._sin = math.cos(tilt), math.sin(tilt)

    def point(self, x: float, y: float) -> tuple[float, float]:
        x, y = x * self._cos - y * self._sin, x * self._sin + y * self._cos
        return self.origin[0] + self.facing * x * self.unit, self.origin[1] + y * self.unit

    def ellipse(
        self, x: float, y: float, half_width: float, half_height: float, turn: float = 0
    ) -> list[tuple[float, float]]:
        angles = np.linspace(0, 2 * math.pi, 48)
        xs, ys = half_width * np.cos(angles), half_height * np.sin(angles)
        return [
            self.point(x + a * math.cos(turn) - b * math.sin(turn), y + a * math.sin(turn) + b * math.cos(turn))
            for a, b in zip(xs, ys, strict=True)
        ]

    def limb(self, draw: ImageDraw.ImageDraw, points: list[tuple[float, float]], width: float) -> None:
        corners = [self.point(*point) for point in points]
        draw.line(corners, fill=255, width=max(2, round(width * self.unit)), joint="curve")
        radius = width * self.unit / 2
        for x, y in (corners[0], corners[-1]):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)


def _head_at(breed: Breed) -> tuple[float, float]:
    return breed.body_length / 2 + 0.28, -0.62


def _draw_silhouette(draw: ImageDraw.ImageDraw, breed: Breed, pose: _Pose, random: np.random.Generator) -> None:
    half = breed.body_length / 2
    draw.polygon(pose.ellipse(0, 0, half, 0.36), fill=255)
    draw.polygon(pose.ellipse(half * 0.62, 0.02, 0.4, 0.42), fill=255)
    draw.polygon(pose.ellipse(-half * 0.66, 0, 0.36, 0.38), fill=255)
    for hip in (-half * 0.82, -half * 0.6, half * 0.5, half * 0.74):
        swing = random.uniform(-0.16, 0.16)
        knee = (hip + swing, 0.2 + breed.leg_length * 0.55)
        pose.limb(draw, [(hip, 0.12), knee, (hip + swing * 0.5, 0.3 + breed.leg_length)], breed.leg_width)
    head_x, head_y = _head_at(breed)
    pose.limb(draw, [(half * 0.75, -0.1), (head_x, head_y)], 0.34)
    draw.polygon(pose.ellipse(head_x, head_y, breed.head_size, breed.head_size * 0.92), fill=255)
    snout = breed.head_size * 0.7 + breed.snout_length
    pose.limb(draw, [(head_x, head_y + 0.06), (head_x + snout, head_y + 0.1)], breed.head_size * 0.75)
    _draw_ear(draw, breed, pose, head_x, head_y)
    _draw_tail(draw, breed, pose, half, random.uniform(-0.15, 0.15))


def _draw_ear(draw: ImageDraw.ImageDraw, breed: Breed, pose: _Pose, x: float, y: float) -> None:
    size = breed.head_size
    if breed.ears == "pointed":
        for shift in (-0.35, 0.25):
            tip = pose.point(x + shift * size, y - 2.1 * size)
            draw.polygon(
                [
                    pose.point(x + (shift - 0.4) * size, y - 0.6 * size),
                    tip,
                    pose.point(x + (shift + 0.4) * size, y - 0.6 * size),
                ],
                fill=255,
            )
    elif breed.ears == "drooping":
        draw.polygon(pose.ellipse(x - 0.75 * size, y + 0.8 * size, 0.42 * size, 1.25 * size, 0.25), fill=255)
    elif breed.ears == "round":
        for shift in (-0.6, 0.35):
            draw.polygon(pose.ellipse(x + shift * size, y - 0.95 * size, 0.5 * size, 0.5 * size), fill=255)
    else:
        draw.polygon(
            [
                pose.point(x - 0.7 * size, y - 0.6 * size),
                pose.point(x - 0.2 * size, y - 1.5 * size),
                pose.point(x - 1.7 * size, y - 0.7 * size),
            ],
            fill=255,
        )


def _draw_tail(draw: ImageDraw.ImageDraw, breed: Breed, pose: _Pose, half: float, wag: float) -> None:
    root = (-half * 0.95, -0.15)
    if breed.tail == "curled":
        turns = np.linspace(0, 1.6 * math.pi, 24)
        points = [
            (root[0] - 0.05 + 0.26 * math.sin(t) * (1 - t / 9), root[1] - 0.28 + 0.28 * math.cos(t) + wag * 0.3)
            for t in turns
        ]
        pose.limb(draw, points, 0.14)
    elif breed.tail == "raised":
        pose.limb(draw, [root, (root[0] - 0.25, root[1] - 0.35), (root[0] - 0.3 + wag, root[1] - 0.85)], 0.12)
    elif breed.tail == "hanging":
        pose.limb(draw, [root, (root[0] - 0.28, root[1] + 0.25), (root[0] - 0.35 + wag, root[1] + 0.8)], 0.2)
    else:
        pose.limb(draw, [root, (root[0] - 0.14, root[1] - 0.06)], 0.2)


def _draw_pattern(draw: ImageDraw.ImageDraw, breed: Breed, pose: _Pose, random: np.random.Generator) -> None:
    half = breed.body_length / 2
    if breed.pattern == "spots":
        for _ in range(36):
            x, y = random.uniform(-half * 1.1, half + 0.7), random.uniform(-0.9, 0.8)
            radius = random.uniform(0.045, 0.085)
            draw.polygon(pose.ellipse(x, y, radius, radius), fill=255)
    elif breed.pattern == "saddle":
        draw.polygon(pose.ellipse(-0.05, -0.28, half * 0.85, 0.34), fill=255)
    elif breed.pattern == "patches":
        for centre in (-half * 0.7, half * 0.1, half * 0.8):
            x, y = centre + random.uniform(-0.15, 0.15), random.uniform(-0.2, 0.2)
            draw.polygon(
                pose.ellipse(x, y, random.uniform(0.2, 0.3), random.uniform(0.18, 0.28), random.uniform(0, 3)), fill=255
            )
        draw.polygon(pose.ellipse(*_head_at(breed), breed.head_size * 0.8, breed.head_size * 1.1), fill=255)
    elif breed.pattern == "stripes":
        shift = random.uniform(0, 0.3)
        for x in np.arange(-half * 1.2 + shift, half + 0.2, 0.3):
            draw.polygon(
                [pose.point(x, -0.6), pose.point(x + 0.14, -0.6), pose.point(x + 0.08, 0.6), pose.point(x - 0.06, 0.6)],
                fill=255,
            )
    elif breed.pattern == "blanket":
        far = half + 3
        draw.polygon([pose.point(-far, 0.08), pose.point(far, 0.08), pose.point(far, 4), pose.point(-far, 4)], fill=255)


def _coat_colours(random: np.random.Generator) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two coat colours far enough apart that a pattern shows; either may be the lighter one."""
    while True:
        first, second = (COATS[index] for index in random.choice(len(COATS), 2, replace=False))
        if abs(sum(first) - sum(second)) > 150:
            return tuple(
                tuple(int(value) for value in np.clip(np.array(colour) + random.normal(0, 12, 3), 0, 255))
                for colour in (first, second)
            )


def _draw_face(draw: ImageDraw.ImageDraw, breed: Breed, pose: _Pose) -> None:
    x, y = _head_at(breed)
    size = breed.head_size
    draw.polygon(pose.ellipse(x + 0.35 * size, y - 0.25 * size, 0.14 * size, 0.14 * size), fill=(15, 12, 10))
    nose = x + size * 0.7 + breed.snout_length + size * 0.25
    draw.polygon(pose.ellipse(nose, y + 0.02, 0.2 * size, 0.17 * size), fill=(15, 12, 10))


def _furry(coat: Image.Image, roughness: float, random: np.random.Generator) -> Image.Image:
    pixels = np.asarray(coat).astype(np.float32)
    height, width, _ = pixels.shape
    strands = random.normal(0, 1, (height, max(1, width // 3))).repeat(3, axis=1)
    strands = np.pad(strands, ((0, 0), (0, width - strands.shape[1])), mode="edge")
    pixels *= (1 + (0.03 + roughness * 3) * strands)[..., None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
