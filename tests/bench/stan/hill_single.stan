// One Hill curve (K = 1), preset `baseline`: no hierarchy, no mixture. Stan's unconstrained vector is hillmix's
// position u, in the same order (lib/model/problem.ts), at J = 0.
functions {
#include hill_functions.stan

  // `ln_stock` is of the last rows, from the first spend on; before it the curve is 0.
  vector hill_mean(vector baseline, vector ln_stock, real amplitude, real n, real ln_kappa) {
    int quiet = num_elements(baseline) - num_elements(ln_stock);
    return baseline + append_row(rep_vector(0, quiet), amplitude * inv_logit(n * (ln_stock - ln_kappa)));
  }
}
data {
  int<lower=2> T;
  vector<lower=0>[T] spend;
  vector[T] response;         // standardised: mean 0, population sd 1
  vector[T] time;             // standardised
  real response_mean;
  real<lower=0> response_sd;
  real amplitude_loc;         // ln(0.3 range of the standardised response)
  int<lower=2> knots;         // of ln median(s(alpha)) over logit alpha
  real table_start;
  real<lower=0> table_step;
  vector[knots] ln_median;
}
transformed data {
  int first = 1; // row of the first spend
  while (spend[first] == 0) first += 1;
}
parameters {
  real<lower=0, upper=1> alpha;
  real intercept_z;
  real slope_z;
  real<lower=0> sigma_std;
  real kappa_z;
  real z_A;
  real z_n;
}
model {
  alpha ~ beta(2, 2);
  intercept_z ~ std_normal();
  slope_z ~ std_normal();
  sigma_std ~ std_normal();
  kappa_z ~ std_normal();
  z_A ~ std_normal();
  z_n ~ std_normal();
  response ~ normal(
    hill_mean(2 * intercept_z + slope_z * time, log(adstock(spend[first:T], alpha)), exp(amplitude_loc + 0.8 * z_A),
              exp(log(1.5) + 0.4 * z_n),
              table_lookup(logit(alpha), table_start, table_step, ln_median) + 0.7 * kappa_z),
    sigma_std);
}
generated quantities {
  // Original units.
  real intercept = response_mean + response_sd * 2 * intercept_z;
  real slope = response_sd * slope_z;
  real sigma = response_sd * sigma_std;
  real A = exp(amplitude_loc + log(response_sd) + 0.8 * z_A);
  real n = exp(log(1.5) + 0.4 * z_n);
  real kappa = exp(table_lookup(logit(alpha), table_start, table_step, ln_median) + 0.7 * kappa_z);
  real log_lik = normal_lpdf(
    response | hill_mean(2 * intercept_z + slope_z * time, log(adstock(spend[first:T], alpha)), A / response_sd, n,
                         log(kappa)),
    sigma_std) - T * log(response_sd);
}
