// A text and what it mentions, as it is typed.

import { ask } from "./api.js";
import { at, make, number } from "./element.js";

const PAUSE = 120;
let timer;
let asked;

export function begin(say) {
  const search = () => {
    clearTimeout(timer);
    timer = setTimeout(() => find().catch(say), PAUSE);
  };
  at("text").addEventListener("input", search);
  at("lexicon").addEventListener("change", search);
  const found = at("found");
  for (const name of ["mouseover", "focusin"]) found.addEventListener(name, ({ target }) => point(target));
  for (const name of ["mouseout", "focusout"]) found.addEventListener(name, () => point(null));
  found.addEventListener("scroll", () => point(null));
}

async function find() {
  asked?.abort();
  asked = new AbortController();
  const { value: text } = at("text");
  const { value: lexicon } = at("lexicon");
  if (!text.trim() || !lexicon) return show("", []);
  try {
    const path = `/lexicons/${encodeURIComponent(lexicon)}/match`;
    const headers = { "Content-Type": "text/plain; charset=utf-8" };
    show(text, await ask(path, { method: "POST", body: text, headers, signal: asked.signal }));
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

function show(text, mentions) {
  point(null);
  at("found").replaceChildren(...pieces(text, mentions));
  at("found-count").textContent = text && (mentions.length === 1 ? "1 mention" : `${number(mentions.length)} mentions`);
  const table = at("mentions");
  table.hidden = mentions.length === 0;
  table.tBodies[0].replaceChildren(...mentions.map((mention) => make("tr", {},
    make("td", {}, mention.term),
    make("td", {}, mention.matched),
    make("td", {}, make("span", { class: `chip ${mention.kind}` }, mention.kind)),
    make("td", { class: "number" }, String(mention.distance)),
    make("td", { class: "number" }, mention.similarity.toFixed(2)))));
}

// The text, cut at the edges of its mentions. The server counts characters, JavaScript UTF-16 units,
// so that the text is taken apart into characters first. Mentions may lie within each other.
export function pieces(text, mentions) {
  const characters = Array.from(text);
  const edges = new Set([0, characters.length]);
  for (const { start, length } of mentions) edges.add(start - 1).add(start - 1 + length);
  const sorted = [...edges].sort((a, b) => a - b);
  return sorted.slice(1).map((to, index) => {
    const from = sorted[index];
    const piece = characters.slice(from, to).join("");
    const here = mentions.filter(({ start, length }) => start - 1 <= from && to <= start - 1 + length);
    if (!here.length) return piece;
    const mark = make("mark", { class: here.at(-1).kind, tabindex: 0, "aria-describedby": "tip" }, piece);
    mark.mentions = here;
    return mark;
  });
}

// Tells of the mentions under the pointer or the focus.
function point(mark) {
  const tip = at("tip");
  tip.hidden = !mark?.mentions;
  if (tip.hidden) return;
  tip.replaceChildren(...mark.mentions.flatMap(({ term, kind, distance, similarity }) => [
    make("b", {}, term),
    `${kind}, distance ${distance}, similarity ${similarity.toFixed(2)}`,
  ]));
  const box = mark.getBoundingClientRect();
  const left = Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
  tip.style.left = `${Math.max(left, 8) + window.scrollX}px`;
  tip.style.top = `${box.bottom + 6 + window.scrollY}px`;
}
