// One picture and what the endpoint says about it.

import { drawMask, inWords, shownLabel } from "./saliency.js";

const STAGES = { queue: "queue", input: "reading", predict: "predicting", output: "writing" };
const template = document.getElementById("card");
const percent = share => `${(100 * share).toFixed(1)} %`;
const shownTime = milliseconds => milliseconds < 10 ? `${milliseconds.toFixed(1)} ms`
  : milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

function made(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

export class Card {
  constructor(file, { again, remove }) {
    this.file = file;
    this.name = file.name || "pasted picture";
    this.element = template.content.firstElementChild.cloneNode(true);
    this.find = selector => this.element.querySelector(selector);
    this.find("h2").textContent = this.name;
    this.image = this.find("img");
    this.image.alt = `The picture ${this.name}`;
    this.address = URL.createObjectURL(file);
    this.image.addEventListener("load", () => this.cover());
    this.image.addEventListener("error", () => {
      this.image.replaceWith(made("p", "soft", "This browser cannot show it."));
    });
    this.image.src = this.address;
    this.find(".again").addEventListener("click", () => again(this));
    const remover = this.find(".remove");
    remover.setAttribute("aria-label", `Remove ${this.name}`);
    remover.addEventListener("click", () => remove(this));
  }

  waits() {
    this.find(".wait").hidden = false;
    for (const part of [".problem", ".again", ".undecided", ".classes", ".other", ".times"]) this.find(part).hidden = true;
  }

  // said: {predictions | other | error, milliseconds, stages}. Gives the line for who does not see the page.
  answered(said) {
    this.said = said;
    this.find(".wait").hidden = true;
    if (said.error) {
      this.find(".problem").textContent = said.error;
      this.find(".problem").hidden = this.find(".again").hidden = false;
      return `${this.name}: ${said.error}`;
    }
    this.times(said);
    if (said.predictions) {
      this.find(".classes").replaceChildren(...said.predictions.map(one => this.row(one)));
      this.find(".classes").hidden = false;
      const best = said.predictions[0];
      this.find(".undecided").hidden = said.label !== null;
      if (said.label === null) return `${this.name}: ${this.find(".undecided").textContent}`;
      return best ? `${this.name}: ${shownLabel(best.label)}, ${percent(best.probability)}` : `${this.name}: no class`;
    }
    this.find(".other").textContent = said.other;
    this.find(".other").hidden = false;
    return `${this.name}: answered`;
  }

  row({ label, probability }) {
    const row = made("li", "");
    const bar = made("span", "bar"), filled = made("i", "");
    filled.style.setProperty("--share", Math.min(1, Math.max(0, probability)));
    bar.append(filled);
    row.append(made("span", "label", shownLabel(label)),
      made("span", "share", percent(probability)), bar);
    return row;
  }

  times({ milliseconds, stages }) {
    const inside = Object.keys(STAGES).filter(name => name in stages);
    const way = milliseconds - inside.reduce((sum, name) => sum + stages[name], 0);
    const parts = inside.length ? [["way", "network and SageMaker", Math.max(0, way)],
      ...inside.map(name => [name, STAGES[name], stages[name]])] : [];
    const shared = stages.batch > 1 ? `, ${stages.batch} requests in one batch` : "";
    this.find("h3").textContent = `Answered in ${shownTime(milliseconds)}${shared}`;
    this.find(".stages").replaceChildren(...parts.map(([name, , taken]) => {
      const part = made("i", name);
      part.style.setProperty("--share", taken);
      return part;
    }));
    this.find("dl").replaceChildren(...parts.map(([name, words, taken]) => {
      const pair = made("div", name);
      pair.append(made("dt", "", words), made("dd", "", shownTime(taken)));
      return pair;
    }));
    this.find(".times").hidden = false;
  }

  // said: {saliency} or {error}; shown: whether the page shows it now.
  explained(said, shown) {
    this.saliency = said.saliency;
    this.find(".decided").textContent = said.error ?? inWords(said.saliency);
    this.show(shown);
  }

  show(shown) {
    this.find(".decided").hidden = !shown || !this.find(".decided").textContent;
    this.find("canvas").hidden = !shown || !this.saliency;
    if (shown) this.cover();
  }

  cover() {
    if (!this.saliency || !this.image.naturalWidth) return;
    const canvas = this.find("canvas");
    drawMask(canvas, this.image, this.saliency);
    canvas.setAttribute("aria-label", inWords(this.saliency));
  }

  leave() {
    URL.revokeObjectURL(this.address);
    this.element.remove();
  }
}
