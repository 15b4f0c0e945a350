import assert from "node:assert/strict";
import { join } from "node:path";
import { simulate } from "../../lib/commands/simulate.ts";
import { readTable } from "../../lib/data/table.ts";
import { builtInExample, simulateSeries, simulationCsv } from "../../lib/data/simulate.ts";
import { InputError } from "../../lib/errors.ts";
import { memorySink } from "../report/sink.ts";

async function inFolder(action: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await action(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(...args: string[]) {
  const out = memorySink();
  const code = await simulate.run(args, { out, err: memorySink() });
  return { code, out: out.text() };
}

/** The problems of a line, one per line. */
async function refused(...args: string[]): Promise<string> {
  try {
    await run(...args);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  assert.fail(`not refused: ${args.join(" ")}`);
}

Deno.test("simulate writes the data and the truth beside it", () =>
  inFolder(async (folder) => {
    const { code, out } = await run(
      "--dgp",
      "mixture_k3",
      "--seed",
      "7",
      "--length",
      "60",
      "--out",
      join(folder, "x.csv"),
    );
    assert.equal(code, 0);
    assert.match(out, /x\.csv \(60 rows\) and .*x\.truth\.json\.\n$/);
    const simulation = simulateSeries("mixture_k3", 7, 60);
    assert.equal(await Deno.readTextFile(join(folder, "x.csv")), simulationCsv(simulation));
    assert.deepEqual(JSON.parse(await Deno.readTextFile(join(folder, "x.truth.json"))), simulation.truth);
  }));

Deno.test("simulate writes the built-in example, and adds .csv to a bare name", () =>
  inFolder(async (folder) => {
    await run("--dgp", "example", "--out", join(folder, "shop"));
    const { csv, truth } = builtInExample();
    assert.equal(await Deno.readTextFile(join(folder, "shop.csv")), csv);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(join(folder, "shop.truth.json"))), truth);
    assert.equal(readTable(new TextEncoder().encode(csv), "shop").cells.length, 156);
  }));

Deno.test("simulate overwrites only when forced, and looks at both files", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.csv"), truth = join(folder, "x.truth.json");
    await Deno.writeTextFile(truth, "mine");
    assert.match(
      await refused("--out", path),
      /x\.truth\.json": exists already; choose another name or add --force/,
    );
    assert.equal(await Deno.readTextFile(truth), "mine");
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound, "nothing is written");
    assert.equal((await run("--out", path, "--force")).code, 0);
    assert.equal(JSON.parse(await Deno.readTextFile(truth)).process, "mixture_k2");
  }));

Deno.test("simulate refuses bad paths in sentences", () =>
  inFolder(async (folder) => {
    assert.match(await refused("--out", join(folder, "x.txt")), /end the name with \.csv/);
    assert.match(await refused("--out", folder + "/"), /names a directory; add a file name/);
    await Deno.mkdir(join(folder, "d.csv"));
    assert.match(await refused("--out", join(folder, "d.csv")), /is a directory; name a file/);
    assert.match(
      await refused("--out", join(folder, "no", "x.csv")),
      /its directory does not exist; make it first/,
    );
    await Deno.writeTextFile(join(folder, "file"), "");
    assert.match(await refused("--out", join(folder, "file", "x.csv")), /part of the path is a file/);
  }));

Deno.test("simulate says everything wrong with a line at once", () =>
  inFolder(async (folder) => {
    const said = await refused("--dgp", "mixture_k9", "--length", "3", "--out", join(folder, "x.txt"));
    assert.match(said, /--dgp, value "mixture_k9": is not one of .* Did you mean "mixture_k2"\?/);
    assert.match(said, /--length, value "3": is out of range; give a whole number from 30/);
    assert.match(said, /--out/);
    assert.match(
      await refused("--dgp", "example", "--seed", "3"),
      /--seed: the built-in example has a seed of its own/,
    );
  }));
