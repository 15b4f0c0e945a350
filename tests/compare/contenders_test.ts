import assert from "node:assert/strict";
import {
  CONTENDERS,
  contendersOf,
  optionsOf,
  runName,
  USUAL_CONTENDERS,
  usualContenders,
} from "../../lib/compare/contenders.ts";
import { InputError } from "../../lib/errors.ts";
import { CARRIES, type FitOptions, METHODS, UNPOOLED } from "../../lib/fit_types.ts";
import { NO_INPUTS } from "../inputs.ts";
import { makeSeries, spec } from "../model/support.ts";

const names = (contenders: typeof CONTENDERS) => contenders.map(({ name }) => name);
const BASE: FitOptions = {
  series: makeSeries({ rows: 30, seed: 1 }),
  spec: spec({ components: 2 }),
  method: "advi",
  chains: 5,
  pooling: "none",
  carry: "prior",
  warmup: 7,
  draws: 3,
  seed: 11,
  holdout: 0.2,
  engine: "cpu",
  inputs: { ...NO_INPUTS, holdout: 0.2 },
};

Deno.test("every method is compared by default, but for auto, whose steps are there by themselves", () => {
  const methods = new Set(USUAL_CONTENDERS.map(({ method }) => method));
  assert.deepEqual([...methods].sort(), Object.keys(METHODS).filter((name) => name !== "auto").sort());
  assert.ok(names(CONTENDERS).includes("auto"));
  assert.deepEqual(usualContenders(2), USUAL_CONTENDERS);
});

Deno.test("two-stage is there by its carries, and not where there is no mixture to fit", () => {
  const ofTwoStage = (contenders: typeof CONTENDERS) =>
    names(contenders).filter((name) => name.startsWith("two-stage"));
  assert.deepEqual(ofTwoStage(USUAL_CONTENDERS), CARRIES.map((carry) => `two-stage:${carry}`));
  assert.ok(ofTwoStage(CONTENDERS).includes("two-stage"));
  assert.deepEqual(ofTwoStage(usualContenders(1)), []);
  const [cut] = contendersOf(["two-stage:cut"]);
  assert.equal(optionsOf(cut, BASE, 1).carry, "cut");
});

Deno.test("names and run directories tell contenders apart", () => {
  assert.equal(new Set(names(CONTENDERS)).size, CONTENDERS.length);
  assert.equal(new Set(CONTENDERS.map(runName)).size, CONTENDERS.length);
  assert.ok(CONTENDERS.every((each) => /^[a-z0-9-]+$/.test(runName(each))));
});

Deno.test("only samplers of the posterior itself can be a reference", () => {
  const exact = CONTENDERS.filter(({ exact }) => exact).map(({ method }) => method);
  assert.deepEqual(new Set(exact), new Set(["auto", "chees", "nuts", "tempered"]));
});

Deno.test("contenders come in the order named, each once; unknown names are all reported", () => {
  assert.deepEqual(names(contendersOf(["tempered", "nuts:none", "tempered"])), ["tempered", "nuts:none"]);
  assert.throws(
    () => contendersOf(["tempred", "advi", "nuts:some"]),
    (error) =>
      error instanceof InputError && error.problems.length === 2 &&
      /value "tempred": is not one of auto, chees.*"tempered"\?/.test(error.message) &&
      /nuts:some/.test(error.message),
  );
});

Deno.test("a contender has its method's sizes, times the effort, and nothing of another method's options", () => {
  const [nuts, alone] = contendersOf(["nuts", "nuts:none"]);
  const options = optionsOf(nuts, BASE, 2);
  assert.deepEqual(
    [options.method, options.warmup, options.draws, options.chains, options.pooling],
    ["nuts", 2 * METHODS.nuts.warmup, 2 * METHODS.nuts.draws, undefined, undefined],
  );
  assert.deepEqual([options.seed, options.holdout, options.series], [11, 0.2, BASE.series]);
  const four = optionsOf(alone, BASE, 1);
  assert.deepEqual([four.method, four.chains, four.pooling], ["nuts", 4, "none"]);
  assert.deepEqual([four.warmup, four.draws], [UNPOOLED.warmup, UNPOOLED.draws]);
  assert.equal(four.carry, undefined);
  const least = optionsOf(nuts, BASE, 0.001);
  assert.deepEqual([least.warmup, least.draws], [20, 10], "as few as a fit may be asked for");
});
