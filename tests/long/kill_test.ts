/**
 * Fits of every method on both engines ended in every phase, by force and by Ctrl-C. Whatever the moment: a killed fit
 * leaves a directory that `diagnose` reads or says in one sentence why there is nothing to judge; an interrupted one
 * ends soon, with exit code 130, and says what is kept. Counts and times are printed.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type MethodName, type Phase, PHASES } from "../../lib/fit_types.ts";
import { readRun } from "../../lib/runs/directory.ts";
import { fitReportSchema } from "../../lib/runs/schema.ts";
import { after, diagnose, type Ended, endFit } from "../commands/real_fit.ts";
import { inTemporary } from "../runs/temporary.ts";

/** Longest an interrupted fit may take to end, on a machine with other work to do. */
const SOON_S = 10;
/** A moment: soon after the start of the process, or some time into a phase, in milliseconds. */
type Moment = readonly [Phase | "start", number];

const EARLY: readonly Moment[] = [["start", 100], ["compile", 0], ["compile", 300]];
const DRAWING: readonly Moment[] = [
  ...EARLY,
  ["warm-up", 0],
  ["warm-up", 1000],
  ["sampling", 0],
  ["sampling", 1500],
  ["diagnostics", 0],
  ["diagnostics", 300],
];
const OPTIMISING: readonly Moment[] = [...EARLY, ["optimising", 0], ["optimising", 500]];

/** When to end the fits of a method, and sizes at which they last long enough for all of it. */
const CASES: Readonly<Record<MethodName, readonly [moments: readonly Moment[], sizes: string]>> = {
  auto: [DRAWING, "--components 1 --chains 16 --warmup 60 --draws 3000"],
  chees: [DRAWING, "--components 1 --chains 16 --warmup 60 --draws 3000"],
  nuts: [DRAWING, "--components 1 --chains 16 --warmup 60 --draws 3000"],
  tempered: [DRAWING, "--components 1 --chains 8 --warmup 60 --draws 3000"],
  "two-stage": [DRAWING, "--components 2 --chains 16 --warmup 60 --draws 3000 --carry prior"],
  advi: [OPTIMISING, "--components 3 --chains 128 --warmup 5000"],
  "advi-fullrank": [OPTIMISING, "--components 3 --chains 128 --warmup 5000"],
  pathfinder: [OPTIMISING, "--components 3 --chains 512 --warmup 2000"],
};

/** Waits until a run is in a phase or past it. */
async function reach(directory: string, phase: Phase): Promise<void> {
  for (;;) {
    const run = await readRun(directory).catch(() => undefined);
    if (run !== undefined && "report" in run) throw new Error(`The fit ended before ${phase}`);
    if (run !== undefined && PHASES.indexOf(run.unfinished.phase) >= PHASES.indexOf(phase)) return;
    await after(20);
  }
}

const isSentence = (err: string) => /^error: [^\n]+\n$/.test(err) && !/internal error/.test(err);

/** What a killed fit left. */
async function checkKilled(directory: string, { code }: Ended): Promise<string> {
  assert.equal(code, 137);
  const { code: judged, out, err } = await diagnose(directory);
  if (judged === 2) {
    assert.ok(out === "" && isSentence(err), err);
    return err.includes("does not exist") ? "nothing" : "no draws";
  }
  assert.equal(judged, 0, err);
  const { partial, verdict, sampling } = fitReportSchema.parse(JSON.parse(out));
  assert.ok(partial && verdict.status !== "pass");
  return `${sampling.draws} draws`;
}

/** What an interrupted fit left. */
async function checkInterrupted(
  directory: string,
  { code, seconds, err }: Ended,
  early: boolean,
): Promise<string> {
  assert.equal(code, 130, err);
  assert.ok(seconds < SOON_S, `${seconds} s`);
  const { code: judged, out, err: why } = await diagnose(directory);
  if (judged === 2) {
    assert.ok(isSentence(why) && why.includes("does not exist"), why);
    if (!early) assert.match(err, /nothing was written/);
    return "nothing";
  }
  assert.equal(judged, 0, why);
  const { partial, sampling } = fitReportSchema.parse(JSON.parse(out));
  assert.equal(partial, true);
  assert.match(err, /what was drawn is kept/);
  return `${sampling.draws} draws`;
}

for (const engine of ["webgpu", "cpu"] as const) {
  for (const [method, [moments, sizes]] of Object.entries(CASES)) {
    inTemporary(`${method} on ${engine} keeps its promises whenever it is ended`, async (directory) => {
      for (const signal of ["SIGKILL", "SIGINT"] as const) {
        for (const [i, [phase, laterMs]] of moments.entries()) {
          const run = join(directory, `${signal}-${i}`);
          const line = ["--method", method, "--engine", engine, ...sizes.split(" "), "--out", run];
          const ended = await endFit(line, signal, async () => {
            if (phase !== "start") await reach(run, phase);
            await after(laterMs);
          });
          const left = signal === "SIGKILL"
            ? await checkKilled(run, ended)
            : await checkInterrupted(run, ended, phase === "start");
          const moment = `${method} ${engine} ${signal} ${phase} + ${laterMs} ms`;
          console.log(`${moment}: ${left}, ended in ${ended.seconds.toFixed(1)} s`);
        }
      }
    });
  }
}
