// The hierarchical Hill mixture with K >= 2 curves, assignments summed out, preset `baseline`, non-centred.
// Stan's unconstrained vector is hillmix's position u, in the same order (lib/model/problem.ts), at J = 0.
functions {
#include hill_functions.stan

  // Sum over rows of ln sum_k pi_k Normal(y_t | b_t + f_k(s_t), sigma). `ln_stock` is of the last rows, from the
  // first spend on; before it every curve is 0.
  // Of eleven spellings timed at T = 200, K = 3, -O3, this was the fastest: 55 us a gradient, against 73 us for
  // vectorised inv_logit, and at -O2 70 us against 92 us for normal_lpdf on means and 120 us for log_mix.
  real mixture_log_lik(vector baseline_residual, vector ln_stock, vector ln_pi, vector amplitude, vector n,
                       vector ln_kappa, real sigma) {
    int K = num_elements(n);
    int T = num_elements(baseline_residual);
    int quiet = T - num_elements(ln_stock);
    real unit = sqrt2() * sigma;
    vector[T] residual = baseline_residual / unit;
    vector[K] height = amplitude / unit;
    vector[K] offset = -n .* ln_kappa;
    vector[K] joint;
    vector[T] term;
    for (t in 1:quiet) term[t] = -square(residual[t]);
    for (t in (quiet + 1):T) {
      for (k in 1:K)
        joint[k] = ln_pi[k] - square(residual[t] - height[k] * inv_logit(fma(n[k], ln_stock[t - quiet], offset[k])));
      term[t] = log_sum_exp(joint);
    }
    return sum(term) - T * (log(sigma) + 0.5 * log(2 * pi()));
  }

  vector ln_weights(vector v) {
    int K = num_elements(v) + 1;
    vector[K] ln_pi;
    real left = 0;
    for (k in 1:(K - 1)) {
      ln_pi[k] = left + log(v[k]);
      left += log1m(v[k]);
    }
    ln_pi[K] = left;
    return ln_pi;
  }

  vector ordered_ln_kappa(real first, vector increment) {
    int K = num_elements(increment) + 1;
    vector[K] ln_kappa;
    ln_kappa[1] = first;
    for (k in 2:K) ln_kappa[k] = ln_kappa[k - 1] + increment[k - 1];
    return ln_kappa;
  }
}
data {
  int<lower=2> T;
  int<lower=2> K;
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
  vector<lower=0>[K - 1] increment;
  vector<lower=0, upper=1>[K - 1] v;
  real mu_log_A_z;
  real<lower=0> sigma_log_A;
  real mu_log_n_z;
  real<lower=0> sigma_log_n;
  vector[K] z_A;
  vector[K] z_n;
}
model {
  alpha ~ beta(2, 2);
  intercept_z ~ std_normal();
  slope_z ~ std_normal();
  sigma_std ~ std_normal();
  kappa_z ~ std_normal();
  increment ~ normal(0, 0.7);
  // v ~ Beta(1, 1) is flat.
  mu_log_A_z ~ std_normal();
  sigma_log_A ~ lognormal(-1, 0.5);
  mu_log_n_z ~ std_normal();
  sigma_log_n ~ lognormal(-1.5, 0.5);
  z_A ~ std_normal();
  z_n ~ std_normal();
  target += mixture_log_lik(
    response - 2 * intercept_z - slope_z * time,
    log(adstock(spend[first:T], alpha)),
    ln_weights(v),
    exp(amplitude_loc + 0.5 * mu_log_A_z + sigma_log_A * z_A),
    exp(log(1.5) + 0.3 * mu_log_n_z + sigma_log_n * z_n),
    ordered_ln_kappa(table_lookup(logit(alpha), table_start, table_step, ln_median) + 0.7 * kappa_z, increment),
    sigma_std);
}
generated quantities {
  // Original units.
  real intercept = response_mean + response_sd * 2 * intercept_z;
  real slope = response_sd * slope_z;
  real sigma = response_sd * sigma_std;
  real mu_log_A = amplitude_loc + log(response_sd) + 0.5 * mu_log_A_z;
  real mu_log_n = log(1.5) + 0.3 * mu_log_n_z;
  vector[K] A = exp(mu_log_A + sigma_log_A * z_A);
  vector[K] n = exp(mu_log_n + sigma_log_n * z_n);
  vector[K] kappa = exp(ordered_ln_kappa(
    table_lookup(logit(alpha), table_start, table_step, ln_median) + 0.7 * kappa_z, increment));
  vector[K] pi = exp(ln_weights(v));
  real log_lik = mixture_log_lik(
    response - 2 * intercept_z - slope_z * time, log(adstock(spend[first:T], alpha)), ln_weights(v),
    A / response_sd, n, log(kappa), sigma_std) - T * log(response_sd);
}
