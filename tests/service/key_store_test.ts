/** Keys of requests that may be sent again. */
import assert from "node:assert/strict";
import { openStores } from "./stores.ts";

Deno.test("a key is new once, then in use, then done; with another body never", async () => {
  await using stores = await openStores();
  const { keys } = stores,
    kind = (hash: string, owner = "a", now = 0) => keys.take(owner, "k", hash, now).kind;
  assert.equal(kind("h"), "new");
  assert.deepEqual([kind("h"), kind("other"), kind("h", "b")], ["in use", "other body", "new"]);
  keys.settle("a", "k", "fit_1");
  assert.deepEqual(keys.take("a", "k", "h", 0), { kind: "done", job: "fit_1" });
  keys.free("a", "k");
  assert.equal(kind("h"), "done", "what made a job is not freed");
  keys.free("b", "k");
  assert.equal(kind("other", "b"), "new");
  const day = 24 * 3600 * 1000;
  assert.equal(kind("h", "a", day), "done");
  assert.equal(kind("other", "a", day + 1), "new");
  keys.freeAll();
  assert.equal(kind("third", "a"), "new");
});
