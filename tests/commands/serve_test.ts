/** `serve` on the command line: what it refuses, in one sentence each, and how tokens are made. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseTokens } from "../../lib/service/tokens.ts";
import { secretOf } from "../../lib/service/webhooks/webhook.ts";
import { openWebhookKey } from "../../lib/service/webhooks/key.ts";
import { startServer } from "../service/server.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)), MAIN = `${ROOT}main.ts`;

async function serve(line: string, directory: string) {
  const read = `--allow-read=${ROOT},${directory}`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      read,
      `--allow-write=${directory}`,
      "--allow-net=127.0.0.1",
      MAIN,
      "serve",
    ]
      .concat(line.split(" ")),
    cwd: directory,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("serve refuses what would be unsafe or cannot be", async () => {
  const directory = await Deno.makeTempDir();
  await Deno.writeTextFile(join(directory, "limits.json"), '{"rows": 0}');
  const lines = [
    ["--host 0.0.0.0", /--host, value "0\.0\.0\.0": can be reached by others, so a token is needed/],
    ["--host nowhere", /is no address/],
    ["--prot 3", /Did you mean "--port"/],
    ["--token-file none", /none: there is no such file/],
    ["--limits limits.json", /limits\.json, rows.*must be at least 1/],
    ["--new-token anna", /needs --token-file FILE/],
    [
      "--webhook-secret anna",
      /--webhook-secret, value "anna": without --token-file the only client is local/,
    ],
    ["--webhooks all", /--webhooks, value "all".*off, public, private/],
    ["--data /elsewhere", /lies outside of what the service may write to/],
    ["--data /elsewhere --webhook-secret local", /lies outside of what the service may write to/],
    [
      "--data limits.json",
      /--data, value ".*limits\.json": cannot be used \(Not a directory\b.*\); give another/,
    ],
    ["--token-file /elsewhere", /\/elsewhere: lies outside of what this command may read/],
    ["--token-file .", /\.: is a directory; give a file/],
    ["--limits /elsewhere", /\/elsewhere: lies outside of what this command may read/],
    ["--new-token anna --token-file /elsewhere", /\/elsewhere: lies outside of what this command may read/],
    [
      `--new-token anna --token-file ${ROOT}tokens`,
      /--token-file, value ".*tokens": lies outside of what .* service\/tokens/,
    ],
  ] as const;
  for (const [line, sentence] of lines) {
    const { code, err } = await serve(line, directory);
    assert.equal(code, 2, line);
    assert.match(err, sentence);
    assert.equal(err.trim().split("\n").length, 1, err);
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("serve makes tokens, keeps their hashes alone, and asks for them", async () => {
  const directory = await Deno.makeTempDir(), file = join(directory, "service", "tokens");
  const made = await serve("--new-token anna --token-file service/tokens", directory);
  assert.equal(made.code, 0, made.err);
  const token = made.out.trim(), text = await Deno.readTextFile(file);
  assert.ok(!text.includes(token));
  assert.equal(parseTokens(text, file).ownerOf(token), "anna");
  assert.equal((await serve("--new-token anna --token-file service/tokens", directory)).code, 2);
  assert.equal((await serve("--new-token ben --token-file service/tokens", directory)).code, 0);
  assert.equal((await Deno.stat(file)).mode! & 0o077, 0, "nobody else may read it");

  const server = await startServer(join(directory, "data"), {
    more: [`--token-file=${file}`],
    readable: [directory],
  });
  const status = async (headers: HeadersInit) => {
    const response = await fetch(`${server.url}/v1/fits`, { headers });
    await response.body?.cancel();
    return response.status;
  };
  assert.deepEqual([await status({}), await status({ Authorization: `Bearer ${token}` })], [401, 200]);
  assert.equal(await server.signal("SIGTERM"), 0);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("serve prints the secrets that webhooks are signed with, to whoever may read its directory", async () => {
  const directory = await Deno.makeTempDir(), tokens = "--token-file service/tokens";
  try {
    const first = await serve("--webhook-secret local", directory);
    assert.deepEqual([first.code, first.out.length], [0, "whsec_".length + 44 + 1], first.err);
    assert.equal((await serve("--webhook-secret local", directory)).out, first.out);
    const key = openWebhookKey(join(directory, "service"));
    assert.equal(first.out.trim(), secretOf(key, "local"));
    await serve(`--new-token anna ${tokens}`, directory);
    assert.equal(
      (await serve(`--webhook-secret anna ${tokens}`, directory)).out.trim(),
      secretOf(key, "anna"),
    );
    const nobody = await serve(`--webhook-secret ben ${tokens}`, directory);
    assert.equal(nobody.code, 2);
    assert.match(nobody.err, /service\/tokens has no token of that name/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
