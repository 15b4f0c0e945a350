// Hill-mixture marketing mix model: log prior, log likelihood and their combined gradient, one pass over t.
//
//   s_t = x_t + alpha s_{t-1}                       f_k(s) = A_k logistic(n_k (ln s - ln kappa_k)), f_k(0) = 0
//   y_t ~ sum_k pi_k Normal(b_t + f_k(s_t), sigma)  b_t = intercept + slope tau_t + sum_j gamma_j c_tj
//
// Generated constants: K components, J baseline columns after intercept and slope, DIM coordinates, ROWS_AT_ONCE
// rows per turn of the row loop, BLOCK rows summed before they join the total, LANES lanes that share one chain
// (each takes a contiguous stretch of rows; adstock over lanes is a scan).
// Layout of a position and meaning of every coordinate: lib/model/problem.ts. Everything standardised.
//
// table (tables_uniform.wgsl or tables_storage.wgsl), vec4f, offsets per problem:
//   rows:        (T up to a multiple of ROWS_AT_ONCE, 1 + ceil(J / 4)): (x, y, tau, 1), then c_1 .. c_J; fill 0
//   coordinates: (DIM, 2): (loc, scale, centre m, c1), (c2, c3, c4, 0); see the prior terms below
// target_data, f32: knots of ln median(s(alpha)) over logit alpha, offset per problem
//
// Loops marked `unroll` are laid out at assembly (lib/engine/unroll.ts): arrays indexed by constants only stay in
// registers. Cost per row: one logarithm, 2 K exponentials, K + 2 divisions, about 25 K + 30 other operations.
// Accuracy against f64: log density within 1e-3 + 1e-6 |value|, gradient within 1e-3 of its norm (tests/kernels).

struct Problem {
  rows_at: u32,        // first row in table
  rows: u32,           // T up to a multiple of ROWS_AT_ONCE
  coordinates_at: u32, // first coordinate in table
  median_at: u32,      // first knot in target_data
  knots: u32,
  centred: u32,        // 1: ln A_k and ln n_k are coordinates themselves
  median_start: f32,   // logit alpha of the first knot
  median_inverse_step: f32,
  constant: f32,       // normalising constants of all priors and scales
  filled_rows: f32,    // T
  padding_b: u32,
  padding_c: u32,
}

@group(0) @binding(2) var<storage, read> target_data: array<f32>;

const ROW = 1u + (J + 3u) / 4u; // vectors per row
const SIGMA = 3u + J;
const KAPPA = SIGMA + 1u;
const STICKS = KAPPA + K;
const AFTER_STICKS = STICKS + K - 1u;
const HIERARCHICAL = K > 1u;
const HYPER = select(0u, AFTER_STICKS, HIERARCHICAL); // unused at K = 1, but indices must be in bounds
const AMPLITUDE = AFTER_STICKS + select(0u, 4u, HIERARCHICAL);
const SHAPE = AMPLITUDE + K;

// Accumulators over rows, in this order, summed over lanes by lanes_sum().
const ACC_LOG_LIK = 0u;                   // sum of ln sum_k exp(w_k)
const ACC_SQUARES = 1u;                   // sum of rho_k r_k^2
const ACC_ALPHA = 2u;                     // sum of (sum_k n_k q_k) dln s / dalpha
const ACC_BASE = 3u;                      // d/d intercept, d/d slope, d/d gamma_j
const ACC_AMPLITUDE = ACC_BASE + 2u + J;  // d/d A_k
const ACC_SHAPE = ACC_AMPLITUDE + K;      // d/d n_k
const ACC_KAPPA = ACC_SHAPE + K;          // sum of q_k
const ACC_WEIGHT = ACC_KAPPA + K;         // sum of rho_k
const ACC = ACC_WEIGHT + K;

const TINY = 1.17549435e-38; // the smallest normal f32; adstock below it counts as none
const LOG_ZERO = -1.0e30; // stands for ln 0: the Hill function is 0 there for every n above 1e-27
const ROOT = 0.849321800; // sqrt(log2(e) / 2)
const HALF_LOG_TWO_PI = 0.9189385332;
// Rows are summed in blocks, then blocks in one sum: compensated summation would be more exact still, but
// compilers simplify (a + b) - a to b (seen in Mesa 22.3's NIR), and blocks survive them. The product of a
// block's softmax sums, each within [1, 8], stays below 2^97 before its one logarithm is taken.

// ln median(s(alpha)) and its derivative with respect to logit alpha: cubic Hermite with Catmull-Rom slopes,
// constant beyond the ends, as lib/model/median.ts.
fn log_median(problem: Problem, logit_alpha: f32) -> vec2f {
  let last = f32(problem.knots - 1u);
  let place = (logit_alpha - problem.median_start) * problem.median_inverse_step;
  let inside = place > 0.0 && place < last;
  let bounded = clamp(place, 0.0, last);
  let cell = min(u32(bounded), problem.knots - 2u);
  let t = bounded - f32(cell);
  let end = problem.knots - 1u;
  let v0 = target_data[problem.median_at + max(cell, 1u) - 1u];
  let v1 = target_data[problem.median_at + cell];
  let v2 = target_data[problem.median_at + cell + 1u];
  let v3 = target_data[problem.median_at + min(cell + 2u, end)];
  let m1 = 0.5 * (v2 - v0);
  let m2 = 0.5 * (v3 - v1);
  let rise = v2 - v1;
  let a = m1 + m2 - 2.0 * rise;
  let b = 3.0 * rise - 2.0 * m1 - m2;
  let value = v1 + t * (m1 + t * (b + t * a));
  let slope = (m1 + t * (2.0 * b + 3.0 * t * a)) * problem.median_inverse_step;
  return vec2f(value, select(0.0, slope, inside));
}

// One coordinate's natural value phi = loc + scale * u.
fn natural(problem: Problem, i: u32, u: f32) -> f32 {
  let place = table[problem.coordinates_at + 2u * i].xy;
  return place.x + place.y * u;
}

// Prior terms on a natural coordinate: (log density without constants, derivative).
// With d = phi - m: Normal is c2 d^2; positive quantities on the log scale (LogNormal, HalfNormal,
// InverseGamma) are c1 d + c2 d^2 + c3 exp(c4 d); Beta on the logit scale is c1 ln v + c2 ln(1 - v).
fn prior_normal(problem: Problem, i: u32, phi: f32) -> vec2f {
  let at = problem.coordinates_at + 2u * i;
  let d = phi - table[at].z;
  let c2 = table[at + 1u].x;
  return vec2f(c2 * d * d, 2.0 * c2 * d);
}

fn prior_log(problem: Problem, i: u32, phi: f32) -> vec2f {
  let at = problem.coordinates_at + 2u * i;
  let first = table[at];
  let second = table[at + 1u];
  let d = phi - first.z;
  let e = second.y * exp_f32(second.z * d);
  return vec2f(first.w * d + second.x * d * d + e, first.w + 2.0 * second.x * d + second.z * e);
}

fn prior_beta(problem: Problem, i: u32, log_v: f32, log_not_v: f32, v: f32) -> vec2f {
  let at = problem.coordinates_at + 2u * i;
  let c1 = table[at].w;
  let c2 = table[at + 1u].x;
  return vec2f(c1 * log_v + c2 * log_not_v, c1 - (c1 + c2) * v);
}

// Log prior and log likelihood at u; writes the gradient of log prior + beta * log likelihood.
// Every lane of a chain calls it with the same u and gets the same answer.
fn target_evaluate(
  p: u32, u: ptr<function, array<f32, DIM>>, beta: f32, gradient: ptr<function, array<f32, DIM>>, lane: u32,
) -> vec2f {
  let problem = problems[p];
  var log_prior = problem.constant;

  // --- parameters from coordinates, prior terms on the way (prior derivative goes into gradient) ---
  let logit_alpha = natural(problem, 0u, (*u)[0u]);
  let alpha = logistic(logit_alpha);
  let forgotten = logistic(-logit_alpha); // 1 - alpha
  let alpha_prior = prior_beta(problem, 0u, log_sigmoid(logit_alpha), log_sigmoid(-logit_alpha), alpha);
  log_prior += alpha_prior.x;
  (*gradient)[0] = alpha_prior.y;

  var base: array<f32, 2u + J>; // intercept, slope, gamma_j
  for (var j = 0u; j < 2u + J; j++) { // unroll
    base[j] = natural(problem, 1u + j, (*u)[1u + j]);
    let term = prior_normal(problem, 1u + j, base[j]);
    log_prior += term.x;
    (*gradient)[1u + j] = term.y;
  }

  let log_sigma = natural(problem, SIGMA, (*u)[SIGMA]);
  let inverse_sigma = exp_f32(-log_sigma);
  let sigma_prior = prior_log(problem, SIGMA, log_sigma);
  log_prior += sigma_prior.x;
  (*gradient)[SIGMA] = sigma_prior.y;

  var log_kappa: array<f32, K>;
  let median = log_median(problem, logit_alpha);
  let first = natural(problem, KAPPA, (*u)[KAPPA]);
  let first_prior = prior_normal(problem, KAPPA, first);
  log_prior += first_prior.x;
  (*gradient)[KAPPA] = first_prior.y;
  log_kappa[0] = median.x + first;
  for (var k = 1u; k < K; k++) { // unroll
    let phi = natural(problem, KAPPA + k, (*u)[KAPPA + k]);
    let term = prior_log(problem, KAPPA + k, phi);
    log_prior += term.x;
    (*gradient)[KAPPA + k] = term.y;
    log_kappa[k] = log_kappa[k - 1u] + exp_f32(phi);
  }

  var log_weight: array<f32, K>;
  var stick: array<f32, K>; // v_k, k < K
  var rest = 0.0; // ln of what is left of the unit stick
  for (var k = 0u; k + 1u < K; k++) { // unroll
    let phi = natural(problem, STICKS + k, (*u)[STICKS + k]);
    let log_v = log_sigmoid(phi);
    let log_not_v = log_sigmoid(-phi);
    stick[k] = logistic(phi);
    let term = prior_beta(problem, STICKS + k, log_v, log_not_v, stick[k]);
    log_prior += term.x;
    (*gradient)[STICKS + k] = term.y;
    log_weight[k] = rest + log_v;
    rest += log_not_v;
  }
  log_weight[K - 1u] = rest;

  var amplitude: array<f32, K>;
  var shape: array<f32, K>;
  var location = vec2f(0.0, 0.0); // mu_log_A, mu_log_n
  var spread = vec2f(1.0, 1.0);   // sigma_log_A, sigma_log_n
  let non_centred = HIERARCHICAL && problem.centred == 0u;
  if (HIERARCHICAL) {
    for (var block = 0u; block < 2u; block++) { // unroll
      let mu = natural(problem, HYPER + 2u * block, (*u)[HYPER + 2u * block]);
      let log_spread = natural(problem, HYPER + 2u * block + 1u, (*u)[HYPER + 2u * block + 1u]);
      let mu_prior = prior_normal(problem, HYPER + 2u * block, mu);
      let spread_prior = prior_log(problem, HYPER + 2u * block + 1u, log_spread);
      log_prior += mu_prior.x + spread_prior.x;
      (*gradient)[HYPER + 2u * block] = mu_prior.y;
      (*gradient)[HYPER + 2u * block + 1u] = spread_prior.y;
      location[block] = mu;
      spread[block] = exp_f32(log_spread);
      if (problem.centred != 0u) {
        // ln A_k ~ Normal(mu, spread): the part that does not depend on k.
        log_prior -= f32(K) * log_spread;
        (*gradient)[HYPER + 2u * block + 1u] -= f32(K);
      }
    }
  }
  for (var k = 0u; k < K; k++) { // unroll
    for (var block = 0u; block < 2u; block++) { // unroll
      const i = AMPLITUDE + block * K + k;
      let phi = natural(problem, i, (*u)[i]);
      var value = phi;
      if (HIERARCHICAL && !non_centred) {
        let z = (phi - location[block]) / spread[block];
        log_prior -= 0.5 * z * z;
        (*gradient)[i] = -z / spread[block];
        (*gradient)[HYPER + 2u * block] += z / spread[block];
        (*gradient)[HYPER + 2u * block + 1u] += z * z;
      } else {
        let term = prior_normal(problem, i, phi);
        log_prior += term.x;
        (*gradient)[i] = term.y;
        if (HIERARCHICAL) { value = location[block] + spread[block] * phi; }
      }
      if (block == 0u) { amplitude[k] = exp_f32(value); } else { shape[k] = exp_f32(value); }
    }
  }

  // --- one pass over the rows of this lane ---
  // In units that save work per row: exponents to base 2, and residuals times ROOT / sigma, so that the squared
  // residual is the exponent of the Normal density itself. The sums are turned back after the loop.
  let to_scaled = ROOT * inverse_sigma;
  var steep: array<f32, K>;            // -n_k log2(e)
  var scaled_amplitude: array<f32, K>; // A_k ROOT / sigma
  var log2_weight: array<f32, K>;
  var pull_by_log_s: array<f32, K>;    // n_k A_k
  for (var k = 0u; k < K; k++) { // unroll
    steep[k] = -LOG2_E * shape[k];
    scaled_amplitude[k] = amplitude[k] * to_scaled;
    log2_weight[k] = LOG2_E * log_weight[k];
    pull_by_log_s[k] = shape[k] * amplitude[k];
  }
  let stretch = (problem.rows + LANES * ROWS_AT_ONCE - 1u) / (LANES * ROWS_AT_ONCE) * ROWS_AT_ONCE;
  let begin = min(lane * stretch, problem.rows);
  let end = min(begin + stretch, problem.rows);
  let entry = lanes_adstock(problem, alpha, lane, begin, end, stretch);
  var s = entry.x;  // s_{t-1}
  var ds = entry.y; // d s_{t-1} / d alpha
  var acc: array<f32, ACC>;
  for (var block = begin; block < end; block += BLOCK) {
    let block_end = min(block + BLOCK, end);
    var log2_lik = 0.0;
    var product = 1.0;
    for (var first = block; first < block_end; first += ROWS_AT_ONCE) {
      for (var next = 0u; next < ROWS_AT_ONCE; next++) { // unroll
        let row = problem.rows_at + (first + next) * ROW;
        let head = table[row]; // x, y, tau, 1 (0 in rows that fill up the last turn)
        ds = s + alpha * ds;
        s = head.x + fma(-forgotten, s, s); // alpha s, with the small 1 - alpha exact where alpha is near 1
        let log_s = select(LOG_ZERO, log_f32(s), s > TINY);
        var left = (head.y - base[0] - base[1] * head.z);
        for (var j = 0u; j < J; j++) { // unroll
          left -= base[2u + j] * table[row + 1u + j / 4u][j % 4u];
        }
        left *= to_scaled;

        var above: array<f32, K>; // ln s - ln kappa_k
        var hill: array<f32, K>;
        var r: array<f32, K>;
        var w: array<f32, K>;
        var highest = -3.0e38;
        for (var k = 0u; k < K; k++) { // unroll
          above[k] = log_s - log_kappa[k];
          hill[k] = 1.0 / (1.0 + exp2(steep[k] * above[k]));
          r[k] = left - scaled_amplitude[k] * hill[k];
          w[k] = log2_weight[k] - r[k] * r[k];
          highest = max(highest, w[k]);
        }
        var total = 0.0;
        for (var k = 0u; k < K; k++) { // unroll
          w[k] = exp2(w[k] - highest);
          total += w[k];
        }
        log2_lik += head.w * highest;
        product *= select(1.0, total, head.w > 0.0);
        let share = head.w / total;

        var pull = 0.0;     // d log lik_t / d mean
        var by_log_s = 0.0; // d log lik_t / d ln s_t
        for (var k = 0u; k < K; k++) { // unroll
          let rho = w[k] * share;
          let rho_r = rho * r[k];
          let on_hill = rho_r * hill[k];
          let q = on_hill - on_hill * hill[k];
          pull += rho_r;
          by_log_s += pull_by_log_s[k] * q;
          acc[ACC_SQUARES] += rho_r * r[k];
          acc[ACC_AMPLITUDE + k] += on_hill;
          acc[ACC_SHAPE + k] += q * above[k];
          acc[ACC_KAPPA + k] += q;
          acc[ACC_WEIGHT + k] += rho;
        }
        acc[ACC_ALPHA] += by_log_s * ds / max(s, TINY);
        acc[ACC_BASE] += pull;
        acc[ACC_BASE + 1u] += pull * head.z;
        for (var j = 0u; j < J; j++) { // unroll
          acc[ACC_BASE + 2u + j] += pull * table[row + 1u + j / 4u][j % 4u];
        }
      }
    }
    acc[ACC_LOG_LIK] += LN_2 * log2_lik + log_f32(product);
  }
  lanes_sum(&acc, lane);
  let to_slope = inverse_sigma / ROOT; // sums of scaled residuals to derivatives by a mean
  acc[ACC_SQUARES] /= ROOT * ROOT;
  acc[ACC_ALPHA] *= to_slope;
  for (var j = 0u; j < 2u + J; j++) { // unroll
    acc[ACC_BASE + j] *= to_slope;
  }
  for (var k = 0u; k < K; k++) { // unroll
    acc[ACC_AMPLITUDE + k] *= to_slope;
    acc[ACC_SHAPE + k] *= to_slope * amplitude[k];
    acc[ACC_KAPPA + k] *= to_slope * amplitude[k];
  }

  // --- likelihood gradient back to natural coordinates ---
  let rows = problem.filled_rows;
  let log_lik = acc[ACC_LOG_LIK] - rows * (log_sigma + HALF_LOG_TWO_PI);
  (*gradient)[SIGMA] += beta * (acc[ACC_SQUARES] - rows);
  for (var j = 0u; j < 2u + J; j++) { // unroll
    (*gradient)[1u + j] += beta * acc[ACC_BASE + j];
  }

  var later = 0.0; // sum over components from k on of d log lik / d ln kappa
  var weight_after = 0.0; // sum over components after k of responsibilities
  for (var from_last = 0u; from_last < K; from_last++) { // unroll
    const k = K - 1u - from_last;
    later -= shape[k] * acc[ACC_KAPPA + k];
    if (k > 0u) {
      (*gradient)[KAPPA + k] += beta * later * (log_kappa[k] - log_kappa[max(k, 1u) - 1u]);
    }
    if (k + 1u < K) {
      let back = acc[ACC_WEIGHT + k] * (1.0 - stick[k]) - stick[k] * weight_after;
      (*gradient)[STICKS + k] += beta * back;
    }
    weight_after += acc[ACC_WEIGHT + k];
    for (var block = 0u; block < 2u; block++) { // unroll
      const i = AMPLITUDE + block * K + k;
      let by_log = beta * select(shape[k] * acc[ACC_SHAPE + k], amplitude[k] * acc[ACC_AMPLITUDE + k], block == 0u);
      if (non_centred) {
        let scaled = by_log * spread[block];
        (*gradient)[HYPER + 2u * block] += by_log;
        (*gradient)[HYPER + 2u * block + 1u] += scaled * natural(problem, i, (*u)[i]);
        (*gradient)[i] += scaled;
      } else {
        (*gradient)[i] += by_log;
      }
    }
  }
  (*gradient)[KAPPA] += beta * later;
  (*gradient)[0] += beta * (acc[ACC_ALPHA] * alpha * (1.0 - alpha) + median.y * later);

  for (var i = 0u; i < DIM; i++) { // unroll
    (*gradient)[i] *= table[problem.coordinates_at + 2u * i].y;
  }
  return vec2f(log_prior, log_lik);
}
