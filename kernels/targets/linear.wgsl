// Bayesian linear regression with known noise, response = design u + noise, under a Gaussian prior about 0: conjugate,
// so that posterior and evidence are known (lib/model/test_densities.ts).
//
// target_data: 1 / noise sd^2, constant of the likelihood, 1 / prior sd^2, constant of the prior, then row by row
// the response and the design's row (ROWS, 1 + DIM).

struct Problem { unused: vec4f }

@group(0) @binding(2) var<storage, read> target_data: array<f32>;

const ACC = 1u; // nothing to sum over lanes

fn target_evaluate(
  p: u32, u: ptr<function, array<f32, DIM>>, beta: f32, gradient: ptr<function, array<f32, DIM>>, lane: u32,
) -> vec2f {
  let inverse_variance = target_data[0];
  let prior_inverse_variance = target_data[2];
  var prior_square = 0.0;
  for (var i = 0u; i < DIM; i++) { // unroll
    prior_square += (*u)[i] * (*u)[i];
    (*gradient)[i] = -prior_inverse_variance * (*u)[i];
  }
  var square = 0.0;
  for (var t = 0u; t < ROWS; t++) {
    let row = 4u + t * (1u + DIM);
    var miss = target_data[row];
    for (var i = 0u; i < DIM; i++) { // unroll
      miss -= target_data[row + 1u + i] * (*u)[i];
    }
    square += miss * miss;
    for (var i = 0u; i < DIM; i++) { // unroll
      (*gradient)[i] += beta * inverse_variance * miss * target_data[row + 1u + i];
    }
  }
  return vec2f(
    target_data[3] - 0.5 * prior_inverse_variance * prior_square,
    target_data[1] - 0.5 * inverse_variance * square,
  );
}
