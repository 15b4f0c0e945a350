import assert from "node:assert/strict";
import { RoundTrips } from "../../lib/samplers/round_trips.ts";

Deno.test("a round trip is prior, posterior, prior; descent is told from the first visit on", () => {
  const trips = new RoundTrips(1, 3);
  const origins = [
    [0, 1, 2], // replica 2 at the prior: visit 0
    [0, 2, 1], // replica 1: visit 1
    [2, 0, 1], // 2 arrives from visit 0; 1 stays at the prior: visit 2
    [2, 1, 0], // 0 was at the posterior before it ever saw the prior: no trip
    [1, 2, 0], // 1 arrives from visit 2
    [1, 0, 2], // 2 is back: one trip
  ].map((replica) => trips.follow(Uint32Array.from(replica))[0]);
  assert.deepEqual(origins, [-1, -1, 0, 0, 2, 2]);
  assert.deepEqual(trips.trips, [1]);
});

Deno.test("ladders are counted apart", () => {
  const trips = new RoundTrips(2, 2);
  for (
    const replica of [[0, 1, 2, 3], [2, 1, 0, 3], [0, 1, 2, 3], [2, 1, 0, 3], [2, 3, 0, 1], [0, 1, 2, 3]]
  ) {
    trips.follow(Uint32Array.from(replica));
  }
  assert.deepEqual(trips.trips, [3, 1]);
});
