// Twisted Gaussian (Haario, Saksman & Tamminen 1999, section 4): u_0 ~ Normal(0, 10),
// u_1 ~ Normal(-twist (u_0^2 - 100), 1), the others standard normal. Goes with split_prior.wgsl.
//
// target_data from OWN on: twist.

struct Problem { unused: vec4f }

const ACC = 1u; // nothing to sum over lanes

fn target_evaluate(
  p: u32, u: ptr<function, array<f32, DIM>>, beta: f32, gradient: ptr<function, array<f32, DIM>>, lane: u32,
) -> vec2f {
  let twist = target_data[OWN];
  let along = (*u)[0];
  let across = (*u)[1] + twist * (along * along - 100.0);
  var squares = along * along / 100.0 + across * across;
  for (var i = 2u; i < DIM; i++) { // unroll
    squares += (*u)[i] * (*u)[i];
    (*gradient)[i] = -(*u)[i];
  }
  (*gradient)[0] = -along / 100.0 - 2.0 * twist * along * across;
  (*gradient)[1] = -across;
  return split_prior(u, -0.5 * squares, beta, gradient);
}
