import assert from "node:assert/strict";
import { join } from "node:path";
import { InputError } from "../../lib/errors.ts";
import { readRun, type UnfinishedRun, writeRun } from "../../lib/runs/directory.ts";
import { RunJournal } from "../../lib/runs/journal.ts";
import { fakeDraws, fakeFacts, fakeOutcome, fakePiece, keptOf } from "./fixture.ts";
import { inTemporary, names } from "./temporary.ts";

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

async function unfinished(path: string): Promise<UnfinishedRun> {
  const run = await readRun(path);
  assert.ok("unfinished" in run);
  return run;
}

inTemporary("from the first moment on the directory tells how far the fit is", async (directory) => {
  const path = join(directory, "new", "run"), journal = new RunJournal(path);
  journal.onFacts(fakeFacts({ engine: null }));
  const { unfinished: begun, draws, live } = await unfinished(path);
  assert.deepEqual([begun.state, begun.phase, begun.engine, draws, live], [
    "running",
    "data",
    null,
    undefined,
    true,
  ]);
  journal.onFacts(fakeFacts());
  journal.onProgress({ phase: "warm-up" });
  assert.equal((await unfinished(path)).unfinished.phase, "warm-up");
  assert.equal((await unfinished(path)).unfinished.engine?.engine, "webgpu");
  journal.onProgress({ phase: "sampling" });
  const made = fakeDraws(4, 50);
  journal.onDraws(fakePiece(made, 0, 70));
  await turn();
  const sampling = await unfinished(path);
  assert.deepEqual([sampling.unfinished.phase, sampling.unfinished.sampling.draws], ["sampling", 70]);
  assert.deepEqual(sampling.draws?.columns.get("kappa.1"), made.columns.get("kappa.1"));
  assert.deepEqual([...sampling.draws!.columns.keys()].slice(-2), ["energy__", "divergent__"]);

  journal.onDraws(fakePiece(fakeDraws(4, 20, 2), 50));
  journal.onProgress({ phase: "diagnostics" });
  assert.equal((await unfinished(path)).draws?.draws, 70, "nothing waits when sampling is over");
  const outcome = fakeOutcome({ seed: 5 });
  assert.deepEqual(await journal.finish(outcome), [join(path, "fit.json"), join(path, "draws.csv")]);
  assert.deepEqual(await readRun(path), keptOf(outcome));
  assert.deepEqual(await names(path), ["draws.csv", "fit.json"]);
  assert.equal(journal.trouble, undefined);
});

inTemporary("a sample that begins anew takes the place of the one before", async (directory) => {
  const journal = new RunJournal(directory);
  journal.onFacts(fakeFacts());
  journal.onDraws(fakePiece(fakeDraws(8, 50)));
  journal.onDraws(fakePiece(fakeDraws(2, 20, 3)));
  assert.deepEqual(journal.abandon("was interrupted"), { path: directory, draws: 20 });
  const { unfinished: left, draws, live } = await unfinished(directory);
  assert.deepEqual([left.end, live], ["was interrupted", false]);
  assert.deepEqual([draws?.chains, draws?.draws], [2, 20]);
  assert.deepEqual(draws?.columns.get("alpha"), fakeDraws(2, 20, 3).columns.get("alpha"));
});

inTemporary("a fit given up without draws leaves nothing, directories included", async (directory) => {
  const journal = new RunJournal(join(directory, "a", "b"));
  journal.onFacts(fakeFacts());
  journal.onDraws(fakePiece(fakeDraws(4, 3)));
  assert.equal(journal.abandon("was interrupted"), undefined, "three draws are too few to judge");
  assert.deepEqual(await names(directory), []);
  assert.equal(new RunJournal(directory).abandon("was interrupted"), undefined);
});

inTemporary(
  "at every step of replacing a finished run the directory holds the old or the new",
  async (directory) => {
    const old = fakeOutcome({ seed: 1 });
    await writeRun(directory, old);
    const journal = new RunJournal(directory), made = fakeDraws(4, 50, 9);
    journal.onFacts(fakeFacts({ seed: 2 }));
    journal.onDraws(fakePiece(made));
    journal.onProgress({ phase: "diagnostics" });
    assert.deepEqual(await readRun(directory), keptOf(old));

    // Each rename and removal is a moment to be killed at: look before each, as a reader would.
    const { rename, remove } = Deno, seen: string[] = [];
    const look = async () => {
      const run = await readRun(directory);
      if ("unfinished" in run) {
        assert.equal(run.unfinished.seed, 2);
        assert.deepEqual(run.draws?.columns.get("sigma"), made.columns.get("sigma"));
        seen.push("unfinished");
      } else {
        assert.deepEqual(run, keptOf(run.report.seed === 1 ? old : outcome));
        seen.push(run.report.seed === 1 ? "old" : "new");
      }
    };
    const outcome = fakeOutcome({ seed: 2 });
    try {
      Deno.rename = async (from, to) => (await look(), rename(from, to));
      Deno.remove = async (path) => (await look(), remove(path));
      await journal.finish(outcome);
      await look();
    } finally {
      Object.assign(Deno, { rename, remove });
    }
    assert.deepEqual([...new Set(seen)], ["old", "unfinished", "new"]);
    assert.deepEqual(await names(directory), ["draws.csv", "fit.json"]);
  },
);

inTemporary(
  "a directory that goes away under the fit is a sentence, and comes back at the end",
  async (directory) => {
    const path = join(directory, "run"), journal = new RunJournal(path);
    journal.onFacts(fakeFacts());
    journal.onDraws(fakePiece(fakeDraws(4, 50)));
    await turn();
    await Deno.remove(path, { recursive: true });
    journal.onProgress({ phase: "diagnostics" });
    assert.match(
      journal.trouble!,
      /run could not be kept up to date \(No such file or directory\): a fit killed after 50/,
    );
    const outcome = fakeOutcome();
    await journal.finish(outcome);
    assert.deepEqual(await readRun(path), keptOf(outcome));
  },
);

inTemporary("a full disk ends the journal, not the fit, and the draws before it stay", async (directory) => {
  const journal = new RunJournal(directory), { writeSync } = Deno.FsFile.prototype;
  journal.onFacts(fakeFacts());
  journal.onDraws(fakePiece(fakeDraws(4, 20)));
  await turn();
  try {
    Deno.FsFile.prototype.writeSync = function (bytes) {
      writeSync.call(this, bytes.subarray(0, 100)); // a torn line
      throw new Error("No space left on device (os error 28): write");
    };
    journal.onDraws(fakePiece(fakeDraws(4, 20, 2), 20));
    journal.onProgress({ phase: "diagnostics" });
  } finally {
    Deno.FsFile.prototype.writeSync = writeSync;
  }
  assert.match(journal.trouble!, /\(No space left on device\)/);
  assert.equal((await unfinished(directory)).draws?.draws, 20);

  const inTheWay = join(directory, ".draws.csv.partial");
  await Deno.mkdir(inTheWay);
  await assert.rejects(
    journal.finish(fakeOutcome()),
    /^WriteError: The results could not be written to .* \(.*\); 20 draws per chain are kept in .*, and "deno task diagnose/,
  );
  assert.equal((await unfinished(directory)).draws?.draws, 20);
});

inTemporary("two fits in one directory are refused, and the first goes on", async (directory) => {
  const journal = new RunJournal(directory);
  journal.onFacts(fakeFacts());
  journal.onDraws(fakePiece(fakeDraws(4, 20)));
  const second = new RunJournal(directory);
  assert.throws(
    () => second.onFacts(fakeFacts()),
    (error) => error instanceof InputError && /another fit is at work there/.test(error.message),
  );
  assert.equal(second.abandon("was interrupted"), undefined);
  assert.deepEqual(await names(directory), ["draws.partial.csv", "fit.json"]);
  assert.deepEqual(journal.abandon("was interrupted"), { path: directory, draws: 20 });
});
