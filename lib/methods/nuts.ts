/** Method `nuts`: the no-U-turn sampler, adapted over all chains together or each chain for itself. */
import { treeDepthNotes } from "../diagnostics/notes.ts";
import { type Ensemble, MAX_TREE_DEPTH, type NutsBatch } from "../engine/ensemble.ts";
import { METHODS } from "../fit_types.ts";
import { drawCandidates } from "./candidates.ts";
import { runNuts } from "../samplers/run_nuts.ts";
import { startChains, uniformStart } from "../samplers/start.ts";
import { gatherRun, type Method } from "./method.ts";
import { SamplingView } from "./sampling_view.ts";

/**
 * Mean acceptance aimed at. Stan's default of 0.8 leaves chains hanging in the corners of this posterior: on two
 * simulated curves one transition in a hundred diverges at 0.8 and one in a thousand at 0.9, for no more gradients
 * per effective draw.
 */
const TARGET_ACCEPTANCE = 0.9;

/** Chains when each adapts for itself and their number is left open (Stan's default). */
const UNPOOLED_CHAINS = 4;

export const sampleNuts: Method = async (engine, problem, options, hooks) => {
  const { seed, warmup, draws, pooling = "all" } = options;
  const pooled = pooling === "all";
  const chains = options.chains ?? (pooled ? METHODS.nuts.chains[engine.name] : UNPOOLED_CHAINS);
  // Adaptation is shared within a problem, so chains that share nothing are problems of their own.
  const ensemble = await engine.ensemble({
    target: { kind: "hill_mixture", problems: new Array(pooled ? 1 : chains).fill(problem) },
    chainsPerProblem: pooled ? chains : 1,
    seed,
  });
  try {
    const view = new SamplingView(problem, chains, hooks), began = performance.now();
    const place = async (ensemble: Ensemble): Promise<Float64Array | undefined> => {
      if (!pooled) return void await uniformStart(ensemble, seed);
      return (await startChains(ensemble, drawCandidates(problem, chains, seed), seed))[0]!.positions;
    };
    const start = await place(ensemble);
    const plan = { warmup, draws, targetAcceptance: TARGET_ACCEPTANCE };
    const run = await runNuts(ensemble, plan, start, view.show, hooks.signal);
    const trees = treesOf(run.batches);
    return {
      ...gatherRun(problem, run, chains, options, view, began, hooks.signal),
      sampling: {
        step_size: run.tuning.reduce((sum, { stepSize }) => sum + stepSize, 0) / run.tuning.length,
        mean_leapfrogs: trees.meanSteps,
        mean_tree_depth: trees.meanDepth,
        tree_depth_hits: trees.hits,
        pooling,
      },
      warnings: treeDepthNotes(trees.hits, trees.transitions),
    };
  } finally {
    await ensemble.close();
  }
};

function treesOf(batches: readonly NutsBatch[]) {
  let transitions = 0, depths = 0, steps = 0, hits = 0;
  for (const { treeDepth, steps: own } of batches) {
    transitions += treeDepth.length;
    for (let i = 0; i < treeDepth.length; i++) {
      depths += treeDepth[i]!;
      steps += own[i]!;
      if (treeDepth[i] === MAX_TREE_DEPTH) hits++;
    }
  }
  return { transitions, hits, meanDepth: depths / transitions, meanSteps: steps / transitions };
}
