// For test densities that are known as a whole, such as a Gaussian: counts independent Gaussians about 0 as the
// prior and the rest as likelihood, so that the density can be tempered from a proper prior and its evidence is 1.
//
// target_data begins with the prior's inverse variances (DIM), all 0 where there is no prior, and two constants:
// the prior's and the density's own. What belongs to the density alone follows from OWN on.

@group(0) @binding(2) var<storage, read> target_data: array<f32>;

const OWN = DIM + 2u;

// Log prior and log likelihood, given the log density without its constant and its gradient, which becomes that of
// log prior + beta log likelihood.
fn split_prior(
  u: ptr<function, array<f32, DIM>>, log_density: f32, beta: f32, gradient: ptr<function, array<f32, DIM>>,
) -> vec2f {
  var square = 0.0;
  for (var i = 0u; i < DIM; i++) { // unroll
    let pull = -target_data[i] * (*u)[i];
    square -= pull * (*u)[i];
    (*gradient)[i] = beta * (*gradient)[i] + (1.0 - beta) * pull;
  }
  let log_prior = target_data[DIM] - 0.5 * square;
  return vec2f(log_prior, log_density + target_data[DIM + 1u] - log_prior);
}
