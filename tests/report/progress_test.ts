import assert from "node:assert/strict";
import { type Phase, PHASES, type Progress } from "../../lib/fit_types.ts";
import { displayWidth } from "../../lib/report/layout.ts";
import { progressLine, progressView, REDRAW_MS } from "../../lib/report/progress.ts";
import { memorySink } from "./sink.ts";

const at = (phase: Phase, done: number, total: number, more: Partial<Progress> = {}): Progress => ({
  phase,
  done,
  total,
  transitionsPerSecond: 61234.5,
  gradients: 1e6,
  divergences: 0,
  ...more,
});

Deno.test("a progress line says phase, count, rate, time left, divergences and R-hat", () => {
  assert.equal(
    progressLine(at("sampling", 200, 500, { etaSeconds: 4.1, rhat: 1.0119, divergences: 1 })),
    "sampling 40%  200/500  61.2 k transitions/s  ETA 4.1 s  1 divergence  R-hat 1.012",
  );
  const waiting = { transitionsPerSecond: 0, phaseSeconds: 0.4 };
  assert.equal(progressLine(at("compile", 0, 0, waiting)), "compile 0%");
  assert.equal(
    progressLine(at("diagnostics", 0, 1, { ...waiting, phaseSeconds: 12.34 })),
    "diagnostics 0%  12.3 s",
  );
});

Deno.test("a step of a longer method is named, and its phases are its own", () => {
  assert.match(progressLine(at("warm-up", 1, 2, { step: "tempered" })), /^tempered warm-up 50%/);
  const sink = memorySink(), view = progressView(sink, false);
  for (const step of ["chees", "tempered"]) view.show(at("sampling", 10, 10, { step }));
  assert.match(sink.text(), /^chees sampling 100%.*\ntempered sampling 100%.*\n$/);
});

Deno.test("off a terminal each phase prints at most 11 lines, in order, however often it reports", () => {
  const sink = memorySink();
  const view = progressView(sink, false);
  for (const phase of PHASES) {
    for (let done = 0; done <= 1237; done++) view.show(at(phase, done, 1237));
  }
  view.close();
  const lines = sink.text().trimEnd().split("\n");
  for (const phase of PHASES) {
    const own = lines.filter((line) => line.startsWith(`${phase} `));
    assert.equal(own.length, 10);
    assert.match(own.at(-1)!, /100%/);
  }
  assert.ok(!sink.text().includes("\r") && !sink.text().includes("\x1b"), "no control characters in a log");
});

Deno.test("a phase that jumps prints one line for the jump, and one that goes back prints nothing", () => {
  const sink = memorySink();
  const view = progressView(sink, false);
  for (const done of [0, 55, 54, 20, 100, 100]) view.show(at("sampling", done, 100));
  assert.deepEqual(sink.text().match(/\d+%/g), ["55%", "100%"]);
});

Deno.test("on a terminal one line is rewritten, not too often, within the width, and cleared at the end", () => {
  const sink = memorySink({ interactive: true, width: 40 });
  let time = 0;
  const view = progressView(sink, false, () => time);
  for (let done = 0; done <= 500; done++) {
    view.show(at("sampling", done, 500, { etaSeconds: 100 }));
    time += 7;
  }
  view.close();
  const drawn = sink.text().split("\r\x1b[2K");
  assert.equal(drawn.shift(), "");
  assert.equal(drawn.pop(), "", "cleared last");
  assert.ok(drawn.length <= Math.ceil(500 * 7 / REDRAW_MS) + 1, `${drawn.length} redraws`);
  assert.ok(drawn.length > 10);
  assert.ok(drawn.every((line) => displayWidth(line) < 40 && !line.includes("\n")));
  view.close();
  assert.ok(sink.text().endsWith("\r\x1b[2K") && !sink.text().endsWith("\r\x1b[2K\r\x1b[2K"));
});

Deno.test("a new phase shows at once on a terminal", () => {
  const sink = memorySink({ interactive: true });
  const view = progressView(sink, false, () => 0);
  view.show(at("warm-up", 1, 10));
  view.show(at("sampling", 1, 10));
  assert.match(sink.text(), /warm-up[^]*sampling/);
});

Deno.test("quiet prints nothing, on a terminal or off it", () => {
  for (const interactive of [true, false]) {
    const sink = memorySink({ interactive });
    const view = progressView(sink, true);
    view.show(at("sampling", 100, 100));
    view.close();
    assert.equal(sink.text(), "");
  }
});
