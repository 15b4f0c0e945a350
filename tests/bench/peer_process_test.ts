import assert from "node:assert/strict";
import { z } from "zod";
import { type PeerProgram, type PeerResult, runPeer } from "./peer_process.ts";

const schema = z.object({ sum: z.number() });
const JOB = { numbers: [1, 2] };

/** Runs `use` with a program that does what `lines` of shell say, in a folder of its own. */
async function withProgram(
  lines: string,
  use: (program: PeerProgram, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir(), program = `${folder}/peer`;
  try {
    await Deno.writeTextFile(program, `#!/bin/sh\ncd ${folder}\n${lines}\n`, { mode: 0o755 });
    await use({ title: "Peer", program, words: ["--fast"], install: "get-peer now" }, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A shell line that starts a child which beats until it is killed. */
const BEAT = "(while :; do echo x >> beat; sleep 0.05; done) &";

/** Waits for the first beat. */
async function beating(folder: string): Promise<void> {
  while (await Deno.stat(`${folder}/beat`).then(() => false, () => true)) await sleep(20);
}

async function assertQuiet(folder: string): Promise<void> {
  const { size } = await Deno.stat(`${folder}/beat`);
  await sleep(300);
  assert.equal((await Deno.stat(`${folder}/beat`)).size, size, "a process was left running");
}

function assertWithout<T>({ value, why }: PeerResult<T>, pattern: RegExp): void {
  assert.equal(value, undefined);
  assert.match(why!, pattern);
}

Deno.test("a peer that is not here has a sentence that says how to install it", async () => {
  const peer = { title: "Peer", program: "/nowhere/peer", words: [], install: "get-peer now" };
  assertWithout(
    await runPeer(peer, JOB, schema),
    /^Peer was left out: there is no program \/nowhere\/peer here\. To install it: get-peer now \(/,
  );
});

Deno.test("a peer without a package it needs says which", () =>
  withProgram("echo 'Python has no jax.' >&2; exit 3", async (peer) => {
    assertWithout(await runPeer(peer, JOB, schema), /left out: Python has no jax\. To install it: get-peer/);
  }));

Deno.test("a failing peer is told by its last words", () =>
  withProgram("echo 'no column spend' >&2; exit 1", async (peer) => {
    assertWithout(await runPeer(peer, JOB, schema), /^Peer failed:\nno column spend$/);
  }));

Deno.test("the job reaches the peer on its standard input, the options on its command line", () =>
  withProgram(
    `[ "$*" = "--fast" ] && [ "$(cat)" = '${JSON.stringify(JOB)}' ] && echo '{"sum": 3}'`,
    async (peer) => assert.deepEqual(await runPeer(peer, JOB, schema), { value: { sum: 3 } }),
  ));

Deno.test("a job larger than a pipe holds reaches a peer that never reads it without harm", () =>
  withProgram(`echo '{"sum": 3}'`, async (peer) => {
    const job = { numbers: new Array(1e6).fill(1) };
    assert.deepEqual(await runPeer(peer, job, schema), { value: { sum: 3 } });
  }));

Deno.test("an answer that lacks a field is refused", () =>
  withProgram("echo '{}'", async (peer) => {
    await assert.rejects(runPeer(peer, JOB, schema), /sum/);
  }));

Deno.test("a peer that takes too long is stopped with everything it started", () =>
  withProgram(`${BEAT}\nwait`, async (peer, folder) => {
    const run = runPeer(peer, JOB, schema, 1);
    await beating(folder);
    assertWithout(await run, /^Peer was stopped: it took more than 1 s\.$/);
    await assertQuiet(folder);
  }));

Deno.test("what a peer leaves behind ends with it", () =>
  withProgram(
    `${BEAT.replace(" &", " >/dev/null 2>&1 &")}\nwhile ! [ -e beat ]; do :; done\necho '{"sum": 3}'`,
    async (peer, folder) => {
      assert.deepEqual(await runPeer(peer, JOB, schema), { value: { sum: 3 } });
      await assertQuiet(folder);
    },
  ));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} ends the peer with everything it started, then us`, () =>
    withProgram(`${BEAT}\nwait`, async (peer, folder) => {
      const script = `${folder}/us.ts`;
      await Deno.writeTextFile(
        script,
        `import { runPeer } from ${JSON.stringify(new URL("peer_process.ts", import.meta.url).href)};
         await runPeer(${JSON.stringify(peer)}, null, { parse: (value) => value });`,
      );
      const args = ["run", "--quiet", "--no-config", "--no-lock", "--no-check", "--allow-run", script];
      const us = new Deno.Command(Deno.execPath(), { args }).spawn();
      await beating(folder);
      us.kill(signal);
      assert.equal((await us.status).signal, signal);
      await assertQuiet(folder);
    }));
}
