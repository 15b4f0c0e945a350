import assert from "node:assert/strict";
import fc from "fast-check";
import type { TargetKernel } from "../../kernels/targets/target.ts";
import { tuningVectors } from "../../kernels/samplers/hmc.ts";
import type { LimitName } from "../../lib/engine/adapter.ts";
import { requireLimit } from "../../lib/engine/adapter.ts";
import type { Gpu } from "../../lib/engine/device.ts";
import { planFor, spreadingStride } from "../../lib/engine/launch_plan.ts";

const LIMITS = { maxComputeWorkgroupStorageSize: 32768, maxUniformBufferBindingSize: 65536 };

/** As much of a device as planning looks at. */
function device(software: boolean, limits: Partial<typeof LIMITS> = {}): Gpu {
  const all = { ...LIMITS, ...limits };
  return {
    software,
    adapterName: "made-up adapter",
    limits: all,
    require: (name: LimitName, needed: number, what: string) =>
      requireLimit(all as unknown as Record<LimitName, number>, "made-up adapter", name, needed, what),
  } as unknown as Gpu;
}

/** A target of `tables` problems with tables of so many vectors each. */
function target(rows: number, dim: number, tables?: number[], accumulators = 20): TargetKernel {
  return {
    file: "targets/made_up.wgsl",
    source: "",
    constants: { DIM: dim },
    tables: tables?.map((vectors) => ({
      header: () => new Uint32Array(4),
      vectors: new Float32Array(4 * vectors),
    })),
    data: undefined,
    accumulators,
    rows,
    terms: rows,
  };
}

Deno.test("a software adapter gets one lane per chain, hardware as many as keep it busy", () => {
  const lanes = (software: boolean, chains: number) =>
    planFor(device(software), target(200, 19, [200]), chains).lanes;
  assert.deepEqual([64, 1024, 1 << 20].map((chains) => lanes(true, chains)), [1, 1, 1]);
  assert.deepEqual([64, 1024, 2048, 8192, 65536].map((chains) => lanes(false, chains)), [64, 64, 32, 8, 1]);
});

Deno.test("a plan fills whole workgroups, and lanes by name win over the rule", () => {
  for (const software of [true, false]) {
    for (const lanes of [undefined, 1, 4, 8, 32, 64]) {
      const plan = planFor(device(software), target(200, 19, [200]), 256, lanes);
      assert.equal(plan.lanes * plan.chainsPerGroup, plan.workgroup);
      if (lanes !== undefined) assert.equal(plan.lanes, lanes);
    }
  }
});

Deno.test("a target without rows to share out keeps one lane per chain, even when lanes are asked for", () => {
  assert.equal(planFor(device(false), target(1, 5, undefined, 0), 64).lanes, 1);
  assert.equal(planFor(device(false), target(1, 5, undefined, 0), 64, 8).lanes, 1);
});

Deno.test("too little workgroup memory means one lane by rule, and a sentence when lanes were asked for", () => {
  const small = device(false, { maxComputeWorkgroupStorageSize: 4096 });
  assert.equal(planFor(small, target(200, 19, [200]), 64).lanes, 1);
  assert.throws(() => planFor(small, target(200, 19, [200]), 64, 64), {
    name: "DeviceError",
    message: /^Sharing a chain between 64 lanes needs 5.5 KiB of workgroup memory but .* allows 4 KiB/,
  });
});

Deno.test("no launch on a software adapter has an invocation run 65535 loop turns", () => {
  const rows = fc.integer({ min: 30, max: 60000 }), dim = fc.integer({ min: 5, max: 60 });
  fc.assert(fc.property(rows, dim, (T, D) => {
    const { maxBudget } = planFor(device(true), target(T, D, [T]), 64);
    // Of every gradient: its rows, and two products of D rows each.
    assert.ok(maxBudget >= 1 && maxBudget * (T + 2 * D) < 65535);
  }));
  assert.equal(planFor(device(false), target(200, 19, [200]), 64).maxBudget, Infinity);
  assert.throws(() => planFor(device(true), target(70000, 19, [70000]), 64), {
    name: "DeviceError",
    message: /65535 turns, too few for the rows.*--engine cpu/,
  });
});

Deno.test("software adapters read tables from uniform buffers, in sets that fit", () => {
  const sizes = fc.array(fc.integer({ min: 40, max: 5000 }), { minLength: 1, maxLength: 40 });
  fc.assert(fc.property(sizes, fc.integer({ min: 5, max: 40 }), (tables, dim) => {
    const plan = planFor(device(true), target(100, dim, tables), 8 * tables.length);
    const limit = LIMITS.maxUniformBufferBindingSize / 16;
    assert.equal(plan.uniform, Math.max(...tables) <= limit);
    assert.ok(plan.problemsPerSet >= 1 && plan.problemsPerSet <= tables.length);
    if (!plan.uniform) {
      assert.equal(plan.problemsPerSet, tables.length);
      assert.ok(plan.tableVectors >= tables.reduce((sum, size) => sum + size, 0));
      return;
    }
    assert.ok(plan.tableVectors <= limit && plan.problemsPerSet * tuningVectors(dim) <= limit);
    for (let first = 0; first < tables.length; first += plan.problemsPerSet) {
      const set = tables.slice(first, first + plan.problemsPerSet);
      assert.ok(set.reduce((sum, size) => sum + size, 0) <= plan.tableVectors);
    }
  }));
  assert.equal(planFor(device(false), target(100, 19, [100, 200]), 64).uniform, false);
});

Deno.test("workgroups take every group once, and each quarter of them its share of every stretch", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 3000 }), (workgroups) => {
    const stride = spreadingStride(workgroups);
    const taken = Array.from({ length: workgroups }, (_, w) => (w * stride) % workgroups);
    assert.equal(new Set(taken).size, workgroups);
  }));
  // 36 groups over 4 threads, work falling with the group's number: no thread gets more than a fifth above its share.
  const stride = spreadingStride(36), work = (group: number) => 36 - group;
  const loads = [0, 1, 2, 3].map((thread) =>
    Array.from({ length: 9 }, (_, i) => work(((9 * thread + i) * stride) % 36)).reduce((sum, w) => sum + w, 0)
  );
  assert.ok(Math.max(...loads) < 1.2 * loads.reduce((sum, load) => sum + load, 0) / 4, `${loads}`);
});
