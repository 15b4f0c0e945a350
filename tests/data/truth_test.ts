import assert from "node:assert/strict";
import { PROCESS_NAMES, simulateSeries } from "../../lib/data/simulate.ts";
import { parseTruth, truthPath } from "../../lib/data/truth.ts";
import { InputError } from "../../lib/errors.ts";
import { seriesFrom } from "../inputs.ts";

const SIMULATION = simulateSeries("mixture_k3", 2, 50), { truth } = SIMULATION;
const SERIES = seriesFrom(SIMULATION);

Deno.test("the truth lies beside the data under its name", () => {
  assert.equal(truthPath("data/sim.csv"), "data/sim.truth.json");
  assert.equal(truthPath("a.b/sim"), "a.b/sim.truth.json");
});

Deno.test("a truth reads back as it was simulated", () => {
  assert.deepEqual(parseTruth(JSON.stringify(truth), SERIES, "sim.truth.json"), truth);
});

Deno.test("the truth of right data is never refused, whatever the process", () => {
  // 100 series, each refused with probability under 1e-7.
  for (let seed = 0; seed < 25; seed++) {
    for (const process of PROCESS_NAMES) {
      const simulation = simulateSeries(process, seed, 30);
      const series = { ...SERIES, spend: simulation.spend, response: simulation.response };
      assert.equal(parseTruth(JSON.stringify(simulation.truth), series, "truth").seed, seed);
    }
  }
});

Deno.test("what is no truth, or that of other data, is refused with a sentence", () => {
  const other = simulateSeries("mixture_k3", 3, 50).truth, longer = simulateSeries("mixture_k3", 2, 60).truth;
  const cases: [string, RegExp][] = [
    ["{", /sim\.truth\.json: is not a truth as simulate writes it/],
    [JSON.stringify({ ...truth, curves: [] }), /is not a truth/],
    [JSON.stringify(longer), /is the truth of 60 rows, and the data have 50/],
    [JSON.stringify(other), /is not the truth of this data: the response does not scatter/],
  ];
  for (const [text, message] of cases) {
    assert.throws(
      () => parseTruth(text, SERIES, "sim.truth.json"),
      (error) => error instanceof InputError && message.test(error.message),
    );
  }
});
