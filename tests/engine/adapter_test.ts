import assert from "node:assert/strict";
import {
  adapterName,
  findAdapter,
  isSoftware,
  type LimitName,
  requireLimit,
} from "../../lib/engine/adapter.ts";
import { DeviceError } from "../../lib/errors.ts";

const LIMITS: Readonly<Record<LimitName, number>> = {
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxBufferSize: 2 ** 31 - 1,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
};

Deno.test("requireLimit lets through what fits, up to the limit itself", () => {
  requireLimit(LIMITS, "test GPU", "maxComputeWorkgroupStorageSize", 16384, "The kernel");
});

Deno.test("requireLimit says in one sentence both numbers and what to do", () => {
  const advice = "use fewer chains or draws, or add --engine cpu to compute on the processor instead.";
  assert.throws(
    () => requireLimit(LIMITS, "test GPU", "maxStorageBufferBindingSize", 1.5 * 2 ** 30, "The kernel"),
    new DeviceError(`The kernel needs 1.5 GiB in one storage buffer but test GPU allows 128 MiB; ${advice}`),
  );
  assert.throws(
    () => requireLimit(LIMITS, "test GPU", "maxStorageBuffersPerShaderStage", 9, "The kernel"),
    new DeviceError(`The kernel needs 9 storage buffers in one kernel but test GPU allows 8; ${advice}`),
  );
});

Deno.test("numbers in a limit sentence never read the same", () => {
  // 16385 bytes and 16384 bytes are both "16 KiB" when rounded.
  assert.throws(
    () => requireLimit(LIMITS, "test GPU", "maxComputeWorkgroupStorageSize", 16385, "The kernel"),
    { message: /needs 16385 bytes of workgroup memory but test GPU allows 16384 bytes/ },
  );
});

/** What a child process prints when it looks for an adapter. */
async function findInChild(env: Record<string, string>, permissions: readonly string[]) {
  const module = new URL("../../lib/engine/adapter.ts", import.meta.url).href;
  const code = `import { findAdapter } from ${JSON.stringify(module)};
    console.log((await findAdapter())?.info.description ?? "none");`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, code);
    const { XDG_RUNTIME_DIR: _, ...inherited } = Deno.env.toObject();
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", ...permissions, file],
      clearEnv: true,
      env: { ...inherited, ...env },
    });
    const { code: status, stdout, stderr } = await child.output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
    return { status, stdout: text(stdout), stderr: text(stderr) };
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("findAdapter is quiet without XDG_RUNTIME_DIR", async () => {
  const { status, stdout, stderr } = await findInChild({}, ["--allow-env"]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  assert.notEqual(stdout, "none");
});

Deno.test("findAdapter works without permission to read the environment", async () => {
  const { status, stdout } = await findInChild({}, []);
  assert.equal(status, 0);
  assert.notEqual(stdout, "none");
});

Deno.test("findAdapter gives undefined where there is no adapter", async () => {
  // No machine has both back ends: Direct3D exists on Windows alone, Metal on Apple's systems alone.
  const backend = Deno.build.os === "windows" ? "metal" : "dx12";
  const { status, stdout } = await findInChild({ DENO_WEBGPU_BACKEND: backend }, ["--allow-env"]);
  assert.deepEqual({ status, stdout }, { status: 0, stdout: "none" });
});

Deno.test("an adapter has a name and is known to be software or not", async () => {
  const adapter = await findAdapter();
  assert.ok(adapter !== undefined);
  assert.ok(adapterName(adapter.info).length > 2);
  const info = { description: "", device: "", architecture: "", vendor: "", isFallbackAdapter: false };
  const named = (over: Partial<typeof info>) => ({ ...info, ...over }) as GPUAdapterInfo;
  assert.equal(adapterName(named({ vendor: "0x10de", device: "H100" })), "H100");
  assert.equal(adapterName(named({})), "unnamed adapter");
  assert.equal(isSoftware(named({ description: "NVIDIA H100" })), false);
  assert.equal(isSoftware(named({ description: "llvmpipe (LLVM 15.0.6, 256 bits)" })), true);
  assert.equal(isSoftware(named({ description: "anything", isFallbackAdapter: true })), true);
});
