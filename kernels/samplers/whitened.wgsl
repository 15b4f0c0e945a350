// Products with the metric's factor, shared by the samplers: position = F * whitened position, F lower triangular.
// Tunings lie in `tuning` (tables_*.wgsl), TUNING vectors each: (step size, beta, 0, 0), then F and its transpose
// row by row, each row padded to whole vectors, then the ChEES centre.

const TUNING = 1u + (2u * DIM + 1u) * DIM_VECTORS;

// Four elements of a vector from 4 g on; past its end whatever meets a zero of the padded factor.
fn four(v: ptr<function, array<f32, DIM>>, g: u32) -> vec4f {
  let last = DIM - 1u;
  return vec4f((*v)[4u * g], (*v)[min(4u * g + 1u, last)], (*v)[min(4u * g + 2u, last)], (*v)[min(4u * g + 3u, last)]);
}

// sum += scale * F v, F lower triangular, its rows from vector `at` of tuning on.
fn add_factor_times(at: u32, v: ptr<function, array<f32, DIM>>, scale: f32, sum: ptr<function, array<f32, DIM>>) {
  for (var i = 0u; i < DIM; i++) { // unroll
    var total = 0.0;
    for (var g = 0u; g < DIM_VECTORS; g++) { // unroll
      if (4u * g <= i) { total += dot(tuning[at + i * DIM_VECTORS + g], four(v, g)); }
    }
    (*sum)[i] += scale * total;
  }
}

// sum += scale * F^T v, the rows of F^T from vector `at` of tuning on.
fn add_transposed_times(at: u32, v: ptr<function, array<f32, DIM>>, scale: f32, sum: ptr<function, array<f32, DIM>>) {
  for (var i = 0u; i < DIM; i++) { // unroll
    var total = 0.0;
    for (var g = 0u; g < DIM_VECTORS; g++) { // unroll
      if (4u * g + 3u >= i) { total += dot(tuning[at + i * DIM_VECTORS + g], four(v, g)); }
    }
    (*sum)[i] += scale * total;
  }
}

fn squared_norm(v: ptr<function, array<f32, DIM>>) -> f32 {
  var total = 0.0;
  for (var i = 0u; i < DIM; i++) { // unroll
    total += (*v)[i] * (*v)[i];
  }
  return total;
}
