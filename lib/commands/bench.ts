/** `bench`: runs the measurements under tests/bench, which are not part of a fit and load only when asked for. */
import { InputError } from "../errors.ts";
import { defineCommand, Exit } from "./command.ts";

export const bench = defineCommand({
  name: "bench",
  summary: "Measure speed against peers on this machine, after checking that the results are right.",
  positionals: [{ name: "NAME", required: false, help: "one benchmark; without it all are run" }],
  options: { json: { kind: "flag", help: "print the figures as JSON" } },
  example: "bench",
  async run({ values, positionals, problems }, { out }) {
    if (problems.length > 0) throw new InputError(problems);
    const { runBenchmarks } = await import("../../tests/bench/main.ts");
    await runBenchmarks(positionals[0], values.json, (text: string) => out.write(text));
    return Exit.done;
  },
});
