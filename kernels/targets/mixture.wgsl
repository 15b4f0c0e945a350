// Mixture of Gaussians of one spread as likelihood under a broad Gaussian prior about 0, both normalised, for tests
// of tempering: lib/model/test_densities.ts.
//
// target_data: 1 / sd^2, constant of a component, 1 / prior sd^2, constant of the prior, log weights (MODES),
// means (MODES, DIM).

struct Problem { unused: vec4f }

@group(0) @binding(2) var<storage, read> target_data: array<f32>;

const ACC = 1u; // nothing to sum over lanes

fn target_evaluate(
  p: u32, u: ptr<function, array<f32, DIM>>, beta: f32, gradient: ptr<function, array<f32, DIM>>, lane: u32,
) -> vec2f {
  let inverse_variance = target_data[0];
  let prior_inverse_variance = target_data[2];
  let means = 4u + MODES;
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
    weight[m] = target_data[4u + m] - 0.5 * inverse_variance * square;
    highest = max(highest, weight[m]);
  }
  var total = 0.0;
  for (var m = 0u; m < MODES; m++) { // unroll
    weight[m] = exp_f32(weight[m] - highest);
    total += weight[m];
  }
  for (var m = 0u; m < MODES; m++) { // unroll
    let pull = beta * inverse_variance * weight[m] / total;
    for (var i = 0u; i < DIM; i++) { // unroll
      (*gradient)[i] += pull * (target_data[means + m * DIM + i] - (*u)[i]);
    }
  }
  let log_lik = target_data[1] + highest + log_f32(total);
  return vec2f(target_data[3] - 0.5 * prior_inverse_variance * prior_square, log_lik);
}
