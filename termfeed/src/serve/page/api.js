// The server's routes. Where it wants a token, it is asked for once and kept for this tab.

import { at } from "./element.js";

const KEPT = "termfeed-token";

// What the server has against a request, in its own words.
export class Problem extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `the server answered ${status}`);
    this.status = status;
    this.hint = problem.hint;
    this.committed = problem.committed;
  }

  get whole() {
    return this.hint ? `${this.message}. ${this.hint}` : this.message;
  }
}

export function bearer() {
  const token = sessionStorage.getItem(KEPT);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

export async function ask(path, options = {}) {
  const used = bearer();
  let response;
  try {
    response = await fetch(path, { ...options, headers: { ...options.headers, ...used } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: "the server does not answer" });
  }
  if (response.status === 401 && !declined && (await token(used.Authorization !== undefined))) return ask(path, options);
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, body);
  return body;
}

export const stream = (name, rest = "") => `/streams/${encodeURIComponent(name)}${rest}`;

let asking = null;
let declined = false;

// Asks for the token, until it is declined; whoever comes while it is being asked for waits for the same answer.
export function token(wrong) {
  asking ??= dialog(wrong).finally(() => (asking = null));
  return asking;
}

function dialog(wrong) {
  const [box, form, text] = [at("token"), at("token-form"), at("token-text")];
  if (wrong) at("token-why").textContent = "That was not the server's token.";
  text.value = "";
  box.showModal();
  return new Promise((answer) => {
    const done = () => {
      form.onsubmit = at("token-cancel").onclick = box.onclose = null;
      const given = box.returnValue === "given";
      declined = !given;
      if (given) sessionStorage.setItem(KEPT, text.value);
      text.value = "";
      answer(given);
    };
    box.returnValue = "";
    box.onclose = done;
    at("token-cancel").onclick = () => box.close("");
    form.onsubmit = (event) => {
      event.preventDefault();
      box.close("given");
    };
  });
}
