// Mixture of round Gaussians as likelihood under a broad Gaussian prior about 0, both normalised, for tests of
// tempering: lib/model/test_densities.ts.
//
// target_data: 1 / prior sd^2, constant of the prior, 1 / sd^2 (MODES), log weights plus constants of the components
// (MODES), means (MODES, DIM).

struct Problem { unused: vec4f }

@group(0) @binding(2) var<storage, read> target_data: array<f32>;

const ACC = 1u; // nothing to sum over lanes

fn target_evaluate(
  p: u32, u: ptr<function, array<f32, DIM>>, beta: f32, gradient: ptr<function, array<f32, DIM>>, lane: u32,
) -> vec2f {
  let prior_inverse_variance = target_data[0];
  let means = 2u + 2u * MODES;
  var prior_square = 0.0;
  for (var i = 0u; i < DIM; i++) { // unroll
    prior_square += (*u)[i] * (*u)[i];
    (*gradient)[i] = -prior_inverse_variance * (*u)[i];
  }
  var weight: array<f32, MODES>;
  var highest = -3.0e38;
  for (var m = 0u; m < MODES; m++) { // unroll
    var square = 0.0;
    for (var i = 0u; i < DIM; i++) { // unroll
      let away = (*u)[i] - target_data[means + m * DIM + i];
      square += away * away;
    }
    weight[m] = target_data[2u + MODES + m] - 0.5 * target_data[2u + m] * square;
    highest = max(highest, weight[m]);
  }
  var total = 0.0;
  for (var m = 0u; m < MODES; m++) { // unroll
    weight[m] = exp_f32(weight[m] - highest);
    total += weight[m];
  }
  for (var m = 0u; m < MODES; m++) { // unroll
    let pull = beta * target_data[2u + m] * weight[m] / total;
    for (var i = 0u; i < DIM; i++) { // unroll
      (*gradient)[i] += pull * (target_data[means + m * DIM + i] - (*u)[i]);
    }
  }
  let log_lik = highest + log_f32(total);
  return vec2f(target_data[1] - 0.5 * prior_inverse_variance * prior_square, log_lik);
}
