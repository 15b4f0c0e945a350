// LANES lanes per chain, each with a contiguous stretch of rows. Workgroup memory: WORKGROUP * (ACC + 2) floats.

var<workgroup> shared_acc: array<f32, WORKGROUP * ACC>;
var<workgroup> shared_adstock: array<vec2f, WORKGROUP>;
var<private> first_lane: u32; // index in the workgroup of this chain's lane 0

fn lanes_begin(first: u32) { first_lane = first; }

// Adstock and its alpha-derivative on entry to this lane's stretch. A stretch of m rows takes (s, d) to
// (alpha^m s + S, alpha^m d + m alpha^(m-1) s + D) with S, D its own sums from zero: an associative scan.
fn lanes_adstock(problem: Problem, alpha: f32, lane: u32, begin: u32, end: u32, stretch: u32) -> vec2f {
  var own = vec2f(0.0, 0.0);
  var decay = 1.0;   // alpha^m of a whole stretch
  var decay_slope = 0.0; // m alpha^(m-1)
  for (var t = begin; t < end; t++) {
    own = vec2f(table[problem.rows_at + t * ROW].x + alpha * own.x, own.x + alpha * own.y);
  }
  for (var m = 0u; m < stretch; m++) {
    decay_slope = decay + alpha * decay_slope;
    decay *= alpha;
  }
  workgroupBarrier(); // earlier readers of shared memory are done
  shared_adstock[first_lane + lane] = own;
  workgroupBarrier();
  var entry = vec2f(0.0, 0.0);
  for (var before = 0u; before < lane; before++) {
    let sums = shared_adstock[first_lane + before];
    entry = vec2f(decay * entry.x + sums.x, decay * entry.y + decay_slope * entry.x + sums.y);
  }
  return entry;
}

// Totals of every accumulator over the lanes of this chain, the same on each lane.
fn lanes_sum(acc: ptr<function, array<f32, ACC>>, lane: u32) {
  for (var i = 0u; i < ACC; i++) { shared_acc[(first_lane + lane) * ACC + i] = (*acc)[i]; }
  workgroupBarrier();
  for (var i = lane; i < ACC; i += LANES) {
    var total = 0.0;
    for (var other = 0u; other < LANES; other++) { total += shared_acc[(first_lane + other) * ACC + i]; }
    shared_acc[first_lane * ACC + i] = total;
  }
  workgroupBarrier();
  for (var i = 0u; i < ACC; i++) { (*acc)[i] = shared_acc[first_lane * ACC + i]; }
}

fn lanes_sync() {
  storageBarrier();
  workgroupBarrier();
}
