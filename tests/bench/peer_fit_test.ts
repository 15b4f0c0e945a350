import assert from "node:assert/strict";
import { hillDensity, hillWorkspace } from "../../lib/model/density.ts";
import { parameterNames } from "../../lib/model/parameters.ts";
import { buildProblem } from "../../lib/model/priors.ts";
import { Purpose, RandomStream } from "../../lib/random.ts";
import { makeSeries, spec } from "../model/support.ts";
import { type Answer, jobOf, numpyroFit, runOf, stanFit } from "./peer_fit.ts";

const CHAINS = 4, DRAWS = 50;
const series = makeSeries({ rows: 40, active: 0.7 });
/** Far from ours, as programs that drop constants have it. */
const CONSTANT = 123.4;

function setting(components: number) {
  const problem = buildProblem(series, spec({ components }));
  const job = jobOf({ series, components, seed: 1, chains: CHAINS, draws: DRAWS }, problem);
  return { problem, job, answer: answerTo(problem, job) };
}

/** What a peer with the right density answers, its draws plain noise. */
function answerTo(problem: ReturnType<typeof buildProblem>, job: ReturnType<typeof jobOf>): Answer {
  const work = hillWorkspace(problem), slope = new Float64Array(problem.layout.dim);
  const noise = new RandomStream(1, Purpose.simulate);
  const each = job.points.map((point) => {
    hillDensity(work, Float64Array.from(point), 0, 1, slope, 0);
    return { value: work.logPrior + work.logLik + CONSTANT, gradient: [...slope] };
  });
  const column = () => Array.from({ length: CHAINS * DRAWS }, () => noise.normal());
  return {
    version: "peer 1.0",
    compile_s: null,
    warmup_s: 2,
    sampling_s: 3,
    warmup_gradients: 1000,
    gradients: 2500,
    log_density: each.map(({ value }) => value),
    gradient: each.map(({ gradient }) => gradient),
    draws: Object.fromEntries([...parameterNames(problem.layout), "log_lik"].map((name) => [name, column()])),
  };
}

Deno.test("a job tells of the data and of the table in their own units", () => {
  const { problem, job } = setting(2);
  assert.deepEqual([job.spend, job.response], [[...series.spend], [...series.response]]);
  const unit = Math.exp(job.median.values[7] - problem.median.values[7]);
  assert.ok(Math.abs(unit / problem.units.spendScale - 1) < 1e-12);
  assert.ok(job.points.length >= 30 && job.points.every((point) => point.length === problem.layout.dim));
  assert.deepEqual([job.warmup, job.delta], [1000, 0.9]);
});

Deno.test("an answer with our density, up to a constant, has no fault and is assessed by our diagnostics", () => {
  for (const components of [1, 2]) {
    const { problem, job, answer } = setting(components);
    const run = runOf("Peer", problem, job, answer);
    assert.ok(run.density_error < 1e-12);
    assert.equal(run.fault, null);
    assert.deepEqual([run.warmup_gradients, run.sampling_gradients], [1000, 1500]);
    const names = run.summary.map(({ name }) => name);
    assert.equal(names.includes("pi.1"), components > 1); // a constant has no R-hat
    assert.ok(names.includes("kappa.1") && names.includes("log_lik"));
    assert.ok(run.summary.every(({ rhat, ess_bulk }) => rhat < 1.2 && ess_bulk > 50));
  }
});

Deno.test("a density or a gradient that is not ours is a fault, at one point as at all", () => {
  const { problem, job, answer } = setting(2);
  const fault = (change: Partial<Answer>) => runOf("Peer", problem, job, { ...answer, ...change }).fault;
  const at = <T>(items: readonly T[], index: number, item: T) =>
    items.map((each, i) => i === index ? item : each);
  const { log_density, gradient } = answer;
  for (const index of [0, 1, log_density.length - 1]) {
    assert.match(
      fault({ log_density: at(log_density, index, log_density[index] + 1e-3) })!,
      /density is not/,
    );
    assert.match(fault({ gradient: at(gradient, index, gradient[index].map((g) => 1.001 * g)) })!, /density/);
  }
  assert.match(fault({ log_density: at(log_density, 3, NaN) })!, /density/);
  assert.match(fault({ gradient: gradient.slice(1) })!, /density/);
  assert.match(fault({ log_density: log_density.slice(0, -1) })!, /density/);
});

Deno.test("an answer without the draws of a parameter is refused by name", () => {
  const { problem, job, answer } = setting(2);
  const { "kappa.2": _, ...lacking } = answer.draws;
  assert.throws(() => runOf("Peer", problem, job, { ...answer, draws: lacking }), /no draws of kappa\.2/);
  const short = { ...answer.draws, sigma: answer.draws.sigma.slice(1) };
  assert.throws(() => runOf("Peer", problem, job, { ...answer, draws: short }), /199 draws of sigma/);
});

Deno.test("without R or Python there is no run but a sentence", async () => {
  for (const [fit, title] of [[stanFit, "Stan"], [numpyroFit, "NumPyro"]] as const) {
    const absent = { title, program: "/nowhere/program", words: [], install: `get ${title}` };
    const { value, why } = await fit({ series, components: 2, seed: 1 }, absent);
    assert.equal(value, undefined);
    assert.match(why!, new RegExp(`^${title} was left out: .* get ${title}`));
  }
});

Deno.test("series with controls are refused, for the peers would leave them out", async () => {
  const request = { series: makeSeries({ rows: 40, controls: 1 }), components: 2, seed: 1 };
  await assert.rejects(stanFit(request), /controls/);
});
