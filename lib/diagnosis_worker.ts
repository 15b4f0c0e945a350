/** The Worker that diagnostics run in. */
import { type Case, diagnose } from "./diagnosis.ts";
import { serveCalls, Transfer } from "./engine/rpc.ts";

serveCalls({
  diagnose(subject: Case) {
    const diagnosis = diagnose(subject);
    const columns = [...diagnosis.draws.columns.values()];
    return new Transfer(diagnosis, [...new Set(columns.map(({ buffer }) => buffer as ArrayBuffer))]);
  },
});
