// Gaussian with given mean and precision, for exactness tests: -1/2 (u - m)^T P (u - m) and a constant. Goes with
// split_prior.wgsl.
//
// target_data from OWN on: mean (DIM), precision (DIM, DIM) row-major. Every problem is the same density.

struct Problem { unused: vec4f }

const ACC = 1u; // nothing to sum over lanes

fn target_evaluate(
  p: u32, u: ptr<function, array<f32, DIM>>, beta: f32, gradient: ptr<function, array<f32, DIM>>, lane: u32,
) -> vec2f {
  let rows = OWN + DIM; // of the precision
  var log_density = 0.0;
  for (var i = 0u; i < DIM; i++) { // unroll
    var pull = 0.0;
    for (var j = 0u; j < DIM; j++) { // unroll
      pull -= target_data[rows + i * DIM + j] * ((*u)[j] - target_data[OWN + j]);
    }
    log_density += 0.5 * pull * ((*u)[i] - target_data[OWN + i]);
    (*gradient)[i] = pull;
  }
  return split_prior(u, log_density, beta, gradient);
}
