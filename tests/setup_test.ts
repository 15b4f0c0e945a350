import assert from "node:assert/strict";
import { join } from "node:path";

/** Runs setup.ts where `id` and `apt-get` are scripts that only write down how they were called. */
async function runSetup({ user, env }: { user: string; env: Record<string, string> }) {
  const folder = await Deno.makeTempDir();
  try {
    const log = join(folder, "log"), script = { mode: 0o755 };
    await Deno.writeTextFile(join(folder, "id"), `#!/bin/sh\necho ${user}\n`, script);
    await Deno.writeTextFile(join(folder, "apt-get"), `#!/bin/sh\necho "$@" >> ${log}\n`, script);
    await Deno.writeTextFile(log, "");
    const setup = new URL("./setup.ts", import.meta.url).href;
    const output = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--allow-run", "--allow-read", "--allow-env", setup],
      env: { PATH: folder, ...env },
    }).output();
    const calls = (await Deno.readTextFile(log)).split("\n").filter((line) => line !== "");
    return { success: output.success, stderr: new TextDecoder().decode(output.stderr), calls };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const NO_ADAPTER = { DENO_WEBGPU_BACKEND: "dx12" };
const NO_BROWSER = { CHROMIUM: "/nowhere/chromium" };

Deno.test("setup leaves a machine alone that has an adapter and a browser", async () => {
  const { success, calls } = await runSetup({ user: "0", env: {} });
  assert.deepEqual({ success, calls }, { success: true, calls: [] });
});

Deno.test("setup installs the software adapter as root on Debian, and fails if that did not help", async () => {
  const { success, stderr, calls } = await runSetup({ user: "0", env: NO_ADAPTER });
  assert.equal(success, false);
  assert.deepEqual(calls, [
    "--version",
    "update",
    "install --yes --no-install-recommends mesa-vulkan-drivers libvulkan1",
  ]);
  assert.match(stderr, /The kernel tests need a WebGPU adapter: .* then run again\./);
});

Deno.test("setup installs a browser where there is none", async () => {
  const { success, stderr, calls } = await runSetup({ user: "0", env: NO_BROWSER });
  assert.equal(success, false);
  assert.equal(calls.at(-1), "install --yes --no-install-recommends chromium");
  assert.match(stderr, /The tests of the page need Chromium or Chrome: .* then run again\./);
});

Deno.test("setup says how when it may not install anything", async () => {
  const { success, stderr, calls } = await runSetup({ user: "1000", env: { ...NO_ADAPTER, ...NO_BROWSER } });
  assert.deepEqual({ success, calls }, { success: false, calls: [] });
  assert.match(stderr, /The kernel tests need a WebGPU adapter: .* then run again\./);
  assert.match(stderr, /The tests of the page need Chromium or Chrome: .* then run again\./);
});
