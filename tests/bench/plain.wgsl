// The target's gradient over and over with nothing around it: the speed HMC is measured against. Each chain takes
// `evaluations` trivial steps  u += step * gradient(u)  from its start: no momentum, no energy, no records.
//
// Bindings: group 0 as the target has it (tables_*.wgsl, hill_mixture.wgsl); group 1 below, D = DIM.
// Work: LANES lanes a chain, CHAINS_PER_GROUP chains a workgroup, as the HMC kernel lays them out.
// Memory: 2 D floats a chain in registers; (2 D + 1) floats a chain written once.
// Accuracy: that of target_evaluate; the gradient written is held against the f64 reference before any timing.

struct Plain {
  chains: u32,
  evaluations: u32,
  step: f32,
}

@group(1) @binding(0) var<uniform> plain_plan: Plain;
@group(1) @binding(2) var<storage, read> starts: array<f32>;        // (D, chains)
@group(1) @binding(3) var<storage, read_write> ends: array<f32>;    // (2 D + 1, chains): position, gradient, sum

@compute @workgroup_size(WORKGROUP)
fn plain(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let lane = local % LANES;
  let wanted = workgroup.x * CHAINS_PER_GROUP + local / LANES;
  let chains = plain_plan.chains;
  let chain = min(wanted, chains - 1u);
  lanes_begin(local - lane);

  var loaded: array<f32, DIM>; // indexed by a loop variable, so it lives in memory; position does not
  for (var i = 0u; i < DIM; i++) { loaded[i] = starts[i * chains + chain]; }
  var position = loaded;
  var gradient: array<f32, DIM>;
  var sum = 0.0; // of log densities, so that no compiler leaves them out
  for (var n = 0u; n < plain_plan.evaluations; n++) {
    let log_density = target_evaluate(0u, &position, 1.0, &gradient, lane);
    sum += log_density.x + log_density.y;
    for (var i = 0u; i < DIM; i++) { // unroll
      position[i] += plain_plan.step * gradient[i];
    }
  }

  if (lane == 0u && wanted < chains) {
    var last_position = position;
    var last_gradient = gradient;
    for (var i = 0u; i < DIM; i++) {
      ends[i * chains + chain] = last_position[i];
      ends[(DIM + i) * chains + chain] = last_gradient[i];
    }
    ends[2u * DIM * chains + chain] = sum;
  }
}
