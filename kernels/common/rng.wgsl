// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, SC'11), as lib/random.ts:
// the same words for the same counter (chain, transition, block, purpose) and key (the two words of a seed),
// the same uniforms, and normals within 3e-7 relative of the f64 ones. Needs special.wgsl.

const PHILOX_MULTIPLIERS = vec2u(0xd2511f53u, 0xcd9e8d57u);
const PHILOX_WEYL = vec2u(0x9e3779b9u, 0xbb67ae85u);
const PHILOX_ROUNDS = 10u;

// High words of the 64-bit products, by 16-bit halves.
fn multiply_high(a: vec2u, b: vec2u) -> vec2u {
  let a_low = a & vec2u(0xffffu);
  let a_high = a >> vec2u(16u);
  let b_low = b & vec2u(0xffffu);
  let b_high = b >> vec2u(16u);
  let middle = a_high * b_low + ((a_low * b_low) >> vec2u(16u));
  let cross = a_low * b_high + (middle & vec2u(0xffffu));
  return a_high * b_high + (middle >> vec2u(16u)) + (cross >> vec2u(16u));
}

fn philox(counter: vec4u, key: vec2u) -> vec4u {
  var c = counter;
  var k = key;
  for (var round = 0u; round < PHILOX_ROUNDS; round++) {
    let factors = c.xz;
    let high = multiply_high(PHILOX_MULTIPLIERS, factors);
    let low = PHILOX_MULTIPLIERS * factors;
    c = vec4u(high.y ^ c.y ^ k.x, low.y, high.x ^ c.w ^ k.y, low.x);
    k += PHILOX_WEYL;
  }
  return c;
}

// Strictly inside (0, 1), on a grid that f32 holds exactly.
fn word_to_uniform(word: u32) -> f32 { return (f32(word >> 9u) + 0.5) * 1.1920929e-7; }

// Two independent standard normals from two words (Box & Muller 1958). The angle is kept in turns, where
// reduction to an eighth of a turn is exact, so no large argument reaches a polynomial.
fn words_to_normals(first: u32, second: u32) -> vec2f {
  let radius = sqrt(-2.0 * log_f32(word_to_uniform(first)));
  let turns = word_to_uniform(second);
  let quadrant = u32(4.0 * turns + 0.5);
  let r = turns - 0.25 * f32(quadrant);
  let z = r * r;
  let sine = r * fma(fma(fma(-76.7405853, z, 81.6248627), z, -41.3418617), z, 6.28318548);
  let cosine = fma(fma(fma(-83.6729279, z, 64.9233932), z, -19.7391682), z, 1.0);
  let odd = (quadrant & 1u) == 1u;
  let x = select(cosine, sine, odd);
  let y = select(sine, cosine, odd);
  return radius * vec2f(
    select(x, -x, ((quadrant + 1u) & 2u) != 0u),
    select(y, -y, (quadrant & 2u) != 0u),
  );
}
