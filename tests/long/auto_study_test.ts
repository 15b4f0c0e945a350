/** Three cases of the study of `auto` (auto_study.ts, which runs all sixty), and what it makes of its results. */
import assert from "node:assert/strict";
import { openEngine } from "../../lib/engine/open.ts";
import { CASES } from "./auto_cases.ts";
import { isWrong, readResults, type Result, runCase, summary } from "./auto_study.ts";

// About 60 means, fixed by their seeds: for others one crosses four standard errors by chance in 0.4% of runs.
Deno.test("three simulated series: what auto passes, a longer tempered run confirms", async () => {
  const simulated = CASES.flatMap(({ name, components }, i) =>
    name.startsWith("single") && components < 3 ? [i] : []
  );
  const opened = await openEngine("webgpu");
  try {
    for (const index of simulated.slice(0, 3)) {
      const result = (await runCase(index, opened))!;
      console.log(summary([result]));
      assert.ok(!isWrong(result), JSON.stringify(result.worst[0]));
      assert.ok(result.auto.status === "pass" && result.reference.status === "pass", result.name);
    }
  } finally {
    await opened.engine.close();
  }
});

Deno.test("any first part of the study is a mix of few and many curves, simulated and real", () => {
  assert.equal(CASES.length, 60);
  for (const end of [10, 20, 40]) {
    const part = CASES.slice(0, end),
      share = (holds: (one: typeof part[number]) => boolean, all = part) =>
        all.filter(holds).length / all.length;
    for (
      const kind of [
        ({ components }: typeof part[number]) => components === 1,
        ({ components }: typeof part[number]) => components > 2,
        ({ name }: typeof part[number]) => name.includes("seed"),
        ({ preset }: typeof part[number]) => preset !== "baseline",
      ]
    ) assert.ok(Math.abs(share(kind) - share(kind, [...CASES])) < 0.15, `${kind} of the first ${end}`);
  }
});

Deno.test("a study that was killed is read up to its last whole line, and goes on from there", async () => {
  const path = await Deno.makeTempFile();
  try {
    const result = made({ errors: Infinity });
    await Deno.writeTextFile(path, JSON.stringify(result) + "\n" + JSON.stringify(result).slice(0, 50));
    assert.deepEqual(await readResults(path), [result]);
    assert.equal(await Deno.readTextFile(path), JSON.stringify(result) + "\n");
  } finally {
    await Deno.remove(path);
  }
  assert.deepEqual(await readResults(path), []);
});

Deno.test("only a pass can be wrong, and one that cannot be compared is", () => {
  assert.deepEqual(
    [
      made({ errors: 3.9 }),
      made({ errors: 4.1 }),
      made({ errors: Infinity }),
      made({ errors: 4.1 }, "review"),
    ].map(
      isWrong,
    ),
    [false, true, true, false],
  );
  const text = summary([made({ errors: 1 }), made({ errors: 5.25 })]);
  assert.match(text, /more than 4 combined standard errors: 1 of 2\. Of 50 means compared, .* 0\.00 beyond/);
  assert.match(text, /case 7 .*mean of alpha 0\.5000, reference \(pass\) 0\.4000, 5\.3 errors apart/);
});

function made({ errors }: { errors: number }, status = "pass"): Result {
  const fitted = { status, total_s: 10, gradients: 1e6, max_rhat: 1.002, min_ess_bulk: 9000 };
  return {
    case: 7,
    name: "single, 60 rows, seed 1",
    components: 2,
    preset: "baseline",
    auto: { ...fitted, answer: "chees", steps: [{ method: "chees", status, found: "64 chains agree" }] },
    reference: { ...fitted, status: "pass", draws_per_ladder: 1600, fewest_trips: 90 },
    means: 25,
    worst: [{ name: "alpha", at: "mean", first: 0.4, second: 0.5, errors }],
    shares: [],
  };
}
