// A line over time: how fast a count has grown, over the last two minutes.

import { make, number, shape } from "./element.js";

const SPAN = 120_000;
const [WIDTH, HEIGHT] = [600, 84];

export class Plot {
  // `samples` are counts as they were seen; between two of them the rate is a step.
  samples = [];

  constructor(title, kind = "") {
    this.now = make("span", { class: "now" }, "0");
    this.peak = make("span", { class: "peak" });
    this.area = shape("path", { class: "area" });
    this.edge = shape("path", { class: "edge" });
    this.svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" },
      ...[1, 2, 3].map((part) => shape("line", { class: "rule", x1: 0, x2: WIDTH, y1: (HEIGHT * part) / 4, y2: (HEIGHT * part) / 4 })),
      this.area, this.edge);
    this.title = title;
    this.element = make("div", { class: `plot ${kind}` },
      make("div", { class: "head" }, make("span", {}, title), this.peak, this.now), this.svg);
    this.draw(performance.now());
  }

  clear() {
    this.samples = [];
    this.draw(performance.now());
  }

  add(count, time = performance.now()) {
    this.samples.push({ time, count });
    while (this.samples.length > 2 && this.samples[1].time < time - SPAN) this.samples.shift();
    this.draw(time);
  }

  rates() {
    return this.samples.slice(1).map((sample, index) => {
      const before = this.samples[index];
      const seconds = Math.max(sample.time - before.time, 1) / 1000;
      return { from: before.time, to: sample.time, rate: Math.max(sample.count - before.count, 0) / seconds };
    });
  }

  draw(time) {
    const rates = this.rates();
    const peak = Math.max(...rates.map((each) => each.rate), 0);
    const x = (at) => (WIDTH * Math.max(at - time + SPAN, 0)) / SPAN;
    const y = (rate) => HEIGHT - 1 - ((HEIGHT - 6) * rate) / (peak || 1);
    const points = rates.flatMap(({ from, to, rate }) => [`${x(from).toFixed(1)} ${y(rate).toFixed(1)}`, `${x(to).toFixed(1)} ${y(rate).toFixed(1)}`]);
    const line = points.length ? `M${points.join("L")}` : "";
    this.edge.setAttribute("d", line);
    this.area.setAttribute("d", line && `${line}L${x(time).toFixed(1)} ${HEIGHT}L${x(rates[0].from).toFixed(1)} ${HEIGHT}Z`);
    const now = number(Math.round(rates.at(-1)?.rate ?? 0));
    this.now.textContent = now;
    this.peak.textContent = peak ? `at most ${number(Math.round(peak))}` : "";
    this.svg.setAttribute("aria-label", `${this.title}: now ${now}, in two minutes at most ${number(Math.round(peak))}`);
  }
}
