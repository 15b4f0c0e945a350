/** `doctor`: what this machine offers, which engine a fit would take, and how fast it is. */
import { adapterName, findAdapter, isSoftware, REQUESTED_LIMITS } from "../engine/adapter.ts";
import { selfTest } from "../engine/self_test.ts";
import { DeviceError, InputError } from "../errors.ts";
import { formatCount, formatLarge } from "../report/format.ts";
import { hang } from "../report/layout.ts";
import type { Sink, Terminal } from "../report/terminal.ts";
import { VERSION } from "../version.ts";
import { defineCommand, Exit } from "./command.ts";

const TEST_SECONDS = 5;

export const doctor = defineCommand({
  name: "doctor",
  summary:
    "Show the adapter and its limits, the engine a fit would take, and the speed of each in a short test.",
  positionals: [],
  options: {},
  example: "doctor",
  async run({ problems }, { out, err }: Terminal) {
    if (problems.length > 0) throw new InputError(problems);
    const say = (label: string, text: string) => sayLine(out, label, text);
    say("hillmix", `${VERSION} on Deno ${Deno.version.deno}`);
    say("Machine", `${Deno.build.os} ${Deno.build.arch}, ${navigator.hardwareConcurrency} processor cores`);

    const adapter = await findAdapter();
    if (adapter === undefined) {
      say(
        "Adapter",
        "none: hillmix computes on the processor. A graphics driver with Vulkan, Metal or D3D12 helps.",
      );
    } else {
      say(
        "Adapter",
        adapterName(adapter.info) + (isSoftware(adapter.info) ? " (software, on the processor)" : ""),
      );
      for (const limit of REQUESTED_LIMITS) say("", `${limit} ${formatCount(adapter.limits[limit])}`);
    }

    const engines = adapter === undefined ? ["cpu"] as const : ["webgpu", "cpu"] as const;
    say("Engine", `auto takes ${engines[0]}`);
    let healthy = true;
    for (const engine of engines) {
      err.write(`testing ${engine} for ${TEST_SECONDS} s ...\n`);
      healthy = await testEngine(engine, out) && healthy;
    }
    return healthy ? Exit.done : Exit.internal;
  },
});

/** Runs one engine's test and says how it went; whether it gave the right numbers. */
async function testEngine(engine: "webgpu" | "cpu", out: Sink): Promise<boolean> {
  try {
    const { gradientsPerSecond, gradientError, passed } = await selfTest(engine, TEST_SECONDS);
    const speed = `${formatLarge(gradientsPerSecond)} gradients per second`;
    const error = `largest relative error ${gradientError.toExponential(1)} against the reference`;
    sayLine(
      out,
      engine,
      passed ? `${out.paint("green", "good")}: ${speed}, ${error}` : `wrong results: ${error}`,
    );
    return passed;
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    sayLine(out, engine, `does not work: ${error.message}`);
    return false;
  }
}

function sayLine(out: Sink, label: string, text: string): void {
  out.write(hang(label.padEnd(10), text, out.width()).join("\n") + "\n");
}
