# Writes the reference values of tests/diagnostics, from R's posterior 1.4.0 and loo 2.5.1:
#   Rscript tests/golden/make_diagnostics.R        (from the top of the repository)
# Inputs are stored beside the answers, 17 significant digits each, so that nothing else has to reproduce R's
# random numbers. NA and NaN are null; infinities are strings.
suppressMessages({
  library(posterior)
  library(loo)
})
stopifnot(packageVersion("posterior") == "1.4.0", packageVersion("loo") == "2.5.1")
directory <- file.path("tests", "golden")

number <- function(x) {
  ifelse(is.na(x), "null",
    ifelse(is.infinite(x), ifelse(x > 0, "\"Infinity\"", "\"-Infinity\""), sprintf("%.17g", x)))
}
as_json <- function(x) {
  if (is.list(x)) {
    fields <- vapply(x, as_json, "")
    if (is.null(names(x))) return(paste0("[", paste(fields, collapse = ",\n"), "]"))
    return(paste0("{", paste0("\"", names(x), "\":", fields, collapse = ","), "}"))
  }
  if (is.character(x)) return(paste0("\"", x, "\""))
  if (length(x) == 1 && is.null(dim(x))) return(number(x))
  paste0("[", paste(number(as.vector(x)), collapse = ","), "]")
}
write_json <- function(x, name) writeLines(as_json(x), file.path(directory, name))

# ---- convergence: each case is a draws x chains matrix ----
ar1 <- function(draws, chains, phi) {
  replicate(chains, as.numeric(arima.sim(list(ar = phi), draws, n.start = 50)))
}
summary_of <- function(x) {
  list(
    rhat = rhat(x), ess_bulk = ess_bulk(x), ess_tail = ess_tail(x), ess_mean = ess_mean(x), ess_sd = ess_sd(x),
    ess_q30 = unname(ess_quantile(x, 0.3)), ess_max = unname(ess_quantile(x, 1)),
    mcse_mean = mcse_mean(x), mcse_sd = mcse_sd(x), mcse_q30 = unname(mcse_quantile(x, 0.3)),
    mcse_q95 = unname(mcse_quantile(x, 0.95)),
    mean = mean(x), sd = sd(x),
    q5 = if (anyNA(x)) NA else unname(quantile(x, 0.05)),
    q50 = if (anyNA(x)) NA else unname(quantile(x, 0.5)),
    q95 = if (anyNA(x)) NA else unname(quantile(x, 0.95))
  )
}
# Betancourt 2016, equation for the energy Bayesian fraction of missing information.
ebfmi <- function(x) apply(x, 2, function(e) sum(diff(e)^2) / sum((e - mean(e))^2))

# Margossian et al. 2024, equations 15 to 19, for superchains of `size` consecutive chains; posterior 1.4.0 has
# no nested R-hat of its own.
nested <- function(x, size) {
  group <- rep(seq_len(ncol(x) / size), each = size)
  chain_mean <- colMeans(x)
  between <- if (size == 1) 0 else tapply(chain_mean, group, var)
  within <- if (nrow(x) == 1) 0 else tapply(apply(x, 2, var), group, mean)
  sqrt(1 + var(as.vector(tapply(chain_mean, group, mean))) / mean(between + within))
}

set.seed(20260117)
cases <- list(
  iid = matrix(rnorm(800), 200),
  ar1_slow = ar1(200, 4, 0.95),
  ar1_antithetic = ar1(200, 4, -0.7),
  odd_length = ar1(101, 4, 0.5),
  one_chain = ar1(300, 1, 0.6),
  one_chain_apart = sweep(matrix(rnorm(400), 100), 2, c(0, 0, 0, 3), "+"),
  one_chain_wider = sweep(matrix(rnorm(400), 100), 2, c(1, 1, 1, 6), "*"),
  one_chain_stuck = cbind(matrix(rnorm(300), 100), 0.7),
  all_chains_stuck = matrix(rep(c(0.1, -0.3, 1.7, 0.2), each = 50), 50),
  cauchy = matrix(rcauchy(800), 200),
  far_from_zero = 1000 + ar1(150, 2, 0.8),
  counts = matrix(rpois(400, 2), 100),
  coin = matrix(rep(c(0, 1), 40), 20),
  many_chains = ar1(20, 48, 0.7),
  many_odd_chains = ar1(15, 32, 0.3),
  length_8 = matrix(rnorm(32), 8),
  length_10 = matrix(rnorm(40), 10),
  length_12 = ar1(12, 4, -0.8),
  length_13 = ar1(13, 4, 0.9),
  length_6 = matrix(rnorm(24), 6),
  constant = matrix(2.5, 20, 4),
  missing = matrix(c(NA, rnorm(39)), 10)
)
write_json(lapply(names(cases), function(name) {
  x <- cases[[name]]
  size <- if (ncol(x) %% 2 == 0) 2 else 1
  list(
    name = name, chains = ncol(x), draws = nrow(x), expected = suppressWarnings(summary_of(x)),
    ebfmi = as.list(ebfmi(x)), superchain = size, nested_rhat = nested(x, size), values = x
  )
}), "convergence.json")

# ---- special functions ----
probabilities <- c(1e-300, 1e-20, 1e-6, 0.01, 0.0749, 0.0751, 0.3, 0.5, 0.77, 0.93, 0.999, 1 - 1e-12)
gamma_x <- c(1e-3, 0.5, 1.5, 2.5, 9.99, 10, 123.4, 1e5)
beta <- expand.grid(a = c(0.3, 1, 7.5, 120, 5000), b = c(0.3, 2, 31.7, 9000), p = c(0.01, 0.1586553, 0.8413447))
write_json(list(
  probabilities = probabilities, normal = qnorm(probabilities),
  beta_a = beta$a, beta_b = beta$b, beta_p = beta$p, beta_x = qbeta(beta$p, beta$a, beta$b),
  gamma_x = gamma_x, gamma = lgamma(gamma_x)
), "special.json")

# ---- PSIS-LOO and WAIC: draws of a normal model with outliers, (row, chain, draw) ----
chains <- 4
draws <- 125
mu <- 0.12 * ar1(draws, chains, 0.6)
log_sigma <- 0.06 * ar1(draws, chains, 0.3)
y <- c(rnorm(12), 2.5, -3, 4.5, 7)
log_lik <- array(NA, c(draws, chains, length(y)))
for (t in seq_along(y)) log_lik[, , t] <- dnorm(y[t], mu, exp(log_sigma), log = TRUE)
r_eff <- relative_eff(exp(log_lik))
fit <- suppressWarnings(loo(log_lik, r_eff = r_eff))
information <- suppressWarnings(waic(log_lik))
column <- function(object, name) unname(object$pointwise[, name])
loo_case <- list(
  chains = chains, draws = draws, rows = length(y), relative_eff = r_eff,
  elpd_loo = fit$estimates["elpd_loo", "Estimate"], se = fit$estimates["elpd_loo", "SE"],
  p_loo = fit$estimates["p_loo", "Estimate"], pareto_k = pareto_k_values(fit),
  elpd_pointwise = column(fit, "elpd_loo"),
  bad_k = sum(pareto_k_values(fit) > min(1 - 1 / log10(chains * draws), 0.7)),
  elpd_waic = information$estimates["elpd_waic", "Estimate"], waic_se = information$estimates["elpd_waic", "SE"],
  p_waic = information$estimates["p_waic", "Estimate"], log_lik = log_lik
)

# ---- PSIS of plain weight vectors ----
weight_vectors <- list(
  light = -0.5 * rnorm(400)^2, exponential = rexp(300), heavy = 1.3 * rexp(400), tiny_tail = rnorm(15),
  no_tail = rnorm(12), flat = rep(0.5, 200), ties = rep(c(0, 0.5, 1, 1.5, 2, 2.5), 50), huge = 500 * rnorm(100)
)
smoothed <- lapply(names(weight_vectors), function(name) {
  ratios <- weight_vectors[[name]]
  relative <- if (name == "exponential") 0.4 else 1
  out <- suppressWarnings(psis(ratios, r_eff = relative))
  list(
    name = name, relative_eff = relative, tail_length = attr(out, "tail_len"), k = out$diagnostics$pareto_k,
    # Sorted: which of several equal ratios gets which smoothed weight is nobody's business.
    sorted_log_weights = sort(weights(out, log = TRUE)[, 1]), log_ratios = ratios
  )
})

# ---- the fit of a generalised Pareto distribution ----
excesses <- list(
  short = sort(rexp(25)), heavy = sort(runif(200)^(-0.8) - 1), light = sort(1 - runif(120)^0.5)
)
pareto <- lapply(names(excesses), function(name) {
  estimate <- gpdfit(excesses[[name]])
  list(name = name, k = estimate$k, sigma = estimate$sigma, excess = excesses[[name]])
})
write_json(list(loo = loo_case, psis = smoothed, pareto = pareto), "loo.json")

# ---- differences of elpd between three models of the same rows ----
rows <- 40
level <- rnorm(rows, -2, 0.6)
models <- list(
  first = level + rnorm(rows, 0, 0.2), second = level + rnorm(rows, 0.05, 0.1), third = level + rnorm(rows, -0.4, 0.5)
)
as_loo <- function(pointwise) {
  structure(list(
    estimates = matrix(c(sum(pointwise), sqrt(rows * var(pointwise))), 1, dimnames = list("elpd_loo", c("Estimate", "SE"))),
    pointwise = cbind(elpd_loo = pointwise)
  ), class = "loo", dims = c(1000, rows))
}
compared <- loo_compare(lapply(models, as_loo))
write_json(lapply(names(models), function(name) {
  list(
    name = name, elpd_diff = compared[name, "elpd_diff"], se_diff = compared[name, "se_diff"],
    pointwise = models[[name]]
  )
}), "loo_compare.json")
