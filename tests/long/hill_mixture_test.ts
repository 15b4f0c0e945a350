import { withWebgpu } from "../engine/support.ts";
import { checkAccuracy, everyPreset } from "../kernels/hill_accuracy.ts";

Deno.test("log densities and gradients agree with the f64 reference for every K, J and T", async (t) => {
  for (const components of [1, 2, 3, 4, 5, 6, 7, 8]) {
    for (const controls of [0, 2, 7]) {
      await t.step(`K=${components}, J=${controls}`, () =>
        withWebgpu((engine) =>
          checkAccuracy(engine, [
            ...[30, 200].flatMap((rows) =>
              [false, true].flatMap((sparse) => everyPreset(components, controls, rows, sparse))
            ),
            ...everyPreset(components, controls, 2000, controls === 2),
          ])
        ));
    }
  }
});
