/**
 * Run before the tests: makes sure that there is what they need beside Deno, so that none is ever skipped: a WebGPU
 * adapter for the kernels and Chromium for the page. What is missing is installed if this is root on a Debian system;
 * otherwise this fails and says how.
 *
 *     deno run --allow-run --allow-read --allow-env tests/setup.ts
 */
import { adapterName, findAdapter } from "../lib/engine/adapter.ts";
import { findChromium } from "./page/chromium.ts";

interface Need {
  readonly packages: readonly string[];
  /** What to say where they cannot be installed. */
  readonly how: string;
  isThere(): boolean | Promise<boolean>;
}

const byApt = (packages: readonly string[]) =>
  `as root on Debian or Ubuntu, apt-get install ${packages.join(" ")}`;

const DRIVER = ["mesa-vulkan-drivers", "libvulkan1"], BROWSER = ["chromium"];
const NEEDS: readonly Need[] = [
  {
    packages: DRIVER,
    how:
      "The kernel tests need a WebGPU adapter: install a graphics driver for Vulkan, Metal or Direct3D 12 " +
      `(a software one will do: ${byApt(DRIVER)}), then run again.`,
    isThere: hasAdapter,
  },
  {
    packages: BROWSER,
    how:
      `The tests of the page need Chromium or Chrome: install it (${byApt(BROWSER)}), or say where it is ` +
      "with CHROMIUM=/path/to/chromium, then run again.",
    isThere: () => findChromium() !== undefined,
  },
];
const QUIET_APT = { DEBIAN_FRONTEND: "noninteractive" };

/** Looks in a process of its own: a driver installed meanwhile is only seen by a new one. */
async function hasAdapter(): Promise<boolean> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-env", import.meta.url, "--probe"],
    stdout: "inherit",
    stderr: "inherit",
  });
  try {
    return (await command.output()).success;
  } catch (error) {
    throw new Error(`Cannot start ${Deno.execPath()}, which the tests do too: run them with --allow-run`, {
      cause: error,
    });
  }
}

/** Output of a command, or undefined where it does not exist or fails. */
async function outputOf(name: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(name, { args, stderr: "inherit", env: QUIET_APT })
      .output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function install(packages: readonly string[]): Promise<void> {
  if (await outputOf("id", "-u") !== "0" || await outputOf("apt-get", "--version") === undefined) return;
  console.log(`Installing ${packages.join(" and ")}, which the tests need`);
  await outputOf("apt-get", "update") !== undefined &&
    await outputOf("apt-get", "install", "--yes", "--no-install-recommends", ...packages);
}

async function missing(needs: readonly Need[]): Promise<Need[]> {
  const there = await Promise.all(needs.map((need) => need.isThere()));
  return needs.filter((_, i) => !there[i]);
}

if (Deno.args[0] === "--probe") {
  const adapter = await findAdapter();
  if (adapter !== undefined) console.log(`Tests run on ${adapterName(adapter.info)}`);
  Deno.exit(adapter === undefined ? 1 : 0);
}

const wanted = await missing(NEEDS);
if (wanted.length > 0) {
  await install(wanted.flatMap(({ packages }) => packages));
  const still = await missing(wanted);
  for (const { how } of still) console.error(how);
  if (still.length > 0) Deno.exit(1);
}
