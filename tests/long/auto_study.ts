/**
 * Is a `pass` of method `auto` ever wrong? Each case is fitted by `auto` and by a tempered run with another seed, ten
 * times as long: as the check that confirmed the chains where they answered, as the ladders where they did. A `pass` is wrong when the two differ by more than four combined standard errors in the mean of
 * anything reported.
 *
 *     deno run --allow-read --allow-write --allow-env tests/long/auto_study.ts --out study.jsonl [--from N --to M]
 *
 * Cases are numbered from 0; a file given again is continued: a case that has a line in it is not run again.
 */
import { parseArgs } from "node:util";
import { compareRuns } from "../../lib/agreement.ts";
import type { Gap } from "../../lib/diagnostics/agreement.ts";
import { type Opened, openEngine } from "../../lib/engine/open.ts";
import { fit } from "../../lib/fit.ts";
import { type FitOptions, type FitOutcome, type MethodName, METHODS } from "../../lib/fit_types.ts";
import { parseSpec } from "../../lib/model/spec.ts";
import { CASES, type StudyCase } from "./auto_cases.ts";
import { NO_INPUTS } from "../inputs.ts";

/** Combined standard errors beyond which a `pass` is wrong. */
const MOST_ERRORS = 4;
/** P(|z| > 4) of a normal z. */
const BY_CHANCE = 6.3e-5;
const SEED = 1, REFERENCE_SEED = 1001;
/**
 * Draws per ladder of the references; method `tempered` makes ten transitions for each, auto's check two at first and
 * its ladders eight.
 */
const REFERENCE_DRAWS = { chees: 2 * METHODS.tempered.draws, tempered: 8 * METHODS.tempered.draws };

/** One method's part of a result. */
interface Fitted {
  readonly status: string;
  readonly total_s: number;
  readonly gradients: number;
  readonly max_rhat: number;
  readonly min_ess_bulk: number;
}

export interface Result {
  readonly case: number;
  readonly name: string;
  readonly components: number;
  readonly preset: string;
  readonly auto: Fitted & {
    readonly answer: string;
    readonly steps: readonly { readonly method: string; readonly status: string; readonly found: string }[];
  };
  readonly reference: Fitted & { readonly draws_per_ladder: number; readonly fewest_trips: number };
  /** Means compared, and those furthest apart. */
  readonly means: number;
  readonly worst: readonly Gap[];
  /** Shares of draws furthest apart: not part of the gate. */
  readonly shares: readonly Gap[];
}

/** Runs one case; undefined where its data is missing. */
export async function runCase(index: number, opened: Opened): Promise<Result | undefined> {
  const { name, components, preset, series: load } = CASES[index] as StudyCase;
  const series = await load();
  if (series === undefined) return undefined;
  const request = (method: MethodName, seed: number, draws: number): FitOptions => ({
    series,
    spec: parseSpec({ components, preset }, "study"),
    method,
    warmup: METHODS[method].warmup,
    draws,
    seed,
    holdout: 0,
    engine: "webgpu",
    inputs: NO_INPUTS,
  });
  const quiet = { onProgress: () => {} };
  const auto = await fit(request("auto", SEED, METHODS.auto.draws), quiet, opened),
    { answer, steps } = auto.report.auto!;
  const draws = REFERENCE_DRAWS[answer as keyof typeof REFERENCE_DRAWS];
  const reference = await fit(request("tempered", REFERENCE_SEED, draws), quiet, opened);
  const gaps = compareRuns(reference.draws, auto.draws, components, auto.report.data.max_spend);
  const means = gaps.filter(({ at }) => at === "mean");
  return {
    case: index,
    name,
    components,
    preset,
    auto: {
      ...fitted(auto),
      answer,
      steps: steps.map(({ method, status, found }) => ({ method, status, found })),
    },
    reference: {
      ...fitted(reference),
      draws_per_ladder: reference.draws.draws,
      fewest_trips: Math.min(...reference.report.tempering!.round_trips),
    },
    means: means.length,
    worst: means.slice(0, 4),
    shares: gaps.filter(({ at }) => at !== "mean").slice(0, 3),
  };
}

function fitted({ report: { verdict, timing, diagnostics } }: FitOutcome): Fitted {
  return {
    status: verdict.status,
    total_s: timing.total_s,
    gradients: timing.gradients,
    max_rhat: diagnostics.max_rhat,
    min_ess_bulk: diagnostics.min_ess_bulk,
  };
}

/** Whether `auto` passed what the reference contradicts. */
export const isWrong = ({ auto, worst }: Result): boolean =>
  auto.status === "pass" && !(worst[0]!.errors <= MOST_ERRORS);

/** The study in sentences. */
export function summary(results: readonly Result[]): string {
  const count = (holds: (result: Result) => boolean) => results.filter(holds).length;
  const passed = results.filter(({ auto }) => auto.status === "pass"), wrong = results.filter(isWrong);
  const comparisons = passed.reduce((sum, { means }) => sum + means, 0);
  const seconds = results.map(({ auto }) => auto.total_s).sort((a, b) => a - b);
  const line = ({ case: index, name, components, preset, auto, reference, worst: [gap] }: Result) =>
    `  case ${index} (${name}, K = ${components}, ${preset}; answered by ${auto.answer}): mean of ${
      gap!.name
    } ` +
    `${gap!.second.toPrecision(4)}, reference (${reference.status}) ${gap!.first.toPrecision(4)}, ` +
    `${gap!.errors.toFixed(1)} errors apart`;
  return [
    `${results.length} cases: ${passed.length} pass, ${
      count(({ auto }) => auto.status === "review")
    } review, ` +
    `${count(({ auto }) => auto.status === "fail")} fail; answered by chains in ` +
    `${count(({ auto }) => auto.answer === "chees")}, by ladders in ` +
    `${count(({ auto }) => auto.answer === "tempered")}.`,
    `Chains alone would have passed ${count(({ auto }) => auto.steps[0]!.status === "pass")}, of which the ` +
    `check overruled ${
      count(({ auto }) => auto.steps[0]!.status === "pass" && auto.answer === "tempered")
    }. References short of their own gates: ${count(({ reference }) => reference.status !== "pass")}.`,
    `Time of auto: median ${seconds[Math.floor(seconds.length / 2)]!.toFixed(0)} s, longest ` +
    `${seconds.at(-1)!.toFixed(0)} s.`,
    `A pass contradicted by more than ${MOST_ERRORS} combined standard errors: ${wrong.length} of ` +
    `${passed.length}. Of ${comparisons} means compared, chance alone would put ` +
    `${(comparisons * BY_CHANCE).toFixed(2)} beyond.`,
    ...wrong.map(line),
    "Furthest apart among passes:",
    ...passed.toSorted((a, b) => b.worst[0]!.errors - a.worst[0]!.errors).slice(0, 5).map(line),
  ].join("\n");
}

/** Lines of a study under way, the last one of which a kill may have cut short. */
export async function readResults(path: string): Promise<Result[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) await Deno.writeTextFile(path, whole);
  // JSON has no infinity: a gap of which nothing can be told is null in the file.
  return whole.split("\n").filter((line) => line !== "").map((line) =>
    JSON.parse(line, (key, value) => key === "errors" && value === null ? Infinity : value)
  );
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { out: { type: "string" }, from: { type: "string" }, to: { type: "string" } },
  });
  const { out = "auto_study.jsonl", from = "0", to = String(CASES.length) } = values;
  const done = new Set((await readResults(out)).map(({ case: index }) => index));
  const opened = await openEngine("webgpu");
  try {
    for (let index = Number(from); index < Math.min(Number(to), CASES.length); index++) {
      if (done.has(index)) continue;
      const result = await runCase(index, opened);
      if (result === undefined) {
        console.log(`case ${index}: its data is not beside this checkout`);
        continue;
      }
      await Deno.writeTextFile(out, JSON.stringify(result) + "\n", { append: true });
      const { name, components, preset, auto, reference, worst: [gap] } = result;
      console.log(
        `case ${index}: ${name}, K = ${components}, ${preset}: ${auto.status} by ${auto.answer} in ` +
          `${auto.total_s.toFixed(0)} s; reference ${reference.status} in ${
            reference.total_s.toFixed(0)
          } s; ` +
          `furthest apart ${gap!.name}, ${gap!.errors.toFixed(2)} errors`,
      );
    }
  } finally {
    await opened.engine.close();
  }
  console.log(summary(await readResults(out)));
}
