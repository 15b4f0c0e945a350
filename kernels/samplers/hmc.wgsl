// Hamiltonian Monte Carlo, whole trajectories on the device (Neal 2011, "MCMC using Hamiltonian dynamics").
//
// A launch spends at most `launch.budget` gradients per chain and suspends mid-trajectory when they are gone,
// so that no launch runs long whatever the trajectory length; the next launch goes on where this one stopped.
// Chains work in whitened momentum: position = F * xi with F F^T the inverse metric, momentum ~ N(0, I),
// and one leapfrog step of size e is  p += e/2 F^T g;  u += e F p;  p += e/2 F^T g.
//
// A cohort is a problem or, where a problem has several, one rung of its ladders: chains that share a tuning. Tempered
// chains reach their state through a slot that swap.wgsl exchanges between neighbouring rungs; their inverse
// temperature may be new in every transition, so a trajectory begins by evaluating its start again. The last rung
// is the reference: it takes over the prior draw that the host left in the record of the transition.
//
// Workgroup plan: CHAINS_PER_GROUP chains of one cohort, LANES lanes each; chains past the last are clamped
// and write nothing. Shapes below: (chains) is every chain of every cohort, D = DIM.

struct Launch {
  first_group: u32,        // of this launch, counted from its first cohort
  groups_per_cohort: u32,
  chains_per_cohort: u32,
  chains: u32,             // of every cohort
  first_cohort: u32,       // of those whose tuning is bound
  cohorts: u32,            // in the ensemble
  rungs: u32,              // cohorts per problem; more than one are tempered
  first_problem: u32,      // of those whose tables are bound
  first_transition: u32,   // counter of the batch's first transition since the ensemble began
  transitions: u32,        // in the batch
  budget: u32,             // gradients per chain in this launch
  refresh: u32,            // 1: only evaluate the accepted positions
  seed: vec2u,
  stride: u32,             // between the groups that neighbouring workgroups take, prime to their number
}

@group(1) @binding(0) var<uniform> launch: Launch;
// tuning (tables_*.wgsl) is binding 1, laid out as whitened.wgsl says, one per cohort.
@group(1) @binding(2) var<storage, read> leapfrogs: array<u32>;         // (transitions, cohorts)
@group(1) @binding(3) var<storage, read_write> state: array<f32>;       // (FIELDS, slots), fields below
// (chains): transitions done, gradients done of the next one, slot of the state, transitions opened by swap.wgsl
@group(1) @binding(4) var<storage, read_write> progress: array<vec4u>;
@group(1) @binding(5) var<storage, read_write> draws: array<f32>;       // (transitions, chains, RECORD)

// Fields of the state.
const POSITION = 0u;               // accepted position
const GRADIENT = DIM;              // of log prior + beta log lik there
const LOG_PRIOR = 2u * DIM;
const LOG_LIK = LOG_PRIOR + 1u;
const START_ENERGY = LOG_PRIOR + 2u;
const MOVING = LOG_PRIOR + 3u;     // suspended trajectory: position, momentum, gradient
const FIELDS = MOVING + 3u * DIM;

// A record of one transition of one chain, after the kept position.
const RECORD = DIM + 7u; // log prior, log lik, acceptance, energy, diverging, ChEES gradient, slot

const STREAM_MOMENTUM = 0u;
const STREAM_ACCEPT = 1u;
// Energy error past which a trajectory counts as divergent (Stan's base_nuts.hpp, max_deltaH).
const DIVERGENCE = 1000.0;

// xi = F^-1 (position - centre) by forward substitution, in place. Once a transition, so not unrolled: callers
// pass a copy, because an array indexed by loop variables lives in memory.
fn whiten(at: u32, position: ptr<function, array<f32, DIM>>) {
  let centre = at + 2u * DIM * DIM_VECTORS;
  for (var i = 0u; i < DIM; i++) {
    var value = (*position)[i] - tuning[centre + i / 4u][i % 4u];
    for (var j = 0u; j < i; j++) { value -= tuning[at + i * DIM_VECTORS + j / 4u][j % 4u] * (*position)[j]; }
    (*position)[i] = value / tuning[at + i * DIM_VECTORS + i / 4u][i % 4u];
  }
}

// DIM fields of the state from `field` on, by way of memory as above.
fn load_fields(field: u32, slot: u32) -> array<f32, DIM> {
  var loaded: array<f32, DIM>;
  for (var i = 0u; i < DIM; i++) { loaded[i] = state[(field + i) * launch.chains + slot]; }
  return loaded;
}

fn store_fields(field: u32, slot: u32, values: ptr<function, array<f32, DIM>>) {
  var copy = *values;
  for (var i = 0u; i < DIM; i++) { state[(field + i) * launch.chains + slot] = copy[i]; }
}

// The position kept in a record.
fn load_record(at: u32) -> array<f32, DIM> {
  var loaded: array<f32, DIM>;
  for (var i = 0u; i < DIM; i++) { loaded[i] = draws[at + i]; }
  return loaded;
}

// Standard normal momentum of one transition.
fn draw_momentum(chain: u32, counter: u32) -> array<f32, DIM> {
  var momentum: array<f32, DIM>;
  for (var block = 0u; block * 4u < DIM; block++) {
    let words = philox(vec4u(chain, counter, block, STREAM_MOMENTUM), launch.seed);
    let normals = vec4f(words_to_normals(words.x, words.y), words_to_normals(words.z, words.w));
    for (var i = 0u; i < 4u; i++) {
      if (block * 4u + i < DIM) { momentum[block * 4u + i] = normals[i]; }
    }
  }
  return momentum;
}

// Factor of one chain's step size in one transition, from 1 down to 1/8: a chain in a corner too curved for the
// common step gets out on one of its short ones. Independent of the state, so detailed balance holds.
fn step_jitter(v: f32) -> f32 { return exp_f32(-2.0794415 * v * v * v); }

@compute @workgroup_size(WORKGROUP)
fn hmc(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let group = launch.first_group + (workgroup.x * launch.stride) % workgroups.x;
  let bound = group / launch.groups_per_cohort; // cohort, of those whose tuning is bound
  let cohort = launch.first_cohort + bound;
  let problem = cohort / launch.rungs - launch.first_problem; // of those whose tables are bound
  let lane = local % LANES;
  let wanted = (group % launch.groups_per_cohort) * CHAINS_PER_GROUP + local / LANES;
  let writes = lane == 0u && wanted < launch.chains_per_cohort;
  let chain = cohort * launch.chains_per_cohort + min(wanted, launch.chains_per_cohort - 1u);
  let chains = launch.chains;
  lanes_begin(local - lane);

  let settings = tuning[bound * TUNING];
  let factor = bound * TUNING + 1u;
  let transposed = factor + DIM * DIM_VECTORS;
  let refresh = launch.refresh != 0u;
  let beta = settings.y;
  let tempered = launch.rungs > 1u;
  let reference = tempered && !refresh && cohort % launch.rungs == launch.rungs - 1u;
  let moves = !refresh && !reference;
  let evaluates_start = tempered && moves;

  var position: array<f32, DIM>;
  var momentum: array<f32, DIM>;
  var gradient: array<f32, DIM>;
  var log_density = vec2f(0.0, 0.0); // log prior, log lik at the moving position
  let reached = progress[chain];
  let slot = reached.z;
  var start_energy = state[START_ENERGY * chains + slot];
  var transition = select(reached.x, 0u, refresh);
  var done = select(reached.y, 0u, refresh);
  let last = select(select(launch.transitions, reached.w, tempered), 1u, refresh);
  var budget = launch.budget;
  if (done > 0u) { // go on with the suspended trajectory
    position = load_fields(MOVING, slot);
    momentum = load_fields(MOVING + DIM, slot);
    gradient = load_fields(MOVING + 2u * DIM, slot);
  }

  while (transition < last && budget > 0u) {
    let counter = launch.first_transition + transition;
    let record_at = (transition * chains + chain) * RECORD;
    let words = philox(vec4u(chain, counter, 0u, STREAM_ACCEPT), launch.seed);
    let jitter = step_jitter(word_to_uniform(words.y));
    let step_size = select(0.0, settings.x * jitter, moves);
    if (done == 0u) { // begin a trajectory at the accepted position
      if (reference) { position = load_record(record_at); } else { position = load_fields(POSITION, slot); }
      if (moves) {
        momentum = draw_momentum(chain, counter);
        start_energy = 0.5 * squared_norm(&momentum)
          - (state[LOG_PRIOR * chains + slot] + beta * state[LOG_LIK * chains + slot]);
        if (!evaluates_start) {
          gradient = load_fields(GRADIENT, slot);
          add_transposed_times(transposed, &gradient, 0.5 * step_size, &momentum);
        }
      }
    }

    let leaps = select(1u, leapfrogs[transition * launch.cohorts + cohort], moves);
    let evaluations = leaps + select(0u, 1u, evaluates_start);
    while (done < evaluations && budget > 0u) {
      let at_start = evaluates_start && done == 0u;
      add_factor_times(factor, &momentum, select(step_size, 0.0, at_start), &position);
      log_density = target_evaluate(problem, &position, beta, &gradient, lane);
      done += 1u;
      budget -= 1u;
      let kick = select(step_size, 0.5 * step_size, at_start || done == evaluations);
      add_transposed_times(transposed, &gradient, kick, &momentum);
    }

    if (done == evaluations) {
      done = 0u;
      var accepted = true;
      var record = array<f32, 4>(1.0, 0.0, 0.0, 0.0); // acceptance, energy, diverging, ChEES gradient
      if (moves) {
        let end_energy = 0.5 * squared_norm(&momentum) - (log_density.x + beta * log_density.y);
        let error = end_energy - start_energy;
        let finite = is_finite(error);
        let acceptance = select(0.0, exp_f32(min(0.0, -error)), finite);
        accepted = finite && word_to_uniform(words.x) < acceptance;

        // ChEES gradient of one chain, h j (|xi'|^2 - |xi|^2) (xi' . v') with j the step jitter: Hoffman, Radul & Sountsov 2021.
        var start = load_fields(POSITION, slot);
        var finish = position;
        var velocity = momentum;
        whiten(factor, &start);
        whiten(factor, &finish);
        var along = 0.0;
        var gain = 0.0;
        for (var i = 0u; i < DIM; i++) {
          along += finish[i] * velocity[i];
          gain += finish[i] * finish[i] - start[i] * start[i];
        }
        let h = f32(reverseBits(counter + 1u)) * 2.3283064365386963e-10;
        let chees = h * jitter * gain * along;
        record = array<f32, 4>(
          acceptance,
          select(start_energy, end_energy, accepted),
          select(1.0, 0.0, finite && error <= DIVERGENCE),
          select(0.0, chees, is_finite(chees)),
        );
      }
      lanes_sync(); // every lane has read the old state
      if (writes) {
        if (accepted) {
          store_fields(POSITION, slot, &position);
          store_fields(GRADIENT, slot, &gradient);
          state[LOG_PRIOR * chains + slot] = log_density.x;
          state[LOG_LIK * chains + slot] = log_density.y;
        }
        if (!refresh) {
          for (var i = 0u; i < DIM + 2u; i++) {
            draws[record_at + i] = state[select(LOG_PRIOR + i - DIM, i, i < DIM) * chains + slot];
          }
          for (var i = 0u; i < 4u; i++) { draws[record_at + DIM + 2u + i] = record[i]; }
          draws[record_at + DIM + 6u] = f32(slot);
        }
      }
      lanes_sync(); // the new state is visible to every lane
      transition += 1u;
    }
  }

  if (writes && !refresh) {
    progress[chain] = vec4u(transition, done, slot, reached.w);
    if (done > 0u) {
      store_fields(MOVING, slot, &position);
      store_fields(MOVING + DIM, slot, &momentum);
      store_fields(MOVING + 2u * DIM, slot, &gradient);
      state[START_ENERGY * chains + slot] = start_energy;
    }
  }
}
