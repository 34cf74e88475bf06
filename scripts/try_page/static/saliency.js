// The pixels that decided: a mask over the picture, and the same in words.
// saliency: {label, box: [left, top, right, bottom], grid: [[0..1, ...], ...]}, as docs/serving.md describes it.

const DARK = 0.7; // of what did not matter
const EDGE = 600; // pixels of the mask's longer side

export function drawMask(canvas, image, saliency) {
  const scale = EDGE / Math.max(image.naturalWidth, image.naturalHeight);
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = `rgb(0 0 0 / ${DARK})`;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  const [left, top, right, bottom] = saliency.box;
  const seen = [left * canvas.width, top * canvas.height,
    (right - left) * canvas.width, (bottom - top) * canvas.height];
  pen.clearRect(...seen);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(darkness(saliency.grid), ...seen);
}

function darkness(grid) {
  const small = document.createElement("canvas");
  [small.width, small.height] = [grid[0].length, grid.length];
  const pen = small.getContext("2d");
  const pixels = pen.createImageData(small.width, small.height);
  grid.flat().forEach((value, place) => { pixels.data[4 * place + 3] = 255 * DARK * (1 - value); });
  pen.putImageData(pixels, 0, 0);
  return small;
}

// A class as its folder is called, or null where the model has none for the picture.
export function shownLabel(label) {
  return label?.replaceAll("_", " ") ?? "no class of this model";
}

export function inWords(saliency) {
  const name = shownLabel(saliency.label);
  const [left, top, right, bottom] = saliency.box;
  let sum = 0, x = 0, y = 0, strong = 0, cells = 0;
  saliency.grid.forEach((row, down) => row.forEach((value, across) => {
    sum += value;
    x += value * (left + (right - left) * (across + 0.5) / row.length);
    y += value * (top + (bottom - top) * (down + 0.5) / saliency.grid.length);
    strong += value >= 0.5;
    cells += 1;
  }));
  if (!sum) return `No part of the picture speaks for ${name}.`;
  // Of a mean, which is near the middle as soon as something is on both sides.
  const third = (share, names) => names[share < 0.42 ? 0 : share > 0.58 ? 2 : 1];
  const where = third(y / sum, [
    third(x / sum, ["the upper left", "the top", "the upper right"]),
    third(x / sum, ["the left", "the middle", "the right"]),
    third(x / sum, ["the lower left", "the bottom", "the lower right"])]);
  const size = strong / cells < 0.15 ? "a small part" : strong / cells < 0.45 ? "a part" : "a large part";
  return `What decided for ${name}: ${size} around ${where} of the picture.`;
}
