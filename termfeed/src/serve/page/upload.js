// Files into the stream: dropped or chosen, one after the other, each with a bar of what was sent.
// The server takes no more than the database does, so what was sent is what was read.

import { bearer, stream, token } from "./api.js";
import { at, bytes, make, number } from "./element.js";

const waiting = [];
let busy = false;
let target = () => null;
let after = () => {};

export const isBusy = () => busy;

export function begin(currentStream, whenDone) {
  [target, after] = [currentStream, whenDone];
  const drop = at("drop");
  at("file").addEventListener("change", ({ target: input }) => {
    take([...input.files]);
    input.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take([...event.dataTransfer.files]);
  });
}

function take(files) {
  const name = target();
  if (name === null) return;
  for (const file of files) {
    const line = new Line(file);
    at("uploads").prepend(line.element);
    waiting.push({ file, line, name });
  }
  while (at("uploads").children.length > 8) at("uploads").lastChild.remove();
  if (!busy) work();
}

async function work() {
  busy = true;
  for (let next; (next = waiting.shift()); ) {
    await send(next);
    after();
  }
  busy = false;
}

class Line {
  constructor(file) {
    this.bar = make("progress", { max: 1, value: 0, "aria-label": `${file.name}: sent` });
    this.said = make("span", { class: "said" }, "waiting");
    this.stop = make("button", { type: "button", class: "quiet", "aria-label": `Stop ${file.name}` }, "Stop");
    this.why = make("p", { class: "why", hidden: true });
    this.element = make("li", {},
      make("div", { class: "line" }, make("span", { class: "name", title: file.name }, file.name), this.said, this.stop),
      this.bar, this.why);
  }

  end(said, why = null) {
    this.said.textContent = said;
    this.bar.hidden = this.stop.hidden = true;
    this.why.hidden = why === null;
    this.why.textContent = why ?? "";
  }
}

// What a file is, by its name: "menu.csv.gz" is CSV, packed.
function kind(name) {
  const packed = /\.(gz|zst)$/i.exec(name);
  const plain = packed ? name.slice(0, packed.index) : name;
  const encoding = packed && { gz: "gzip", zst: "zstd" }[packed[1].toLowerCase()];
  const json = /\.(jsonl|ndjson)$/i.test(plain);
  return { encoding, json, tabs: /\.tsv$/i.test(plain) };
}

function address(name, { json, tabs }) {
  const options = new URLSearchParams();
  if (!json) options.set("header", at("header").value);
  if (tabs) options.set("delimiter", "\t");
  if (at("commit").value) options.set("commit_rows", at("commit").value);
  return stream(name, `?${options}`);
}

function send({ file, line, name }, again = false) {
  const what = kind(file.name);
  const begun = performance.now();
  const request = new XMLHttpRequest();
  request.open("POST", address(name, what));
  request.responseType = "json";
  request.setRequestHeader("Content-Type", what.json ? "application/x-ndjson" : "text/csv");
  if (what.encoding) request.setRequestHeader("Content-Encoding", what.encoding);
  for (const [header, value] of Object.entries(bearer())) request.setRequestHeader(header, value);
  line.stop.onclick = () => request.abort();
  return new Promise((done) => {
    request.upload.onprogress = ({ loaded, total }) => {
      const seconds = (performance.now() - begun) / 1000;
      line.bar.value = total ? loaded / total : 0;
      line.said.textContent = loaded < total
        ? `${bytes(loaded)} of ${bytes(total)}, ${bytes(loaded / Math.max(seconds, 0.001))}/s`
        : "committing";
    };
    request.onabort = () => done(line.end("stopped"));
    request.onerror = () => done(line.end("failed", "the connection broke: what is not committed was rolled back"));
    request.onload = async () => {
      if (request.status === 401 && (await token(again))) return done(await send({ file, line, name }, true));
      done(ended(line, request, (performance.now() - begun) / 1000));
    };
    request.send(file);
  });
}

function ended(line, { status, response }, seconds) {
  if (status === 200) {
    const rate = number(Math.round(response.read / Math.max(seconds, 0.001)));
    line.end(`${number(response.taken)} taken, ${number(response.rejected)} rejected, ${number(response.pairs)} pairs; ${rate} rows/s`);
    return;
  }
  const before = response?.committed ? ` ${number(response.committed.read)} rows were committed before.` : "";
  const hint = response?.hint ? ` ${response.hint}` : "";
  line.end("refused", `${response?.detail ?? `the server answered ${status}`}.${hint}${before}`);
}
