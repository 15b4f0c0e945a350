import assert from "node:assert/strict";
import { bench } from "../../lib/commands/bench.ts";
import { InputError } from "../../lib/errors.ts";
import { memorySink } from "../report/sink.ts";

/** Runs `bench` on a line that it must refuse before it measures anything; what it says of it. */
async function refusal(line: string): Promise<string> {
  const out = memorySink();
  const error = await bench.run(line.split(" "), { out, err: memorySink() }).then(() => undefined, (e) => e);
  assert.ok(error instanceof InputError, `not refused: ${line}`);
  assert.equal(out.text(), "");
  return error.message;
}

Deno.test("bench refuses options of data where there are no data", async () => {
  const said = await refusal("peers --spend tv --components 2");
  assert.match(said, /--spend.*no file is given/);
  assert.match(said, /--components.*no file is given/);
  assert.match(await refusal("peers --holdout 0.2"), /--holdout.*no file is given/);
});

Deno.test("only bench peers takes data, and data that cannot be read are told", async () => {
  const file = await Deno.makeTempFile({ suffix: ".csv" });
  try {
    const rows = Array.from({ length: 40 }, (_, t) => `${1 + t % 7},${50 + t % 5}`);
    await Deno.writeTextFile(file, ["spend,y", ...rows].join("\n"));
    assert.match(await refusal(`throughput ${file}`), /only bench peers takes data/);
    assert.match(await refusal(`peers ${file} --target sales`), /sales/);
  } finally {
    await Deno.remove(file);
  }
  assert.match(await refusal(`peers ${file}`), /there is no such file/);
});

Deno.test("the peers know no controls, so that bench has no option for them", async () => {
  assert.match(await refusal("peers --control price"), /no such option/);
});
