// Neal's funnel (Neal 2003, "Slice sampling", section 8): u_0 ~ Normal(0, 3), u_i ~ Normal(0, exp(u_0 / 2)). Goes
// with split_prior.wgsl.

struct Problem { unused: vec4f }

const ACC = 1u; // nothing to sum over lanes

fn target_evaluate(
  p: u32, u: ptr<function, array<f32, DIM>>, beta: f32, gradient: ptr<function, array<f32, DIM>>, lane: u32,
) -> vec2f {
  let neck = (*u)[0];
  let inverse_variance = exp_f32(-neck);
  var squares = 0.0;
  for (var i = 1u; i < DIM; i++) { // unroll
    squares += (*u)[i] * (*u)[i];
    (*gradient)[i] = -inverse_variance * (*u)[i];
  }
  (*gradient)[0] = -neck / 9.0 + 0.5 * inverse_variance * squares - 0.5 * f32(DIM - 1u);
  let log_density = -neck * neck / 18.0 - 0.5 * inverse_variance * squares - 0.5 * neck * f32(DIM - 1u);
  return split_prior(u, log_density, beta, gradient);
}
