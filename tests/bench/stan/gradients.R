# Times one gradient of the log posterior in Stan, on all cores at once, and prints a JSON object.
#   Rscript gradients.R [--rows 200] [--components 3] [--cores 4] [--seconds 3] [--seed 1]
# Two ways are timed, both in processor seconds. `hmc`: static HMC with a tiny fixed step, one gradient per
# leapfrog step, by Stan's own clock. `r_loop`: grad_log_prob called from R, which pays R's call overhead (about
# 20 us) every time. The headline is `hmc`, the faster of the two and so the fairer to Stan.
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(here, "common.R"))

settings <- read_options(list(rows = 200, components = 3, cores = parallel::detectCores(), seconds = 3, seed = 1))
series <- simulated(settings$rows, settings$components, settings$seed)
data <- stan_data(series$spend, series$y, settings$components)
model <- hill_model(settings$components)
target <- suppressMessages(sampling(model, data, chains = 0))
position <- rnorm(get_num_upars(target), 0, 0.3)

leapfrogs <- 1000
hmc_seconds <- function(iterations) {
  step <- 1e-5 # so short that the position, and with it the work, hardly changes
  # Half a step over: Stan truncates time / step to the number of leapfrog steps. The diagonal metric, since
  # rstan 2.21 takes adapt_engaged the wrong way round with metric = "unit_e".
  run <- suppressWarnings(sampling(
    model, data, chains = 1, iter = iterations, warmup = 0, algorithm = "HMC", refresh = 0,
    init = list(constrain_pars(target, position)), seed = settings$seed,
    control = list(
      stepsize = step, int_time = step * (leapfrogs + 0.5), stepsize_jitter = 0, metric = "diag_e",
      adapt_engaged = FALSE
    )
  ))
  moves <- get_sampler_params(run)[[1]]
  # A run that strayed to where the density is not finite would time other work.
  stopifnot(moves[, "stepsize__"] == step, moves[, "accept_stat__"] > 0.99)
  sum(get_elapsed_time(run))
}
loop_seconds <- function(calls) {
  sum(system.time(for (i in seq_len(calls)) grad_log_prob(target, position))[c("user.self", "sys.self")])
}

# Gradients per second on each core with all cores busy, for about settings$seconds.
rate <- function(seconds_for, gradients_per_unit, trial) {
  units <- ceiling(trial * settings$seconds / seconds_for(trial))
  seconds <- in_parallel(settings$cores, settings$cores, function(core) seconds_for(units))
  units * gradients_per_unit / unlist(seconds)
}
hmc <- rate(hmc_seconds, leapfrogs, 5)
r_loop <- rate(loop_seconds, 1, 500)

write_json(list(
  rows = settings$rows, components = settings$components, cores = settings$cores,
  way = "hmc: static HMC with a fixed step count, by Stan's own clock",
  gradients_per_s_per_core = mean(hmc), gradients_per_s = sum(hmc), us_per_gradient = 1e6 / mean(hmc),
  r_loop_gradients_per_s_per_core = mean(r_loop), rstan = as.character(packageVersion("rstan"))
))
