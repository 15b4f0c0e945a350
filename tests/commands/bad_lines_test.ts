import assert from "node:assert/strict";
import { join } from "node:path";
import { makePlace } from "./cli.ts";

/** A good file of 40 weeks. */
const GOOD = ["week,tv,radio,sales,price"]
  .concat(
    Array.from({ length: 40 }, (_, t) => `${t + 1},${3 + t % 7},${t % 5},${50 + (t * 7) % 11},${9 + t % 2}`),
  )
  .join("\n");

/** Every line with what stderr must say, one entry per problem, in order. */
const LINES: [line: string, ...sentences: RegExp[]][] = [
  ["fti", /hillmix, value "fti": there is no such command; .* Did you mean "fit"\?/],
  ["publish", /hillmix, value "publish": there is no such command; there are fit, compare, check, simulate/],
  ["fit --chians 4 good.csv", /--chians: fit has no such option\. Did you mean "--chains"\?/],
  ["fit --zzz", /--zzz: fit has no such option\. "deno task fit --help" lists them\./],
  ["fit -k 3 good.csv", /-k: fit has no such option\./],
  ["fit --chains 3", /--chains, value "3": is out of range; give a whole number from 4 to 16384\./],
  ["fit --chains 16385", /--chains, value "16385": is out of range/],
  ["fit --chains many", /--chains, value "many": is not a whole number/],
  ["fit --chains", /--chains: needs a value: --chains N\./],
  ["fit --draws 9", /--draws, value "9": is out of range; give a whole number from 10/],
  ["fit --draws --quiet", /--draws: needs a value/],
  ["fit --warmup -5", /--warmup, value "-5": is out of range/],
  ["fit --seed -1", /--seed, value "-1": is out of range; give a whole number from 0 to 9007199254740991\./],
  ["fit --seed 9007199254740992", /--seed, value "9007199254740992": is out of range/],
  ["fit --seed 1.5", /--seed, value "1\.5": is not a whole number/],
  ["fit --seed 1 --seed 2", /--seed: is given 2 times; give it once\./],
  ["fit --holdout 0.6", /--holdout, value "0\.6": is out of range; give a number from 0 to 0\.5\./],
  ["fit --holdout 20%", /--holdout, value "20%": is not a number/],
  ["fit --components 9", /--components, value "9": is out of range; give a whole number from 1 to 8\./],
  [
    "fit --components 3..9",
    /--components, value "3\.\.9": is out of range; give a whole number from 1 to 8\./,
  ],
  ["fit --components 3..1", /--components, value "3\.\.1": runs backwards; write 1\.\.3\./],
  [
    "fit --components few",
    /--components, value "few": is not a whole number; .* or several: 1\.\.8 or 1,8\./,
  ],
  ["fit --components 1..3 --out folder", /--out, value "folder": already holds files/],
  ["fit --preset basline", /--preset, value "basline": is not one of .*baseline.* Did you mean "baseline"\?/],
  ["fit --method chess", /--method, value "chess": is not one of .* Did you mean "chees"\?/],
  [
    "fit --carry plugin",
    /--carry, value "plugin": is not one of plug-in, prior, cut\. Did you mean "plug-in"\?/,
  ],
  ["fit --method two-stage --components 1", /--components: must be 2 or more with --method two-stage/],
  ["fit --method two-stage --components 1..3", /--components: must be 2 or more with --method two-stage/],
  ["fit --engine gpu", /--engine, value "gpu": is not one of auto, webgpu, cpu\. Did you mean "webgpu"\?/],
  ["fit --json=1", /--json, value "1": this option is a switch and takes no value\./],
  ["fit --spend tv,,radio good.csv", /--spend, value "tv,,radio": has an empty name between commas\./],
  [
    "fit good.csv more.csv --target sales --spend tv",
    /fit, value "more\.csv": one word too many; it takes \[DATA\.csv\]/,
  ],
  [
    "fit --chains 16384 --draws 100000",
    /--chains and --draws: ask for 1,638,400,000 draws .* at most 4,000,000/,
  ],
  ["fit --spend tv", /--spend: names a column of your data, but no file is given; add DATA\.csv\./],
  ["fit nowhere.csv", /nowhere\.csv: there is no such file; check the path/],
  ["fit folder", /folder: is a directory; give a file\./],
  ["fit good.csv --spend tv --target salse", /--target, value "salse": .*Did you mean "sales"\?/],
  ["fit good.csv --spend tv --target sales --only A", /--only, value "A": name the column .* --group/],
  ["fit --config nowhere.json", /nowhere\.json: there is no such file/],
  ["fit --config broken.json", /broken\.json: is not valid JSON \(.*\); mend it/],
  ["fit --config list.json", /list\.json: must be/],
  [
    "fit --config wrong.json",
    /wrong\.json, priors\.sigma/,
    /wrong\.json, .*presett: .* Did you mean "preset"\?/,
  ],
  ["fit --preset single --components 2", /components, value "2": preset "single" has 1 component/],
  ["fit --preset single --components 1..3", /components, value "2": preset "single" has 1 component/],
  ["fit --out folder", /--out, value "folder": already holds files \(inside\.txt\); .*--force/],
  ["fit --out good.csv", /--out, value "good\.csv": good\.csv is a file; give a directory\./],
  ["fit --out=", /--out: needs a value: --out DIR\./],
  ["diagnose", /diagnose: needs RUN, the directory of a fit\./],
  ["diagnose nowhere", /nowhere\/fit\.json: does not exist; give the directory of a fit/],
  ["doctor --fast", /--fast: doctor has no such option/],
  ["check", /check: needs DATA\.csv/],
  [
    "fit nowhere.csv --chians 4 --seed x --preset inverse --out folder",
    /--chians: /,
    /--preset, value "inverse": .* Did you mean "inverse-gamma"\?/,
    /--seed, value "x"/,
    /nowhere\.csv: there is no such file/,
    /--out, value "folder"/,
  ],
];

Deno.test("every malformed line gets its own sentence, exit code 2, and leaves nothing behind", async (t) => {
  await using place = await makePlace();
  const write = (name: string, text: string) => Deno.writeTextFile(join(place.directory, name), text);
  await Deno.mkdir(join(place.directory, "folder"));
  await write("folder/inside.txt", "");
  await write("good.csv", GOOD);
  await write("broken.json", '{"preset": ');
  await write("list.json", "[1, 2]");
  await write(
    "wrong.json",
    '{"presett": "baseline", "priors": {"sigma": {"family": "half-normal", "scale": -1}}}',
  );
  const before = await place.files();

  const queue = [...LINES];
  const results: [line: string, sentences: RegExp[], output: Awaited<ReturnType<typeof place.run>>][] = [];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [line, ...sentences] = next;
      results.push([line, sentences, await place.run(line)]);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);

  for (const [line, sentences, { code, out, err }] of results) {
    await t.step(line, () => {
      const lines = err.trimEnd().split("\n");
      assert.equal(lines.length, sentences.length, `one line per problem:\n${err}`);
      sentences.forEach((sentence, i) => assert.match(lines[i], sentence));
      assert.ok(lines.every((each) => each.startsWith("error: ")), err);
      assert.equal(code, 2);
      assert.equal(out, "");
      assert.doesNotMatch(err, /^\s+at |\.ts:\d/m, "no stack trace");
    });
  }
  assert.equal(results.length, LINES.length);
  assert.deepEqual(await place.files(), before);
});
