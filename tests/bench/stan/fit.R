# Fits the Hill mixture with Stan's NUTS: reads a job as JSON, writes the answer as JSON (../peer_fit.ts has both).
#   Rscript fit.R < job.json > answer.json
# Chains run in processes forked after compilation: R's start-up and compilation are in none of the times.
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(here, "common.R"))

job <- jsonlite::fromJSON(file("stdin"))
table <- list(
  knots = length(job$median$values), table_start = job$median$start, table_step = job$median$step,
  ln_median = job$median$values
)
data <- stan_data(job$spend, job$response, job$components, table)
model <- hill_model(job$components)
target <- suppressMessages(suppressWarnings(sampling(model, data, chains = 0)))

reported <- c(
  "alpha", "intercept", "slope", "sigma", "A", "n", "kappa",
  if (job$components > 1) c("pi", "mu_log_A", "sigma_log_A", "mu_log_n", "sigma_log_n"), "log_lik"
)
started <- proc.time()[["elapsed"]]
fits <- in_parallel(job$chains, job$cores, function(chain) {
  suppressWarnings(sampling(
    model, data, pars = reported, chains = 1, chain_id = chain, seed = job$seed, refresh = 0,
    iter = job$warmup + job$draws, warmup = job$warmup, save_warmup = TRUE,
    control = list(adapt_delta = job$delta)
  ))
})
wall <- proc.time()[["elapsed"]] - started
fit <- sflist2stanfit(fits)

steps <- get_sampler_params(fit, inc_warmup = TRUE)
leapfrogs <- function(rows) sum(vapply(steps, function(chain) sum(chain[rows, "n_leapfrog__"]), 0))
# Chains warm up and sample without waiting for each other: the wall clock is split as Stan's own count of
# processor time is.
warm_share <- colSums(get_elapsed_time(fit))[["warmup"]] / sum(get_elapsed_time(fit))
draws <- as.array(fit, pars = reported) # (draw, chain, quantity)
names <- sub("\\[(\\d+)\\]", ".\\1", dimnames(draws)$parameters) # A[1] is A.1 in draws.csv
if (job$components == 1) names <- sub("^(A|n|kappa)$", "\\1.1", names)

write_json(list(
  version = paste("rstan", packageVersion("rstan")),
  compile_s = NULL, # once and for all: the program is kept
  warmup_s = warm_share * wall, sampling_s = (1 - warm_share) * wall,
  warmup_gradients = leapfrogs(seq_len(job$warmup)), gradients = leapfrogs(TRUE),
  log_density = apply(job$points, 1, function(u) log_prob(target, u)),
  gradient = t(apply(job$points, 1, function(u) as.numeric(grad_log_prob(target, u)))),
  draws = setNames(lapply(seq_along(names), function(i) as.numeric(draws[, , i])), names)
))
