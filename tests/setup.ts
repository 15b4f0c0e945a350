/**
 * Run before the tests: makes sure that there is a WebGPU adapter, so that no kernel test is ever skipped.
 * Where there is none, Debian's software adapter is installed if this is root on a Debian system; otherwise
 * this fails and says how.
 *
 *     deno run --allow-run --allow-read --allow-env tests/setup.ts
 */
import { adapterName, findAdapter } from "../lib/engine/adapter.ts";

const PACKAGES = ["mesa-vulkan-drivers", "libvulkan1"];
const QUIET_APT = { DEBIAN_FRONTEND: "noninteractive" };
const HOW =
  "The kernel tests need a WebGPU adapter: install a graphics driver for Vulkan, Metal or Direct3D 12 " +
  `(a software one will do: as root on Debian or Ubuntu, apt-get install ${
    PACKAGES.join(" ")
  }), then run again.`;

/** Looks in a process of its own: a driver installed meanwhile is only seen by a new one. */
async function probe(): Promise<boolean> {
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

/** Whether the software adapter could be installed. */
async function install(): Promise<boolean> {
  if (await outputOf("id", "-u") !== "0" || await outputOf("apt-get", "--version") === undefined) {
    return false;
  }
  console.log(`No WebGPU adapter: installing ${PACKAGES.join(" and ")}`);
  return await outputOf("apt-get", "update") !== undefined &&
    await outputOf("apt-get", "install", "--yes", "--no-install-recommends", ...PACKAGES) !== undefined;
}

if (Deno.args[0] === "--probe") {
  const adapter = await findAdapter();
  if (adapter !== undefined) console.log(`Tests run on ${adapterName(adapter.info)}`);
  Deno.exit(adapter === undefined ? 1 : 0);
}

if (!await probe() && !(await install() && await probe())) {
  console.error(HOW);
  Deno.exit(1);
}
