// Pictures come by choosing, dropping, pasting or the camera; each is sent to this page's server, a few at a time, which
// passes it to the endpoint.

import { photograph } from "./camera.js";
import { Card } from "./card.js";

const AT_ONCE = 4;
const by = name => document.getElementById(name);
const [drop, files, decided, results] = ["drop", "files", "decided", "results"].map(by);
const cards = new Set(), waiting = [];
let running = 0, maxBytes = Infinity;

async function fetched(path, options = {}) {
  const headers = { ...options.headers, "X-Token": location.hash.slice(1) };
  let answer;
  try {
    answer = await fetch(path, { ...options, headers });
  } catch {
    return { error: "The server of this page does not answer. Start it again and open the address that it prints." };
  }
  return await answer.json().catch(() => ({ error: `The server of this page answered ${answer.status} without a reason.` }));
}

async function describe() {
  const said = await fetched("endpoint");
  complain(said.error ?? "");
  maxBytes = said.max_bytes ?? maxBytes;
  if (said.error) return;
  by("endpoint").textContent = `${said.name} in ${said.region}, at ${said.service}`;
  document.title = `Try ${said.name}`;
}

function complain(sentence) {
  by("problem").textContent = sentence;
  by("problem").hidden = !sentence;
}

function add(given) {
  complain("");
  for (const file of given) {
    const card = new Card(file, { again: send, remove });
    cards.add(card);
    results.prepend(card.element);
    send(card);
  }
  by("all").hidden = !cards.size;
}

function send(card) {
  card.waits();
  waiting.push(() => name(card));
  work();
}

async function work() {
  if (running === AT_ONCE || !waiting.length) return;
  running += 1;
  try {
    await waiting.shift()();
  } finally {
    running -= 1;
    work();
  }
}

async function name(card) {
  if (!cards.has(card)) return;
  const said = await asked(card.file, "predictions");
  if (!cards.has(card)) return;
  by("status").textContent = card.answered(said);
  if (decided.checked && said.predictions) explain(card);
}

function explain(card) {
  waiting.push(async () => {
    if (!cards.has(card) || card.saliency) return;
    const said = await asked(card.file, "saliency");
    if (cards.has(card)) card.explained(said, decided.checked);
  });
  work();
}

async function asked(file, output) {
  if (file.size > maxBytes) {
    const megabytes = size => Math.round(size / 1024 / 1024);
    return { error: `The picture has ${megabytes(file.size)} MB; an endpoint takes at most ${megabytes(maxBytes)} MB. Send a smaller one.` };
  }
  let body;
  try {
    body = await file.arrayBuffer();
  } catch {
    return { error: "This cannot be read. If it is a folder, drop the pictures in it." };
  }
  return fetched(`pictures?output=${output}`, {
    method: "POST", body, headers: { "Content-Type": file.type || "application/octet-stream" } });
}

function remove(card) {
  const next = card.element.nextElementSibling ?? card.element.previousElementSibling;
  cards.delete(card);
  card.leave();
  (next ?? files).focus();
  by("status").textContent = `${card.name} is removed.`;
  by("all").hidden = !cards.size;
}

files.addEventListener("change", () => { add([...files.files]); files.value = ""; });
by("photograph").addEventListener("click", async () => { const taken = await photograph(); if (taken) add([taken]); });
by("clear").addEventListener("click", () => {
  cards.forEach(card => card.leave());
  cards.clear();
  waiting.length = 0;
  by("all").hidden = true;
  by("status").textContent = "All pictures are removed.";
  files.focus();
});
decided.addEventListener("change", () => cards.forEach(card => {
  card.show(decided.checked);
  if (decided.checked && card.said?.predictions && !card.saliency) explain(card);
}));
document.addEventListener("paste", event => {
  const given = [...event.clipboardData.files];
  if (given.length) add(given);
  else complain("The clipboard holds no picture. Copy one, not its address.");
});
document.addEventListener("dragover", event => { event.preventDefault(); drop.classList.add("over"); });
document.addEventListener("dragleave", event => { if (!event.relatedTarget) drop.classList.remove("over"); });
document.addEventListener("drop", event => {
  event.preventDefault();
  drop.classList.remove("over");
  const given = [...event.dataTransfer.files];
  if (given.length) add(given);
  else complain("What was dropped is no file. Save the picture first, then drop the file.");
});
window.addEventListener("hashchange", describe);
describe();
