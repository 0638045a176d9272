// The page: which stream is looked at, and when what is asked for anew.

import { token } from "./api.js";
import { at } from "./element.js";
import * as flow from "./flow.js";
import * as lists from "./lists.js";
import * as matches from "./matches.js";
import * as rejects from "./rejects.js";
import * as upload from "./upload.js";

const BUSY = 400;
const QUIET = 1000;
const RARELY = 10_000;

let current = null;

function say(problem) {
  at("problem").hidden = false;
  at("problem").textContent = problem.whole ?? String(problem);
}

// The stream that the address names; without one the first.
async function choose() {
  const named = decodeURIComponent(location.hash.slice(1));
  const there = await lists.streams(current);
  const name = there.includes(named) ? named : there.includes(current) ? current : (there[0] ?? null);
  if (name !== current) {
    current = name;
    flow.show(name);
    await lists.streams(name);
    await rejects.show(name);
  }
}

async function look() {
  await Promise.all([flow.refresh(), rejects.refresh(), lists.loads()]);
}

let lists_at = -Infinity;

async function turn() {
  if (document.hidden) return;
  try {
    if (performance.now() - lists_at > RARELY) {
      lists_at = performance.now();
      await Promise.all([choose(), lists.lexicons()]);
    }
    await look();
    at("health").textContent = "connected";
    at("health").className = "up";
    at("problem").hidden ||= at("problem").dataset.passing === "yes";
  } catch (problem) {
    at("health").textContent = problem.status ? "trouble" : "not connected";
    at("health").className = "down";
    lists_at = -Infinity;
    say(problem);
    at("problem").dataset.passing = "yes";
  }
}

async function run() {
  for (;;) {
    await turn();
    await new Promise((done) => setTimeout(done, upload.isBusy() ? BUSY : QUIET));
  }
}

function told(problem) {
  say(problem);
  at("problem").dataset.passing = "no";
}

const go = (id) => {
  at(id).scrollIntoView();
  at(id).focus({ preventScroll: true });
};

const KEYS = {
  "/": () => at("text").focus(),
  u: () => at("file").click(),
  r: () => go("rejects"),
  s: () => go("flow"),
  "?": () => at("keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog");
  if (event.key === "Escape" && event.target === at("text")) at("text").blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

at("keys-open").addEventListener("click", KEYS["?"]);
at("keys-close").addEventListener("click", () => at("keys").close());
at("token-open").addEventListener("click", () => token(false).then((given) => given && (lists_at = -Infinity)));
window.addEventListener("hashchange", () => choose().catch(told));

matches.begin(told);
rejects.begin(told, () => look().catch(told));
upload.begin(() => current, () => look().catch(told));
run();
