# Fits the Hill mixture with Stan's NUTS and prints timing and diagnostics as one JSON object.
#   Rscript fit.R --csv sales.csv [--spend spend] [--target y] [--share 1] [--components 3] [--chains 4]
#     [--warmup 1000] [--draws 1000] [--delta 0.9] [--seed 1] [--cores 4]
# Seconds are of sampling, warm-up included, in processes forked after compilation: R's start-up, compilation
# and the summaries are left out, to Stan's advantage.
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(here, "common.R"))

settings <- read_options(list(
  csv = NULL, spend = "spend", target = "y", share = 1, components = 3, chains = 4, warmup = 1000, draws = 1000,
  delta = 0.9, seed = 1, cores = parallel::detectCores()
))
table <- read.csv(settings$csv, check.names = FALSE)
absent <- setdiff(c(settings$spend, settings$target), names(table))
if (length(absent) > 0) stop("no column ", paste(absent, collapse = ", "), " in ", settings$csv)
table <- table[seq_len(floor(settings$share * nrow(table))), ]
data <- stan_data(table[[settings$spend]], table[[settings$target]], settings$components)
model <- hill_model(settings$components)

reported <- c(
  "alpha", "intercept", "slope", "sigma", "A", "n", "kappa",
  if (settings$components > 1) c("pi", "mu_log_A", "sigma_log_A", "mu_log_n", "sigma_log_n"), "log_lik"
)
started <- proc.time()[["elapsed"]]
fits <- in_parallel(settings$chains, settings$cores, function(chain) {
  suppressWarnings(sampling(
    model, data, pars = reported, chains = 1, chain_id = chain, seed = settings$seed, refresh = 0,
    iter = settings$warmup + settings$draws, warmup = settings$warmup, save_warmup = TRUE,
    control = list(adapt_delta = settings$delta)
  ))
})
wall <- proc.time()[["elapsed"]] - started
fit <- sflist2stanfit(fits)

steps <- get_sampler_params(fit, inc_warmup = TRUE)
warm <- seq_len(settings$warmup)
count <- function(column, rows) sum(vapply(steps, function(chain) sum(chain[rows, column]), 0))
draws <- posterior::as_draws_array(as.array(fit, pars = reported)) # without warm-up
summary <- posterior::summarise_draws(
  draws, "mean", "sd", mcse_mean = posterior::mcse_mean, mcse_sd = posterior::mcse_sd, rhat = posterior::rhat,
  ess_bulk = posterior::ess_bulk, ess_tail = posterior::ess_tail
)
names(summary)[1] <- "name"
summary$name <- sub("\\[(\\d+)\\]", ".\\1", summary$name) # A[1] is A.1 in draws.csv

write_json(list(
  rows = data$T, components = settings$components, chains = settings$chains, warmup = settings$warmup,
  draws = settings$draws, delta = settings$delta, seed = settings$seed, cores = settings$cores,
  rstan = as.character(packageVersion("rstan")),
  wall_s = wall, chain_s = rowSums(get_elapsed_time(fit)),
  gradients = count("n_leapfrog__", TRUE), warmup_gradients = count("n_leapfrog__", warm),
  divergences = count("divergent__", -warm),
  max_rhat = max(summary$rhat), min_ess_bulk = min(summary$ess_bulk), min_ess_tail = min(summary$ess_tail),
  min_ess_bulk_per_s = min(summary$ess_bulk) / wall, summary = summary
))
