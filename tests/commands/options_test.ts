import assert from "node:assert/strict";
import { asksForHelp, gather, type Grammar, type OptionTable, readLine } from "../../lib/commands/options.ts";
import { formatProblem, InputError, type Problem } from "../../lib/errors.ts";

const OPTIONS = {
  out: { kind: "text", hint: "DIR", help: "where to write" },
  spend: { kind: "list", hint: "COL", help: "columns" },
  chains: { kind: "integer", min: 4, max: 100, fallback: 8, help: "chains" },
  warmup: { kind: "integer", min: 0, max: 100, help: "warm-up" },
  share: { kind: "number", min: 0, max: 0.5, fallback: 0.25, help: "share" },
  engine: { kind: "choice", choices: ["auto", "webgpu", "cpu"], fallback: "auto", help: "engine" },
  components: { kind: "integers", min: 1, max: 8, help: "curves" },
  json: { kind: "flag", help: "JSON" },
} as const satisfies OptionTable;

const grammar: Grammar<typeof OPTIONS> = {
  name: "fit",
  positionals: [{ name: "DATA.csv", required: true, help: "the data" }],
  options: OPTIONS,
};
const read = (line: string) => readLine(grammar, line.split(" ").filter((word) => word !== ""));
const wrong = (line: string) => read(line).problems.map(formatProblem);

Deno.test("an empty line has every default and misses what is required", () => {
  const { values, positionals } = read("");
  assert.deepEqual(values, {
    out: undefined,
    spend: [],
    chains: 8,
    warmup: undefined,
    share: 0.25,
    engine: "auto",
    components: undefined,
    json: false,
  });
  assert.deepEqual(positionals, []);
  assert.deepEqual(wrong(""), ["fit: needs DATA.csv, the data."]);
});

Deno.test("values are read in either spelling, in any order, around the data", () => {
  const { values, positionals, problems } = read(
    "--chains=16 --json sales.csv --spend tv,radio --spend=ooh --share .1 --engine cpu --warmup 0 --out=-x/y",
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(positionals, ["sales.csv"]);
  assert.deepEqual(values, {
    out: "-x/y",
    spend: ["tv", "radio", "ooh"],
    chains: 16,
    warmup: 0,
    share: 0.1,
    engine: "cpu",
    components: undefined,
    json: true,
  });
});

Deno.test("whole numbers come one by one, as a range or as both, ascending and each once", () => {
  const numbers = (written: string) => read(`a.csv --components ${written}`).values.components;
  assert.deepEqual(numbers("3"), [3]);
  assert.deepEqual(numbers("1..5"), [1, 2, 3, 4, 5]);
  assert.deepEqual(numbers("2..2"), [2]);
  assert.deepEqual(numbers("4,1..2,2"), [1, 2, 4]);
  assert.deepEqual(wrong("a.csv --components 5..1"), [
    '--components, value "5..1": runs backwards; write 1..5.',
  ]);
  assert.deepEqual(wrong("a.csv --components 1-5"), [
    '--components, value "1-5": is not a whole number; give one from 1 to 8, or several: 1..8 or 1,8.',
  ]);
  for (const written of ["0..3", "3..9", "2,99999999999999999999"]) {
    assert.deepEqual(wrong(`a.csv --components ${written}`), [
      `--components, value "${written}": is out of range; give a whole number from 1 to 8.`,
    ]);
  }
});

Deno.test("words after -- are data, whatever they look like", () => {
  const { positionals, problems } = read("-- --chains");
  assert.deepEqual(positionals, ["--chains"]);
  assert.deepEqual(problems, []);
});

Deno.test("each slip has one sentence of its own, and its option keeps the default", async (t) => {
  const cases: [line: string, ...sentences: string[]][] = [
    ["d --chians 4", '--chians: fit has no such option. Did you mean "--chains"?'],
    ["d --zebra", '--zebra: fit has no such option. "deno task fit --help" lists them.'],
    ["d -xyz", '-xyz: fit has no such option. "deno task fit --help" lists them.'],
    ["d --__proto__=4", '--__proto__: fit has no such option. "deno task fit --help" lists them.'],
    ["d --no-json", '--no-json: fit has no such option. Did you mean "--json"?'],
    ["d --chains", "--chains: needs a value: --chains N."],
    ["d --out=", "--out: needs a value: --out DIR."],
    ["d --chains --share .1", "--chains: needs a value: --chains N."],
    ["d --chains 3", '--chains, value "3": is out of range; give a whole number from 4 to 100.'],
    ["d --chains -1", '--chains, value "-1": is out of range; give a whole number from 4 to 100.'],
    ["d --chains 4.5", '--chains, value "4.5": is not a whole number; give one from 4 to 100.'],
    ["d --chains 0x10", '--chains, value "0x10": is not a whole number; give one from 4 to 100.'],
    ["d --chains 5 --chains 6", "--chains: is given 2 times; give it once."],
    ["d --share NaN", '--share, value "NaN": is not a number; give one from 0 to 0.5.'],
    ["d --share=-0.1", '--share, value "-0.1": is out of range; give a number from 0 to 0.5.'],
    ["d --engine gpu", '--engine, value "gpu": is not one of auto, webgpu, cpu. Did you mean "webgpu"?'],
    ["d --json=yes", '--json, value "yes": this option is a switch and takes no value.'],
    ["d --spend a,,b", '--spend, value "a,,b": has an empty name between commas.'],
    ["d e", 'fit, value "e": one word too many; it takes DATA.csv. Quote names that hold spaces.'],
    [
      "--share 2 --chians 4 --engine fpga",
      '--chians: fit has no such option. Did you mean "--chains"?',
      '--share, value "2": is out of range; give a number from 0 to 0.5.',
      '--engine, value "fpga": is not one of auto, webgpu, cpu.',
      "fit: needs DATA.csv, the data.",
    ],
  ];
  for (const [line, ...sentences] of cases) {
    await t.step(line, () => {
      assert.deepEqual(wrong(line), sentences);
      assert.equal(read(line).values.chains, 8);
    });
  }
});

Deno.test("help is asked for before --, in either spelling", () => {
  assert.ok(asksForHelp(["--chains", "--help"]));
  assert.ok(asksForHelp(["-h"]));
  assert.ok(!asksForHelp(["--", "--help"]));
  assert.ok(!asksForHelp(["help"]));
});

Deno.test("gather() keeps the user's problems and lets real faults through", async () => {
  const problems: Problem[] = [];
  const problem: Problem = { where: "here", message: "is wrong." };
  assert.equal(await gather(problems, () => 3), 3);
  assert.equal(
    await gather(problems, () => {
      throw new InputError([problem]);
    }),
    undefined,
  );
  assert.deepEqual(problems, [problem]);
  await assert.rejects(
    gather(problems, () => {
      throw new TypeError("a fault");
    }),
    TypeError,
  );
});
