# Writes stan_density.json, the values of tests/model/stan_golden_test.ts: log density, log likelihood and
# gradient of the Stan programs of tests/bench/stan at random positions, K = 1, 2, 3, from rstan 2.21.7:
#   Rscript tests/golden/make_stan_density.R        (from the top of the repository)
# The data and the table of ln median are stored beside the answers, so that nothing else has to reproduce
# R's random numbers. Spend, y and ln_median are in original units.
here <- file.path("tests", "bench", "stan")
source(file.path(here, "common.R"))
stopifnot(packageVersion("rstan") == "2.21.7")

rows <- 24
series <- simulated(rows, 3, seed = 20260118)
# Nothing is known of the stock before the first spend, and it decays while nothing is spent.
series$spend[c(1, 2, 9, 10, 17)] <- 0
table <- median_table(series$spend, reach = 6, knots = 121)

case <- function(components) {
  data <- stan_data(series$spend, series$y, components, table)
  target <- suppressMessages(suppressWarnings(sampling(hill_model(components), data, chains = 0)))
  dim <- get_num_upars(target)
  set.seed(20260119 + components) # here, since compiling and sampling() may use random numbers too
  # From far out to the bulk of the prior; the last two leave the table of ln median at either end.
  points <- lapply(c(2, 1.5, 1, 1, 1, 0.7, 0.7, 0.4, 1, 1), function(spread) rnorm(dim, 0, spread))
  points[[9]][1] <- -6.3
  points[[10]][1] <- 6.3
  list(
    components = components,
    points = points,
    log_density = lapply(points, function(u) log_prob(target, u)),
    log_lik = lapply(points, function(u) constrain_pars(target, u)$log_lik),
    gradients = lapply(points, function(u) as.numeric(grad_log_prob(target, u)))
  )
}
golden <- list(
  rstan = as.character(packageVersion("rstan")), spend = series$spend, y = series$y,
  table = list(start = table$table_start, step = table$table_step, ln_median = table$ln_median),
  cases = lapply(1:3, case)
)
# 17 significant digits: every double reads back as itself.
as_json <- function(x) {
  if (is.list(x) && !is.null(names(x))) {
    return(paste0("{", paste0("\"", names(x), "\":", vapply(x, as_json, ""), collapse = ",\n"), "}"))
  }
  if (is.character(x)) return(paste0("\"", x, "\""))
  if (is.list(x)) return(paste0("[", paste(vapply(x, as_json, ""), collapse = ",\n"), "]"))
  numbers <- sprintf("%.17g", x)
  if (length(x) == 1) numbers else paste0("[", paste(numbers, collapse = ","), "]")
}
writeLines(as_json(golden), file.path("tests", "golden", "stan_density.json"))
