/** Seeds by which the stand-in for the engine knows what to do; any other ends well at once. */
export const Seed = {
  waits: 2,
  waitsWithoutDraws: 3,
  fails: 4,
  exits: 5,
  outOfMemory: 6,
  finishesThoughStopped: 7,
  hangs: 8,
  /** Waits, and tells of its progress twice a second. */
  chatters: 9,
} as const;
