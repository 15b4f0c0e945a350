// Gaussian with given mean and precision, for exactness tests: log density without its constant,
// -1/2 (u - m)^T P (u - m), all of it as log likelihood (log prior 0).
//
// target_data: mean (DIM), precision (DIM, DIM) row-major. Every problem is the same density.

struct Problem { unused: vec4f }

@group(0) @binding(2) var<storage, read> target_data: array<f32>;

const ACC = 1u; // nothing to sum over lanes

fn target_evaluate(
  p: u32, u: ptr<function, array<f32, DIM>>, beta: f32, gradient: ptr<function, array<f32, DIM>>, lane: u32,
) -> vec2f {
  var log_lik = 0.0;
  for (var i = 0u; i < DIM; i++) { // unroll
    var pull = 0.0;
    for (var j = 0u; j < DIM; j++) { // unroll
      pull -= target_data[DIM + i * DIM + j] * ((*u)[j] - target_data[j]);
    }
    log_lik += 0.5 * pull * ((*u)[i] - target_data[i]);
    (*gradient)[i] = beta * pull;
  }
  return vec2f(0.0, log_lik);
}
