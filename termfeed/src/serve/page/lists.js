// What there is: streams to choose from, lexicons, loads.

import { ask } from "./api.js";
import { at, make, number } from "./element.js";

export async function streams(current) {
  const found = (await ask("/streams")).map(({ stream }) => stream);
  at("streams").replaceChildren(...found.map((name) =>
    make("a", { href: `#${encodeURIComponent(name)}`, "aria-current": name === current ? "true" : null }, name)));
  return found;
}

export async function lexicons() {
  const found = await ask("/lexicons");
  at("lexicons").replaceChildren(...found.map((lexicon) => make("tr", {},
    make("td", {}, lexicon.lexicon),
    make("td", {}, lexicon.source),
    make("td", {}, lexicon.max_distance === null ? "by length" : String(lexicon.max_distance)),
    make("td", {}, lexicon.overlap))));
  const pick = at("lexicon");
  const picked = pick.value;
  pick.replaceChildren(...found.map(({ lexicon }) => make("option", { value: lexicon }, lexicon)));
  if (found.some(({ lexicon }) => lexicon === picked)) pick.value = picked;
}

export async function loads() {
  const { running, loads: done } = await ask("/loads?limit=12");
  at("loads").replaceChildren(
    ...running.map((body) => load("", body.stream, "running", body.committed)),
    ...done.map((each) => load(number(each.load_id), each.stream, each.state, each, each.percent)));
}

function load(id, stream, state, counts, percent = null) {
  return make("tr", {},
    make("td", { class: "number" }, id),
    make("td", {}, stream),
    make("td", {}, make("span", { class: `chip ${state}` }, percent === null ? state : `${state}, ${percent} %`)),
    ...["taken", "rejected", "pairs"].map((kind) => make("td", { class: "number" }, number(counts[kind]))));
}
