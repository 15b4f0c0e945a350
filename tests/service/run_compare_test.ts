/** Comparisons in the process that computes, of which earlier attempts left all, some or none of the methods. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openCpu } from "../../lib/engine/cpu.ts";
import { CheckpointFile } from "../../lib/runs/checkpoint.ts";
import { COMPARE_FILE, readCompare } from "../../lib/runs/compare.ts";
import type { JobResumePoint } from "../../lib/service/job.ts";
import { KEPT_SUFFIX } from "../../lib/service/kept_methods.ts";
import { runCompare } from "../../lib/service/run_compare.ts";
import { timeless } from "../compare/timeless.ts";
import { inTemporary } from "../runs/temporary.ts";

inTemporary("an attempt runs the methods that the one before it did not end", async (out) => {
  const engine = openCpu();
  try {
    const begun: string[] = [], resumed: JobResumePoint[] = [];
    /** One attempt. */
    const attempt = async () => {
      begun.length = resumed.length = 0;
      const checkpoint = new CheckpointFile(out);
      const end = await runCompare(
        {
          kind: "compare",
          id: "c",
          request: { methods: ["advi", "pathfinder"], components: 1, effort: 0.05, seed: 2 },
          table: null,
          out,
        },
        {
          opened: { engine },
          onProgress({ comparison }) {
            const { method } = comparison!.methods[comparison!.at];
            if (begun.at(-1) !== method) begun.push(method);
          },
          onResume: (at) => resumed.push(at),
          signal: new AbortController().signal,
          checkpoint,
        },
        () => assert.fail("no method ended with an error"),
      );
      await checkpoint.close();
      return { end, report: timeless(await readCompare(out)) };
    };
    const whole = await attempt();
    assert.deepEqual([begun, resumed], [["advi", "pathfinder"], []]);
    const place = { method: "pathfinder", phase: "data", done: 0, total: 1 };
    for (const left of [["advi"], ["advi", "pathfinder"]]) {
      await Deno.remove(join(out, COMPARE_FILE));
      if (!left.includes("pathfinder")) await Deno.remove(join(out, `pathfinder${KEPT_SUFFIX}`));
      assert.deepEqual(await attempt(), whole);
      assert.deepEqual(begun, ["advi", "pathfinder"].filter((method) => !left.includes(method)));
      assert.deepEqual(resumed, [place]);
    }
  } finally {
    await engine.close();
  }
});
