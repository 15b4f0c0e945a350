// One lane per chain: nothing to share. Twin of lanes_many.wgsl; the ensemble assembles one of the two.

fn lanes_begin(first: u32) {}

fn lanes_adstock(problem: Problem, alpha: f32, lane: u32, begin: u32, end: u32, stretch: u32) -> vec2f {
  return vec2f(0.0, 0.0);
}

fn lanes_sum(acc: ptr<function, array<f32, ACC>>, lane: u32) {}

fn lanes_sync() {}
