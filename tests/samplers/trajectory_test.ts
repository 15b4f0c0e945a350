import assert from "node:assert/strict";
import fc from "fast-check";
import { jitterOf, leapfrogCount, leapfrogSchedule, vanDerCorput } from "../../lib/samplers/trajectory.ts";
import { plainTuning } from "../engine/support.ts";

Deno.test("the van der Corput sequence mirrors the bits of its index", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7].map(vanDerCorput), [0.5, 0.25, 0.75, 0.125, 0.625, 0.375, 0.875]);
  assert.equal(vanDerCorput(2 ** 31), 2 ** -32);
});

Deno.test("any 2^k neighbouring jitters fall one into each of 2^k equal parts of (0, 1)", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 8 }), fc.nat(1000), (power, block) => {
    const parts = 2 ** power, first = block * parts;
    const hit = new Set(Array.from({ length: parts }, (_, i) => Math.floor(parts * vanDerCorput(first + i))));
    assert.equal(hit.size, parts);
  }));
  for (let counter = 0; counter < 5000; counter++) assert.ok(jitterOf(counter) > 0 && jitterOf(counter) < 1);
});

Deno.test("a trajectory has its jittered length, at least one step and at most as many as allowed", () => {
  const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  const most = fc.integer({ min: 1, max: 1024 });
  fc.assert(
    fc.property(number(1e-4, 2), number(1e-4, 100), most, fc.nat(10_000), (step, length, limit, counter) => {
      const tuning = { ...plainTuning(1, step, limit), trajectoryLength: length };
      const count = leapfrogCount(tuning, counter), wanted = jitterOf(counter) * length;
      assert.ok(Number.isInteger(count) && count >= 1 && count <= limit);
      if (count < limit) assert.ok(count * step >= wanted * (1 - 1e-12));
      if (count > 1) assert.ok((count - 1) * step < wanted);
    }),
  );
  for (const step of [0, NaN]) assert.equal(leapfrogCount({ ...plainTuning(1, 1, 9), stepSize: step }, 3), 1);
});

Deno.test("a schedule has the count of every transition and problem, counters going on", () => {
  const tuning = [plainTuning(2, 0.1, 50), plainTuning(2, 0.3, 7)];
  const schedule = leapfrogSchedule(tuning, 100, 6);
  assert.equal(schedule.length, 12);
  for (let i = 0; i < 6; i++) {
    tuning.forEach((one, p) => assert.equal(schedule[i * 2 + p], leapfrogCount(one, 100 + i)));
  }
  assert.deepEqual(leapfrogSchedule(tuning, 103, 3), schedule.subarray(6));
});
