// A stream at work: its counts, and how fast they grow.

import { ask, stream } from "./api.js";
import { at, make, number } from "./element.js";
import { Plot } from "./plot.js";

const rows = new Plot("Rows a second");
const rejects = new Plot("Rejects a second", "bad");
at("plots").append(rows.element, rejects.element);

const KINDS = [["read", "rows read"], ["taken", "taken"], ["rejected", "rejected"], ["pairs", "pairs found"]];
const shown = new Map(KINDS.map(([kind]) => [kind, make("dd", {}, "0")]));
at("counts").append(...KINDS.map(([kind, words]) =>
  make("div", { class: kind === "rejected" ? "bad" : "" }, make("dt", {}, words), shown.get(kind))));

let of = null;

// Shows another stream: the plots begin anew.
export function show(name) {
  of = name;
  at("flow-title").textContent = name === null ? "There is no stream yet" : `Stream ${name}`;
  at("columns").textContent = "";
  rows.clear();
  rejects.clear();
  for (const element of shown.values()) {
    element.textContent = "0";
    element.toggleAttribute("data-none", true);
  }
}

export async function refresh() {
  if (of === null) return;
  const asked = of;
  const found = await ask(stream(asked));
  if (asked !== of) return;
  at("columns").textContent = found.columns.replaceAll("pg_catalog.", "");
  for (const [kind, element] of shown) element.textContent = number(found.counts[kind]);
  shown.get("rejected").toggleAttribute("data-none", found.counts.rejected === 0);
  rows.add(found.counts.read);
  rejects.add(found.counts.rejected);
}
