/** The study of two stages (two_stage_study.ts, which takes a hundred series) on three of them. */
import assert from "node:assert/strict";
import { openEngine } from "../../lib/engine/open.ts";
import { runStudy, table } from "./two_stage_study.ts";

// What is asserted follows from the construction, by margins many times what another seed would move it by.
Deno.test("on three series the study finds what each carry is bound to do", async () => {
  const { engine } = await openEngine("webgpu");
  try {
    const ways = await runStudy(engine, 3, 8), text = table(ways);
    console.log(text);
    assert.ok(!/NaN|Infinity/.test(text));
    const of = (name: string, quantity: number) =>
      ways.find((way) => way.name === name)!.found.map((each) => each[quantity]!);
    const [alpha, sigma, intercept, total] = [0, 1, 2, 3];
    for (let i = 0; i < 3; i++) {
      const joint = (quantity: number) => of("joint", quantity)[i]!.width;
      assert.ok(of("plug-in", intercept!)[i]!.width < 0.05 * joint(intercept!), "fixed");
      assert.ok(
        of("plug-in", total!)[i]!.width < 0.5 * joint(total!),
        "and with it most of the contribution",
      );
      assert.ok(
        of("prior", intercept!)[i]!.width < of("stage one", intercept!)[i]!.width,
        "rows count twice",
      );
      // A single curve takes the distance between curves for noise.
      assert.ok(of("stage one", sigma!)[i]!.error > of("joint", sigma!)[i]!.error);
      const ratio = of("cut", alpha!)[i]!.width / joint(alpha!);
      assert.ok(ratio > 0.6 && ratio < 1.6, `alpha is learnt anew in stage two: ${ratio}`);
    }
  } finally {
    await engine.close();
  }
});
