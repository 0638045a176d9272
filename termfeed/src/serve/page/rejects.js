// Rejected rows, the newest first, as they come in; each can be taken again.

import { ask, stream } from "./api.js";
import { at, make, number } from "./element.js";

const PAGE = 50;
const MOST = 500;
let of = null;
let [newest, oldest] = [0, 0];

const body = () => at("reject-table").tBodies[0];

export function begin(say, changed) {
  const retried = (ids) => retry(ids, changed).catch(say);
  at("retry-all").addEventListener("click", () => retried(null));
  at("older").addEventListener("click", () => more().catch(say));
  at("reject-table").addEventListener("click", ({ target }) => {
    if (target.dataset.reject) retried([target.dataset.reject]);
  });
}

export async function show(name) {
  of = name;
  [newest, oldest] = [0, 0];
  body().replaceChildren();
  at("rejects-said").textContent = "";
  at("older").hidden = true;
  if (name !== null) await more();
  settle();
}

// Those that came since.
export async function refresh() {
  if (of === null) return;
  const asked = of;
  const found = await ask(stream(asked, `/rejects?after=${newest}&limit=${PAGE}`));
  if (asked !== of || !found.length) return;
  newest = found.at(-1).reject_id;
  oldest ||= found[0].reject_id;
  const fresh = found.reverse().map(line);
  for (const each of fresh) each.classList.add("new");
  body().prepend(...fresh);
  setTimeout(() => fresh.forEach((each) => each.classList.remove("new")), 600);
  while (body().rows.length > MOST) {
    body().lastChild.remove();
    oldest = Number(body().lastChild.dataset.number);
    at("older").hidden = false;
  }
  settle();
}

async function more() {
  const asked = of;
  const before = oldest ? `&before=${oldest}` : "";
  const found = await ask(stream(asked, `/rejects?limit=${PAGE}${before}`));
  if (asked !== of) return;
  if (found.length) {
    newest = Math.max(newest, found[0].reject_id);
    oldest = found.at(-1).reject_id;
    body().append(...found.map(line));
  }
  at("older").hidden = found.length < PAGE;
  settle();
}

function settle() {
  const none = body().rows.length === 0;
  at("reject-table").hidden = none;
  at("rejects-none").hidden = !none;
  at("retry-all").disabled = none;
}

function line(reject) {
  const place = reject.colname ? `${reject.colname}: ${reject.raw_field_value ?? "NULL"}` : null;
  return make("tr", { "data-number": reject.reject_id },
    make("td", { class: "number" }, reject.lineno === null ? "" : number(reject.lineno)),
    make("td", {}, make("span", { class: "chip" }, reject.stage)),
    make("td", { class: "why" }, reject.err_message,
      ...[reject.err_detail, place].filter(Boolean).map((text) => make("small", {}, text))),
    make("td", { class: "row" }, make("code", { title: reject.line ?? "" }, reject.line ?? "")),
    make("td", {}, make("button", { type: "button", "data-reject": reject.reject_id, "aria-label": `Retry reject ${reject.reject_id}` }, "Retry")));
}

async function retry(ids, changed) {
  const asked = of;
  at("retry-all").disabled = true;
  try {
    const which = ids ? `?reject_id=${ids.join(",")}` : "";
    const counts = await ask(stream(asked, `/rejects/retry${which}`), { method: "POST" });
    await show(asked);
    at("rejects-said").textContent = `${number(counts.taken)} taken, ${number(counts.rejected)} rejected again`;
    changed();
  } finally {
    settle();
  }
}
