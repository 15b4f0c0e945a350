/** Fits that go on where their process died: from where, with the same draws, and what is left on the disk meanwhile. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKPOINT_FILE } from "../../lib/runs/checkpoint.ts";
import { timeless } from "../compare/timeless.ts";
import { openSite, type Site } from "../routes/support.ts";
import { names } from "../runs/temporary.ts";
import { startServer } from "./server.ts";

/** Some seconds of one core. */
const FIT = { method: "chees", components: 1, chains: 8, warmup: 60, draws: 8000, seed: 4 } as const;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A fit once an attempt at it draws, and something is saved. */
async function untilSaved({ ask, service }: Site, id: string, attempt = 1) {
  for (let i = 0; i < 1500; i++) {
    const { body } = await ask(`/v1/fits/${id}`);
    assert.ok(body.state !== "succeeded", "the fit ended too soon to be cut off");
    const draws = body.attempt === attempt && body.phase === "sampling";
    if (draws && service.files.hasSaved(id, attempt)) return body;
    await pause(20);
  }
  assert.fail("nothing was saved");
}

/** Which method's fit the checkpoint of an attempt is of; undefined where there is none. */
async function savedMethod(directory: string): Promise<string | undefined> {
  if (!(await names(directory)).includes(CHECKPOINT_FILE)) return undefined;
  const [, heading] = (await Deno.readTextFile(join(directory, CHECKPOINT_FILE))).split("\n", 2);
  return JSON.parse(heading).of.method;
}

const drawsOf = async ({ ask }: Site, id: string) => (await ask(`/v1/fits/${id}/draws`)).text;

Deno.test("a fit whose engine is killed goes on from its checkpoint, once, to the same draws", async () => {
  await using site = await openSite({ real: true, checkpointMs: 100 });
  const { service } = site, unharmed = await site.ended(await site.send(FIT));
  const id = await site.send(FIT), before = await untilSaved(site, id);
  assert.deepEqual([before.resumed, before.resumed_at], [false, null]);
  Deno.kill(service.dispatcher.enginePid!, "SIGKILL");
  const after = await site.ended(id);
  assert.deepEqual([after.state, after.attempt, after.resumed, after.partial], ["succeeded", 2, true, false]);
  const { phase, done, total } = after.resumed_at; // how far it was when it was killed is another matter
  assert.equal(total, phase === "sampling" ? FIT.draws : FIT.warmup);
  assert.ok(done > 0 && done <= total, `${done}`);
  assert.equal(await drawsOf(site, id), await drawsOf(site, unharmed.id));
  const { timing, warnings } = after.result;
  assert.equal(timing.gradients, unharmed.result.timing.gradients);
  assert.deepEqual(warnings, unharmed.result.warnings);
  // A second death is the end.
  const twice = await site.send({ ...FIT, draws: 100_000 });
  for (const attempt of [1, 2]) {
    await untilSaved(site, twice, attempt);
    Deno.kill(service.dispatcher.enginePid!, "SIGKILL");
  }
  const given = await site.ended(twice);
  assert.deepEqual([given.state, given.attempt, given.partial], ["failed", 2, true]);
  assert.ok(given.resumed_at.done > 0 && given.result.sampling.draws > 0, "draws told of again are kept");
  assert.match(given.error, /was killed/);
  assert.deepEqual(await names(join(service.files.directory, "work")), []);
  assert.deepEqual(
    (await names(service.files.run(id))).filter((name) => name === CHECKPOINT_FILE),
    [],
  );
});

Deno.test("a checkpoint that is damaged, or that nobody wants any more, changes nothing", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const before = await openSite({ real: true, checkpointMs: 100, directory });
    const unharmed = await before.ended(await before.send(FIT)), text = await drawsOf(before, unharmed.id);
    const id = await before.send(FIT), unwanted = await before.send(FIT);
    await untilSaved(before, id);
    await before.close();
    const { files } = before.service, path = join(files.work(id, 1), CHECKPOINT_FILE);
    assert.deepEqual(await names(files.work(id, 1)), [CHECKPOINT_FILE]);
    const bytes = await Deno.readFile(path);
    bytes[bytes.length >> 1] ^= 1;
    await Deno.writeFile(path, bytes);
    await Deno.mkdir(files.work(unwanted, 1));
    await Deno.copyFile(path, join(files.work(unwanted, 1), CHECKPOINT_FILE));

    await using after = await openSite({ real: true, checkpointMs: 100, directory });
    await after.ask(`/v1/fits/${unwanted}/cancel`, { method: "POST" });
    const { state, attempt, resumed, resumed_at, result } = await after.ended(id);
    assert.deepEqual([state, attempt, resumed, resumed_at], ["succeeded", 2, true, null]);
    assert.match(result.warnings.join(" "), /\(the file is damaged\), so it began anew, with the same seed/);
    assert.equal(await drawsOf(after, id), text);
    assert.deepEqual(await names(join(directory, "work")), []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a service that leaves, and one that is killed: the next goes on, to the same draws", async () => {
  const directory = await Deno.makeTempDir();
  try {
    let server = await startServer(directory);
    const ask = async (path: string, init?: RequestInit) => {
      const response = await fetch(`${server.url}/v1/fits${path}`, init);
      return { text: await response.text(), status: response.status };
    };
    const send = async () => {
      const body = JSON.stringify({ data: { example: true }, ...FIT, chains: 16, draws: 6000 });
      const headers = { "Content-Type": "application/json" };
      return JSON.parse((await ask("", { method: "POST", headers, body })).text).id as string;
    };
    const look = async (id: string) => JSON.parse((await ask(`/${id}`)).text);
    const until = async (id: string, enough: (fit: Awaited<ReturnType<typeof look>>) => boolean) => {
      for (let i = 0; i < 3000; i++) {
        const fit = await look(id);
        if (enough(fit)) return fit;
        await pause(20);
      }
      assert.fail("it takes too long");
    };
    const drawn = (done: number, attempt: number) =>
      until(id, (fit) => {
        assert.notEqual(fit.state, "succeeded", "the fit ended too soon to be cut off");
        return fit.attempt === attempt && fit.phase === "sampling" && fit.progress.done >= done;
      });

    const id = await send();
    await drawn(300, 1);
    const told = performance.now();
    assert.equal(await server.signal("SIGTERM"), 0);
    assert.ok(performance.now() - told < 10_000);

    server = await startServer(directory);
    const second = await drawn(600, 2);
    assert.equal(second.resumed, true);
    assert.ok(second.resumed_at.phase === "sampling" && second.resumed_at.done >= 300);
    await server.signal("SIGKILL"); // too soon after its start for a checkpoint of its own

    server = await startServer(directory);
    const third = await until(id, ({ state }) => state === "succeeded");
    assert.deepEqual([third.attempt, third.resumed_at], [3, second.resumed_at]);
    const unharmed = await send();
    const whole = await until(unharmed, ({ state }) => state === "succeeded");
    assert.deepEqual([whole.attempt, whole.resumed, whole.resumed_at], [1, false, null]);
    assert.equal((await ask(`/${id}/draws`)).text, (await ask(`/${unharmed}/draws`)).text);
    assert.equal(third.result.timing.gradients, whole.result.timing.gradients);
    assert.equal(await server.signal("SIGTERM"), 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a comparison that is killed, or left, goes on with the method that was at work, to the same result", async () => {
  const directory = await Deno.makeTempDir();
  try {
    let site = await openSite({ real: true, checkpointMs: 100, directory });
    const asked = { methods: ["advi", "chees", "pathfinder"], components: 2, effort: 1, seed: 3 };
    const unharmed = await site.ended(await site.compare(asked));
    assert.equal(unharmed.state, "succeeded", unharmed.error);
    const id = await site.compare(asked);
    /** Until an attempt draws in its second method, and something is saved of that. */
    const atSecond = async (attempt: number) => {
      for (let i = 0; i < 1500; i++) {
        const { body } = await site.ask(`/v1/compare/${id}`);
        assert.notEqual(body.state, "succeeded", "it ended too soon to be cut off");
        const draws = body.attempt === attempt && body.phase === "sampling" &&
          body.progress.method === "chees";
        if (draws && await savedMethod(site.service.files.work(id, attempt)) === "chees") {
          return body.progress.methods;
        }
        await pause(10);
      }
      assert.fail("nothing was saved");
    };
    const before = await atSecond(1);
    await site.close();
    const left = await names(site.service.files.work(id, 1));
    assert.deepEqual(left, ["advi", "advi.kept.bin", CHECKPOINT_FILE, "compare.partial.json"]);

    site = await openSite({ real: true, checkpointMs: 100, directory });
    const after = await atSecond(2);
    assert.deepEqual(after[0], before[0], "the first method was not run again");
    Deno.kill(site.service.dispatcher.enginePid!, "SIGKILL");
    const done = await site.ended(id);
    assert.deepEqual([done.state, done.attempt, done.resumed], ["succeeded", 3, true]);
    assert.deepEqual([done.resumed_at.method, done.resumed_at.phase], ["chees", "sampling"]);
    assert.deepEqual(timeless(done.result), timeless(unharmed.result));
    for (const [i, { method, draws }] of done.runs.entries()) {
      const text = (await site.ask(draws)).text;
      assert.equal(text, (await site.ask(unharmed.runs[i].draws)).text, method);
    }
    assert.deepEqual(await names(join(directory, "work")), []);
    assert.deepEqual(await names(site.service.files.run(id)), [
      "advi",
      "chees",
      "compare.json",
      "pathfinder",
    ]);
    await site.close();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
