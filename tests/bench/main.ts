/** The benchmarks by name, and the header that says what machine the figures are from. */
import { adapterName, findAdapter, isSoftware } from "../../lib/engine/adapter.ts";
import { InputError } from "../../lib/errors.ts";
import { formatSeconds } from "../../lib/report/format.ts";
import { didYouMean } from "../../lib/suggest.ts";
import { VERSION } from "../../lib/version.ts";
import type { Benchmark, Subject } from "./benchmark.ts";
import { ess } from "./ess.ts";
import { nuts } from "./nuts.ts";
import { peers } from "./peers.ts";
import { plain } from "./plain.ts";
import { throughput } from "./throughput.ts";

/** Every benchmark, in the order they run. */
export const BENCHMARKS = { plain, throughput, ess, nuts, peers } as const satisfies Record<
  string,
  Benchmark
>;

/** `quick` runs a subset of every benchmark; the others run in full. */
const NAMES = [...Object.keys(BENCHMARKS), "quick", "all"];

/** The machine, as far as a program may see it. */
interface Machine {
  readonly hillmix: string;
  readonly deno: string;
  readonly system: string;
  readonly cores: number;
  /** Null where there is none. */
  readonly adapter: string | null;
  /** Whether the adapter is software on the processor's own cores. */
  readonly software: boolean;
  /** Processes that wanted a core in the last minute; null where it may not be read. */
  readonly load: number | null;
}

/**
 * Runs benchmarks.
 *
 * @param name one of them, `quick` or `all`; all when undefined
 * @param json whether to print the figures as JSON alone
 * @param write takes the output
 * @param subject the user's data, which only `peers` takes
 * @throws InputError when there is no such benchmark
 * @throws DeviceError when there is no adapter
 */
export async function runBenchmarks(
  name: string | undefined,
  json: boolean,
  write: (text: string) => void,
  subject?: Subject,
): Promise<void> {
  if (name !== undefined && !NAMES.includes(name)) {
    const message = `there is no such benchmark.${didYouMean(name, NAMES)} There are ${NAMES.join(", ")}.`;
    throw new InputError([{ where: "bench", value: name, message }]);
  }
  if (subject !== undefined && name !== "peers") {
    throw new InputError([{ where: "bench", message: "only bench peers takes data of your own." }]);
  }
  const say = json ? () => {} : write;
  const machine = await describeMachine(), figures: Record<string, unknown> = {};
  say(headerOf(machine));
  for (const [each, { title, run }] of Object.entries(BENCHMARKS)) {
    if (name !== undefined && name !== each && name !== "all" && name !== "quick") continue;
    say(`\n${title}\n`);
    const began = performance.now();
    figures[each] = await run({
      quick: name === "quick",
      write: say,
      ...(subject === undefined ? {} : { subject }),
    });
    say(`(${each}: ${formatSeconds((performance.now() - began) / 1000)})\n`);
  }
  if (json) write(`${JSON.stringify({ machine, ...figures }, null, 2)}\n`);
}

async function describeMachine(): Promise<Machine> {
  const info = (await findAdapter())?.info;
  const mayAsk = Deno.permissions.querySync({ name: "sys", kind: "loadavg" }).state === "granted";
  return {
    hillmix: VERSION,
    deno: Deno.version.deno,
    system: `${Deno.build.os} ${Deno.build.arch}`,
    cores: navigator.hardwareConcurrency,
    adapter: info === undefined ? null : adapterName(info),
    software: info !== undefined && isSoftware(info),
    load: mayAsk ? Deno.loadavg()[0] : null,
  };
}

function headerOf({ hillmix, deno, system, cores, adapter, software, load }: Machine): string {
  const where = software
    ? `${adapter}, a software adapter on the processor's own cores: no graphics card is in these figures`
    : adapter ?? "none";
  const busy = load === null ? "" : `; ${load.toFixed(1)} processes wanted one in the last minute`;
  return `hillmix ${hillmix} on Deno ${deno}, ${system}, ${cores} cores${busy}\nAdapter: ${where}\n`;
}
