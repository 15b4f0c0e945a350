// The no-U-turn sampler, multinomial and iterative (Hoffman & Gelman 2014, JMLR 15; Betancourt 2017,
// arXiv 1701.02434; iterative trees: Phan, Pradhan & Jankowiak 2019, arXiv 1912.11554).
//
// Every chain works through its own trees, one leapfrog a turn of one flat loop: a turn may begin a transition,
// begin a doubling, end either. A launch ends when its budget of turns is spent or the batch is done; a chain
// then leaves its tree in `trees` and the next launch goes on with it, to the same bits whatever the budget.
// Momentum is whitened as in hmc.wgsl, so velocities and momenta are the same and p . rho needs no metric.
//
// U-turns are looked for at every merge of two subtrees, over the whole and over each half with the nearest leaf of
// the other (Stan's base_nuts.hpp). Leaf n, odd, closes as many subtrees as n has trailing ones; their first
// leaves, all even, wait in checkpoints, that of leaf m at popcount(m / 2), so 9 of them serve trees of 1023 leaves.
//
// Workgroup plan as in hmc.wgsl, but chains whose lanes meet at barriers have a workgroup of their own, because
// chains leave the loop one by one. D = DIM. Loops are unrolled so that arrays stay in registers, and both sides
// of every branch run on software adapters, so the loop does without nested work except merging.

struct NutsLaunch {
  first_group: u32,        // of this launch, counted from its first problem
  chains_per_problem: u32,
  chains: u32,             // of every problem
  first_problem: u32,      // of those whose tuning is bound
  first_table: u32,        // problem of the first table bound
  first_transition: u32,   // counter of the batch's first transition since the ensemble began
  transitions: u32,        // in the batch
  budget: u32,             // gradients per chain in this launch
  seed: vec2u,
}

@group(1) @binding(0) var<uniform> launch: NutsLaunch;
// tuning (tables_*.wgsl) is binding 1, laid out as whitened.wgsl says.
@group(1) @binding(2) var<storage, read_write> state: array<f32>;      // (>= D, chains): accepted positions first
@group(1) @binding(3) var<storage, read_write> progress: array<vec2u>; // (chains): transitions done, turns taken
@group(1) @binding(4) var<storage, read_write> draws: array<f32>;      // (transitions, chains, NUTS_RECORD)
@group(1) @binding(5) var<storage, read_write> trees: array<f32>;      // (TREE, chains), fields below

const MAX_DEPTH = 10u;
// Energy error past which a trajectory counts as divergent (Stan's base_nuts.hpp, max_deltaH).
const DIVERGENCE = 1000.0;
const STREAM_MOMENTUM = 0u;
const STREAM_TREE = 10u;
const NO_WEIGHT = -1.0e30; // stands for ln 0

// A record of one transition of one chain, after the kept position:
const NUTS_RECORD = DIM + 7u; // log prior, log lik, acceptance, energy, diverging, tree depth, leaves

// Fields of a suspended tree: vectors, scalars, then checkpoints of three vectors each.
const END = 0u;                // position, momentum, slope of the moving end
const FAR = 3u * DIM;          // the same of the other end
const BEHIND = 6u * DIM;
const SUM = 7u * DIM;
const KEPT = 8u * DIM;         // position and slope of the trajectory's sample
const OFFERED = 10u * DIM;     // the same of the subtree's
const SCALARS = 12u * DIM;
const CHECKPOINTS = SCALARS + 13u;
const CHECKPOINT = 3u * DIM;   // momentum, sum of momenta before it, momentum of the leaf before it
const TREE = CHECKPOINTS + (MAX_DEPTH - 1u) * CHECKPOINT;

fn load_vector(field: u32, chain: u32) -> array<f32, DIM> {
  var loaded: array<f32, DIM>;
  for (var i = 0u; i < DIM; i++) { // unroll
    loaded[i] = trees[(field + i) * launch.chains + chain];
  }
  return loaded;
}

fn store_vector(field: u32, chain: u32, values: ptr<function, array<f32, DIM>>) {
  for (var i = 0u; i < DIM; i++) { // unroll
    trees[(field + i) * launch.chains + chain] = (*values)[i];
  }
}

fn load_scalar(index: u32, chain: u32) -> f32 { return trees[(SCALARS + index) * launch.chains + chain]; }

fn store_scalar(index: u32, chain: u32, value: f32) { trees[(SCALARS + index) * launch.chains + chain] = value; }

// Standard normal momentum of one transition, the same numbers as every sampler's.
fn fresh_momentum(chain: u32, counter: u32) -> array<f32, DIM> {
  var normals: array<f32, 4u * DIM_VECTORS>;
  for (var block = 0u; block < DIM_VECTORS; block++) { // unroll
    let words = philox(vec4u(chain, counter, block, STREAM_MOMENTUM), launch.seed);
    let first = words_to_normals(words.x, words.y);
    let second = words_to_normals(words.z, words.w);
    normals[4u * block] = first.x;
    normals[4u * block + 1u] = first.y;
    normals[4u * block + 2u] = second.x;
    normals[4u * block + 3u] = second.y;
  }
  var momentum: array<f32, DIM>;
  for (var i = 0u; i < DIM; i++) { // unroll
    momentum[i] = normals[i];
  }
  return momentum;
}

// ln(e^a + e^b).
fn log_add(a: f32, b: f32) -> f32 { return max(a, b) + log1p_f32(exp_f32(-abs(a - b))); }

// Whether a stretch of leaves first .. last, halves first .. left_end and middle .. last, has not turned back on
// itself. Sums of momenta count from the subtree's first leaf: those before `first`, before `middle`, up to `last`.
fn goes_on(
  first: ptr<function, array<f32, DIM>>, before_first: ptr<function, array<f32, DIM>>,
  left_end: ptr<function, array<f32, DIM>>,
  middle: ptr<function, array<f32, DIM>>, before_middle: ptr<function, array<f32, DIM>>,
  last: ptr<function, array<f32, DIM>>, sum: ptr<function, array<f32, DIM>>,
) -> bool {
  var whole = vec2f(0.0, 0.0);
  var left = vec2f(0.0, 0.0);
  var right = vec2f(0.0, 0.0);
  for (var i = 0u; i < DIM; i++) { // unroll
    let all_of_it = (*sum)[i] - (*before_first)[i];
    let with_middle = (*before_middle)[i] - (*before_first)[i] + (*middle)[i];
    let with_left_end = (*sum)[i] - (*before_middle)[i] + (*left_end)[i];
    whole += all_of_it * vec2f((*first)[i], (*last)[i]);
    left += with_middle * vec2f((*first)[i], (*middle)[i]);
    right += with_left_end * vec2f((*left_end)[i], (*last)[i]);
  }
  return all(min(whole, min(left, right)) > vec2f(0.0, 0.0));
}

@compute @workgroup_size(WORKGROUP)
fn nuts(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let group = launch.first_group + workgroup.x;
  let groups_per_problem = (launch.chains_per_problem + CHAINS_PER_GROUP - 1u) / CHAINS_PER_GROUP;
  let bound = group / groups_per_problem; // problem, of those whose tuning is bound
  let problem = launch.first_problem + bound - launch.first_table; // of those whose tables are bound
  let lane = local % LANES;
  let wanted = (group % groups_per_problem) * CHAINS_PER_GROUP + local / LANES;
  let writes = lane == 0u && wanted < launch.chains_per_problem;
  let chain = (launch.first_problem + bound) * launch.chains_per_problem + min(wanted, launch.chains_per_problem - 1u);
  let chains = launch.chains;
  lanes_begin(local - lane);

  let settings = tuning[bound * TUNING];
  let factor = bound * TUNING + 1u;
  let transposed = factor + DIM * DIM_VECTORS;
  let beta = settings.y;

  var transition = progress[chain].x;
  var turns = progress[chain].y;
  if (transition >= launch.transitions) { return; }

  // The moving end, the other end, and the samples. A slope is F^T times a gradient.
  var position = load_vector(END, chain);
  var momentum = load_vector(END + DIM, chain);
  var slope = load_vector(END + 2u * DIM, chain);
  var far_position = load_vector(FAR, chain);
  var far_momentum = load_vector(FAR + DIM, chain);
  var far_slope = load_vector(FAR + 2u * DIM, chain);
  var behind = load_vector(BEHIND, chain); // minus the sum of momenta of the trajectory before this subtree
  var sum = load_vector(SUM, chain);       // of momenta of this subtree
  var kept = load_vector(KEPT, chain);
  var kept_slope = load_vector(KEPT + DIM, chain);
  var offered = load_vector(OFFERED, chain);
  var offered_slope = load_vector(OFFERED + DIM, chain);
  var kept_density = vec2f(load_scalar(0u, chain), load_scalar(1u, chain)); // log prior, log lik
  var kept_energy = load_scalar(2u, chain);
  var offered_density = vec2f(load_scalar(3u, chain), load_scalar(4u, chain));
  var offered_energy = load_scalar(5u, chain);
  var start_energy = load_scalar(6u, chain);
  var log_weight = load_scalar(7u, chain);         // of the trajectory, relative to its start
  var offered_log_weight = load_scalar(8u, chain); // of the subtree
  var acceptance = load_scalar(9u, chain);         // sum over leaves
  var leaves = u32(load_scalar(10u, chain));       // of this transition so far
  var depth = u32(load_scalar(11u, chain));        // doublings done
  var direction = load_scalar(12u, chain);         // 1 or -1, of the moving end
  if (turns == 0u) { // nothing is known yet but the position
    leaves = 0u;
    depth = 0u;
    for (var i = 0u; i < DIM; i++) { // unroll
      position[i] = state[i * chains + chain];
      momentum[i] = 0.0;
      slope[i] = 0.0;
    }
  }

  var leaf = leaves + 1u - (1u << depth); // index in the subtree
  var gradient: array<f32, DIM>;
  for (var spent = 0u; spent < launch.budget && transition < launch.transitions; spent++) {
    let waking = turns == 0u; // the first turn of a batch evaluates where the chain is, and no more
    let counter = launch.first_transition + transition;
    let words = philox(vec4u(chain, counter, leaves, STREAM_TREE), launch.seed);

    if (leaves == 0u && !waking) { // begin a transition
      position = kept;
      momentum = fresh_momentum(chain, counter);
      slope = kept_slope;
      far_position = position;
      far_momentum = momentum;
      far_slope = slope;
      for (var i = 0u; i < DIM; i++) { // unroll
        behind[i] = -momentum[i];
      }
      start_energy = 0.5 * squared_norm(&momentum) - (kept_density.x + beta * kept_density.y);
      kept_energy = start_energy;
      log_weight = 0.0;
      acceptance = 0.0;
    }
    if (leaf == 0u && !waking) { // begin a doubling, at the other end if its direction is the other
      let towards = select(-1.0, 1.0, (words.y >> 31u) == 1u);
      if (towards != direction) {
        for (var i = 0u; i < DIM; i++) { // unroll
          let moved = vec3f(position[i], momentum[i], slope[i]);
          position[i] = far_position[i];
          momentum[i] = far_momentum[i];
          slope[i] = far_slope[i];
          far_position[i] = moved.x;
          far_momentum[i] = moved.y;
          far_slope[i] = moved.z;
        }
      }
      direction = towards;
      for (var i = 0u; i < DIM; i++) { // unroll
        sum[i] = 0.0;
      }
      offered_log_weight = NO_WEIGHT;
    }

    // One leapfrog.
    let step_size = select(settings.x * direction, 0.0, waking);
    var left_end = momentum; // of the leaf before
    for (var i = 0u; i < DIM; i++) { // unroll
      momentum[i] += 0.5 * step_size * slope[i];
    }
    add_factor_times(factor, &momentum, step_size, &position);
    let density = target_evaluate(problem, &position, beta, &gradient, lane);
    for (var i = 0u; i < DIM; i++) { // unroll
      slope[i] = 0.0;
    }
    add_transposed_times(transposed, &gradient, 1.0, &slope);
    for (var i = 0u; i < DIM; i++) { // unroll
      momentum[i] += 0.5 * step_size * slope[i];
    }
    turns += 1u;
    if (waking) {
      kept = position;
      kept_slope = slope;
      kept_density = density;
      continue;
    }

    // The leaf joins its subtree.
    let energy = 0.5 * squared_norm(&momentum) - (density.x + beta * density.y);
    let error = energy - start_energy;
    let diverging = !is_finite(error) || error > DIVERGENCE;
    let leaf_log_weight = select(-error, NO_WEIGHT, diverging);
    acceptance += exp_f32(min(0.0, leaf_log_weight));
    offered_log_weight = log_add(offered_log_weight, leaf_log_weight);
    if (word_to_uniform(words.x) < exp_f32(leaf_log_weight - offered_log_weight)) {
      offered = position;
      offered_slope = slope;
      offered_density = density;
      offered_energy = energy;
    }
    leaves += 1u;

    var middle = momentum;
    var before_middle = sum;
    for (var i = 0u; i < DIM; i++) { // unroll
      sum[i] += momentum[i];
    }
    let level = countOneBits(leaf >> 1u);
    if (writes && (leaf & 1u) == 0u) {
      store_vector(CHECKPOINTS + level * CHECKPOINT, chain, &middle);
      store_vector(CHECKPOINTS + level * CHECKPOINT + DIM, chain, &before_middle);
      store_vector(CHECKPOINTS + level * CHECKPOINT + 2u * DIM, chain, &left_end);
    }
    lanes_sync(); // checkpoints are visible to every lane

    // Subtrees that this leaf closes, the smallest first; the right half of each is the one before.
    var turned = false;
    let closes = countTrailingZeros(~leaf);
    for (var merge = 0u; merge < closes; merge++) {
      let at = CHECKPOINTS + (level - merge) * CHECKPOINT;
      var first = load_vector(at, chain);
      var before_first = load_vector(at + DIM, chain);
      turned = turned || !goes_on(&first, &before_first, &left_end, &middle, &before_middle, &momentum, &sum);
      middle = first;
      before_middle = before_first;
      left_end = load_vector(at + 2u * DIM, chain);
    }

    // A whole subtree doubles the trajectory.
    leaf += 1u;
    if (leaf == 1u << depth && !turned && !diverging) {
      if (word_to_uniform(words.z) < exp_f32(min(0.0, offered_log_weight - log_weight))) {
        kept = offered;
        kept_slope = offered_slope;
        kept_density = offered_density;
        kept_energy = offered_energy;
      }
      log_weight = log_add(log_weight, offered_log_weight);
      turned = !goes_on(&far_momentum, &behind, &left_end, &middle, &before_middle, &momentum, &sum);
      for (var i = 0u; i < DIM; i++) { // unroll
        behind[i] -= sum[i];
      }
      depth += 1u;
      leaf = 0u;
    }

    if (turned || diverging || depth == MAX_DEPTH) { // end the transition
      if (writes) {
        let at = (transition * chains + chain) * NUTS_RECORD;
        for (var i = 0u; i < DIM; i++) { // unroll
          draws[at + i] = kept[i];
        }
        draws[at + DIM] = kept_density.x;
        draws[at + DIM + 1u] = kept_density.y;
        draws[at + DIM + 2u] = acceptance / f32(leaves);
        draws[at + DIM + 3u] = kept_energy;
        draws[at + DIM + 4u] = select(0.0, 1.0, diverging);
        draws[at + DIM + 5u] = f32(depth);
        draws[at + DIM + 6u] = f32(leaves);
      }
      transition += 1u;
      leaves = 0u;
      leaf = 0u;
      depth = 0u;
    }
  }

  if (writes) {
    progress[chain] = vec2u(transition, turns);
    for (var i = 0u; i < DIM; i++) { // unroll
      state[i * chains + chain] = kept[i]; // the accepted position once the batch is done
    }
    store_vector(END, chain, &position);
    store_vector(END + DIM, chain, &momentum);
    store_vector(END + 2u * DIM, chain, &slope);
    store_vector(FAR, chain, &far_position);
    store_vector(FAR + DIM, chain, &far_momentum);
    store_vector(FAR + 2u * DIM, chain, &far_slope);
    store_vector(BEHIND, chain, &behind);
    store_vector(SUM, chain, &sum);
    store_vector(KEPT, chain, &kept);
    store_vector(KEPT + DIM, chain, &kept_slope);
    store_vector(OFFERED, chain, &offered);
    store_vector(OFFERED + DIM, chain, &offered_slope);
    store_scalar(0u, chain, kept_density.x);
    store_scalar(1u, chain, kept_density.y);
    store_scalar(2u, chain, kept_energy);
    store_scalar(3u, chain, offered_density.x);
    store_scalar(4u, chain, offered_density.y);
    store_scalar(5u, chain, offered_energy);
    store_scalar(6u, chain, start_energy);
    store_scalar(7u, chain, log_weight);
    store_scalar(8u, chain, offered_log_weight);
    store_scalar(9u, chain, acceptance);
    store_scalar(10u, chain, f32(leaves));
    store_scalar(11u, chain, f32(depth));
    store_scalar(12u, chain, direction);
  }
}
