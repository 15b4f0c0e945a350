// Swaps of non-reversible parallel tempering (Okabe et al. 2001; Syed et al. 2021, JRSS-B, "Non-reversible parallel
// tempering"): on even transitions the rungs (0, 1), (2, 3), .. of every ladder try to exchange places, on odd ones
// (1, 2), (3, 4), ... What is exchanged is the slot of their state, never the state. One invocation per chain; runs
// before every transition and opens it.

struct Launch {
  chains: u32,
  ladders: u32,          // per problem
  rungs: u32,
  first_transition: u32, // counter of the batch's first transition since the ensemble began
  log_lik_at: u32,       // where the log likelihoods begin in the state
  unused: u32,
  seed: vec2u,
}

@group(0) @binding(0) var<uniform> launch: Launch;
@group(0) @binding(1) var<storage, read> betas: array<f32>;             // (problems, rungs)
@group(0) @binding(2) var<storage, read> state: array<f32>;             // as hmc.wgsl
@group(0) @binding(3) var<storage, read_write> progress: array<vec4u>;  // as hmc.wgsl

const STREAM_SWAP = 9u;

@compute @workgroup_size(64)
fn swap(@builtin(global_invocation_id) id: vec3u) {
  let chain = id.x;
  if (chain >= launch.chains) { return; }
  let transition = progress[chain].x;
  let counter = launch.first_transition + transition;
  let cohort = chain / launch.ladders;
  let rung = cohort % launch.rungs;
  if (rung % 2u == counter % 2u && rung + 1u < launch.rungs) {
    let other = chain + launch.ladders; // same ladder, next rung
    let slot = progress[chain].z;
    let other_slot = progress[other].z;
    let gain = state[launch.log_lik_at + other_slot] - state[launch.log_lik_at + slot];
    let log_ratio = (betas[cohort] - betas[cohort + 1u]) * gain;
    let uniform_number = word_to_uniform(philox(vec4u(chain, counter, 0u, STREAM_SWAP), launch.seed).x);
    if (is_finite(log_ratio) && uniform_number < exp_f32(min(0.0, log_ratio))) {
      progress[chain].z = other_slot;
      progress[other].z = slot;
    }
  }
  progress[chain].w = transition + 1u;
}
