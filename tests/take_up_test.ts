/** Whole fits that end anywhere and are taken up by another engine from the file: the same draws and the same report. */
import assert from "node:assert/strict";
import { simulateSeries } from "../lib/data/simulate.ts";
import { fit } from "../lib/fit.ts";
import type { Checkpoints, FitOptions, FitOutcome, Saved } from "../lib/fit_types.ts";
import { CheckpointFile } from "../lib/runs/checkpoint.ts";
import { NO_INPUTS } from "./inputs.ts";
import { spec } from "./model/support.ts";
import { inTemporary } from "./runs/temporary.ts";

const { spend, response } = simulateSeries("single", 5, 60);
const OPTIONS: FitOptions = {
  series: { name: "s", spend, spendColumns: ["x"], leftOut: [], response, targetColumn: "y", controls: [] },
  spec: spec({ components: 1 }),
  method: "chees",
  chains: 16,
  warmup: 60,
  draws: 60,
  seed: 3,
  holdout: 0,
  engine: "cpu",
  inputs: NO_INPUTS,
};

const fitWith = (options: FitOptions, checkpoints: Checkpoints) =>
  fit(options, { onProgress() {}, checkpoints });

/** What is the same however often a fit was cut off: all but times. */
function lasting({ report, draws, stats, elpdPointwise }: FitOutcome) {
  const text = JSON.stringify(report, (name, value) => /(_s|_at)$/.test(name) ? undefined : value);
  return { report: JSON.parse(text), draws, stats, elpdPointwise };
}

async function endsTheSame(directory: string, options: FitOptions, stops: readonly string[]) {
  const offered: Saved[] = [];
  let key: Parameters<Checkpoints["open"]>[0] | undefined;
  const whole = lasting(
    await fitWith(options, {
      open: (asked) => Promise.resolve((key = asked, {})),
      offer: (saved) => void offered.push(saved),
    }),
  );
  const where = ({ at: { step, phase } }: Saved) => step === undefined ? phase : `${step} ${phase}`;
  assert.deepEqual([...new Set(offered.map(where))], stops);
  for (const stop of stops) {
    const own = offered.filter((one) => where(one) === stop), saved = own[Math.floor(0.7 * own.length)];
    const file = new CheckpointFile(directory);
    await file.open(key!);
    file.offer(saved);
    await file.leave(0);
    await file.close();
    let from: unknown;
    const next = new CheckpointFile(directory);
    const outcome = await fit(options, { onProgress() {}, checkpoints: next, onResume: (at) => from = at });
    await next.close();
    assert.deepEqual(from, saved.at);
    assert.deepEqual(lasting(outcome), whole, JSON.stringify(from));
    assert.ok(outcome.report.timing.total_s > 0 && outcome.report.timing.warmup_s > 0);
  }
}

for (const engine of ["cpu", "webgpu"] as const) {
  for (const method of ["chees", "nuts"] as const) {
    inTemporary(
      `a fit by ${method} that was cut off ends the same (${engine})`,
      (directory) => endsTheSame(directory, { ...OPTIONS, engine, method }, ["warm-up", "sampling"]),
    );
  }

  // Chains too short to pass give way to ladders, which are looked at again and again.
  inTemporary(
    `a fit by auto that was cut off ends the same (${engine})`,
    (directory) =>
      endsTheSame(directory, { ...OPTIONS, engine, method: "auto", draws: 30 }, [
        "chees warm-up",
        "chees sampling",
        "tempered searching",
        "tempered warm-up",
        "tempered sampling",
      ]),
  );
}

inTemporary(
  "a fit by tempered that was cut off ends the same (cpu)",
  (directory) =>
    endsTheSame(directory, { ...OPTIONS, method: "tempered", chains: 4, draws: 30 }, [
      "searching",
      "warm-up",
      "sampling",
    ]),
);

const MIXTURE = { ...OPTIONS, spec: spec({ components: 2 }) };
const STAGES = ["stage one warm-up", "stage one sampling", "stage two warm-up", "stage two sampling"];

for (const engine of ["cpu", "webgpu"] as const) {
  for (const carry of ["cut", "prior"] as const) {
    inTemporary(
      `a fit in two stages that was cut off ends the same (${carry}, ${engine})`,
      (directory) => endsTheSame(directory, { ...MIXTURE, engine, method: "two-stage", carry }, STAGES),
    );
  }
  for (const method of ["advi", "advi-fullrank", "pathfinder"] as const) {
    inTemporary(
      `a fit by ${method} that was cut off ends the same (${engine})`,
      (directory) =>
        endsTheSame(directory, { ...MIXTURE, engine, method, warmup: 300, draws: 400 }, ["optimising"]),
    );
  }
}
