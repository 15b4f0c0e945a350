// Elementary functions in f32, branch-free. WGSL's own log loses all relative accuracy near 1 (hundreds of
// thousands of ulp on llvmpipe), so none of its logarithms is used. Its exp is off by little more than the
// rounding of x itself and twice as fast as one written out: inner loops and the logistic family use it, and
// exp_f32 serves where x is exact or large.
//
// Largest error against f64 (ulp: unit in the last place), checked by tests/kernels/common_test.ts:
//   exp_f32      1.3 ulp on [-87.3, 88.7]; 0 below -104, infinity above 88.73
//   exp          relative 3.0e-7 + 7e-8 |x| on [-87, 88]; 0 and infinity beyond
//   log_f32      1.4 ulp on normal positive numbers; near -88 below them; NaN below 0 and at infinity
//   log1p_f32    2.1 ulp on (-1, 1.1e38), meant for no other numbers
//   expm1_f32    1.8 ulp below 88.7, infinity above
//   logistic     relative 3.0e-7 + 7e-8 |x| on [-87, 88]
//   log_sigmoid, softplus   relative 3.5e-7 + 7e-8 |x| on [-87, 87]
// NaN stays NaN in all of them. Numbers below 1.18e-38 may flush to zero.

const LOG2_E = 1.44269504;
const LN_2 = 0.693147181;

// By bit pattern: compilers may assume that comparisons see finite numbers only.
fn is_finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }
fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }

// 2^k for k in [-126, 127]; infinity at 128.
fn power_of_two(k: i32) -> f32 { return bitcast<f32>((k + 127) << 23u); }

// x = k ln 2 + r with |r| <= ln(2) / 2, for x down to -104.
struct ExpParts {
  k: i32, // at most 128
  r: f32,
}

// Adding 1.5 * 2^23 leaves round(x / ln 2) in the low bits; reading it as an integer keeps compilers from
// cancelling the sum. ln 2 in two parts (Cody & Waite 1980), the first of 9 bits so that k times it is exact.
fn exp_parts(x: f32) -> ExpParts {
  let shifted = bitcast<i32>(fma(x, LOG2_E, 12582912.0));
  let k = clamp(shifted, 0x4b400000 - 151, 0x4b400000 + 128) - 0x4b400000;
  return ExpParts(k, fma(f32(k), 2.12194440e-4, fma(f32(k), -0.693359375, x)));
}

// (e^r - 1 - r) / r^2, minimax on |r| <= ln(2) / 2.
fn exp_tail(r: f32) -> f32 {
  return fma(fma(fma(fma(1.38213555e-3, r, 8.36866908e-3), r, 4.16682586e-2), r, 0.166665211), r, 0.49999994);
}

// e^x. Scaled in two steps, so that it overflows and underflows as it should.
fn exp_f32(x: f32) -> f32 {
  let parts = exp_parts(select(x, -104.0, x < -104.0));
  let half = parts.k >> 1u;
  let mantissa = fma(fma(exp_tail(parts.r), parts.r, 1.0), parts.r, 1.0);
  return mantissa * power_of_two(half) * power_of_two(parts.k - half);
}

// e^x - 1.
fn expm1_f32(x: f32) -> f32 {
  let parts = exp_parts(select(x, -20.0, x < -20.0));
  let half_scale = power_of_two(parts.k - 1);
  let mantissa = fma(parts.r * parts.r, exp_tail(parts.r), parts.r);
  return 2.0 * fma(half_scale, mantissa, half_scale - 0.5);
}

// ln(1 + f) + exponent * ln 2, minimax on |f| <= 1/3.
fn log_of_parts(f: f32, exponent: i32) -> f32 {
  var tail = fma(0.138209209, f, -0.151222005);
  tail = fma(tail, f, 0.140421525);
  tail = fma(tail, f, -0.164723232);
  tail = fma(tail, f, 0.200079307);
  tail = fma(tail, f, -0.250042379);
  tail = fma(tail, f, 0.333332658);
  return fma(f32(exponent), LN_2, fma(f * f, fma(f, tail, -0.5), f));
}

// Exponent e that brings the number with these bits into [2/3, 4/3) when divided by 2^e: 0x3f2aaaab is 2/3.
fn log_exponent(bits: i32) -> i32 { return (bits - 0x3f2aaaab) >> 23u; }

// ln x.
fn log_f32(x: f32) -> f32 {
  let bits = bitcast<i32>(x);
  let exponent = log_exponent(bits);
  let value = log_of_parts(bitcast<f32>(bits - (exponent << 23u)) - 1.0, exponent);
  return select(value, bitcast<f32>(bits | 0x7fc00000), bitcast<u32>(bits) >= 0x7f800000u);
}

// ln(1 + x). The exponent is that of the rounded 1 + x, but x itself is scaled by it: nothing is lost.
fn log1p_f32(x: f32) -> f32 {
  let exponent = log_exponent(bitcast<i32>(1.0 + x));
  let scale = power_of_two(-exponent);
  return log_of_parts(fma(x, scale, scale - 1.0), exponent);
}

// 1 / (1 + e^-x).
fn logistic(x: f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }

// ln(1 / (1 + e^-x)).
fn log_sigmoid(x: f32) -> f32 { return min(x, 0.0) - log1p_f32(exp(-abs(x))); }

// ln(1 + e^x).
fn softplus(x: f32) -> f32 { return max(x, 0.0) + log1p_f32(exp(-abs(x))); }
