/** Twenty fits in one process on WebGPU, the resident memory in bytes after each on a line: see memory_test.ts. */
import { simulateSeries, simulationCsv } from "../../lib/data/simulate.ts";
import { fitSeries, seriesOf } from "../bench/support.ts";

const FITS = Number(Deno.args[0]);
/** Given by `--expose-gc`: what is measured is what is still held, not what is not collected yet. */
const { gc } = globalThis as unknown as { gc(): void };

const series = seriesOf(
  new TextEncoder().encode(simulationCsv(simulateSeries("mixture_k2", 1))),
  "simulated",
);
for (let seed = 1; seed <= FITS; seed++) {
  await fitSeries({ series, components: 2, seed, engine: "webgpu" });
  gc();
  await new Promise((resolve) => setTimeout(resolve, 100)); // a closed engine's Worker ends in its own time
  gc();
  console.log(Deno.memoryUsage().rss);
}
