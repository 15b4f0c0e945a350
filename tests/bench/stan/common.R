# Shared by the Stan peers: options, the data both Stan programs read, compilation, parallel chains.
# A script sources this file with `here` set to the folder it lies in.

needed <- c("rstan", "jsonlite")
missing_packages <- needed[!vapply(needed, requireNamespace, logical(1), quietly = TRUE)]
if (system.file("include", "boost", "version.hpp", package = "BH") == "") {
  missing_packages <- c(missing_packages, "BH (the Boost headers)")
}
if (length(missing_packages) > 0) {
  message("R has no ", paste(missing_packages, collapse = ", "), ".")
  quit(status = 3) # ../peer_process.ts reads it as "this peer is not installed"
}
suppressPackageStartupMessages(library(rstan))

# `--name value` pairs over defaults; a default's type is the option's type, NULL means text or absent.
read_options <- function(defaults) {
  words <- commandArgs(trailingOnly = TRUE)
  odd <- seq_along(words) %% 2 == 1
  names <- sub("^--", "", words[odd])
  values <- words[!odd]
  unknown <- setdiff(names, names(defaults))
  if (length(words) %% 2 == 1 || length(unknown) > 0) {
    stop("options are --name value pairs of ", paste(names(defaults), collapse = ", "))
  }
  for (i in seq_along(names)) {
    default <- defaults[[names[i]]]
    defaults[[names[i]]] <- if (is.numeric(default)) as.numeric(values[i]) else values[i]
  }
  defaults
}

population_sd <- function(x) sqrt(mean((x - mean(x))^2))
standardised <- function(x) (x - mean(x)) / population_sd(x)

# ln median of the adstocked spend over logit alpha, from the first positive spend on, as lib/model/median.ts
# defines it; equal outermost pairs make the slope vanish where the constant ends begin.
median_table <- function(spend, reach = 8, knots = 2048) {
  active <- spend[which(spend > 0)[1]:length(spend)]
  at <- seq(-reach, reach, length.out = knots)
  value <- vapply(at, function(x) log(median(stats::filter(active, plogis(x), method = "recursive"))), 0)
  value[1] <- value[2]
  value[knots] <- value[knots - 1]
  list(knots = knots, table_start = -reach, table_step = 2 * reach / (knots - 1), ln_median = value)
}

# Data of hill_single.stan and hill_mixture.stan from columns in original units.
stan_data <- function(spend, y, components, table = median_table(spend)) {
  response <- standardised(y)
  c(list(
    T = length(y), K = components, spend = spend, response = response, time = standardised(seq_along(y)),
    response_mean = mean(y), response_sd = population_sd(y), amplitude_loc = log(0.3 * diff(range(response)))
  ), table)
}

# Spend and response as `simulate` makes them (design, section 3): one Hill curve, or three at K >= 2.
simulated <- function(rows, components, seed) {
  set.seed(seed)
  spend <- rlnorm(rows, 1.5, 0.6)
  stock <- as.numeric(stats::filter(spend, 0.5, method = "recursive"))
  truth <- if (components == 1) list(pi = 1, A = 30, kappa = 1, n = 1.5)
    else list(pi = c(.4, .3, .3), A = c(15, 30, 60), kappa = c(.5, 1, 1.2), n = c(2, 1.5, 1))
  k <- sample(length(truth$pi), rows, replace = TRUE, prob = truth$pi)
  effect <- truth$A[k] * plogis(truth$n[k] * (log(stock) - log(truth$kappa[k] * median(stock))))
  list(spend = spend, y = 50 + 2 * standardised(seq_len(rows)) + effect + rnorm(rows, 0, 3))
}

# The compiled program for K components, kept in a folder beside R's own temporary one. At -O3 a gradient of
# three curves at T = 200 takes 55 us, at Debian's -O2 70 us; -march=native adds nothing.
hill_model <- function(components) {
  file <- file.path(here, if (components == 1) "hill_single.stan" else "hill_mixture.stan")
  sources <- c(file, file.path(here, "hill_functions.stan"))
  key <- paste(c(substr(tools::md5sum(sources), 1, 12), as.character(packageVersion("rstan"))), collapse = "-")
  folder <- file.path(dirname(tempdir()), "hillmix-stan")
  cached <- file.path(folder, paste0(key, ".rds"))
  if (file.exists(cached)) return(readRDS(cached))
  makevars <- tempfile()
  writeLines("CXX14FLAGS = -O3", makevars)
  Sys.setenv(R_MAKEVARS_USER = makevars)
  model <- suppressMessages(stan_model(file, auto_write = FALSE, save_dso = TRUE))
  dir.create(folder, showWarnings = FALSE)
  partial <- tempfile(tmpdir = folder)
  saveRDS(model, partial)
  file.rename(partial, cached) # whole or not there, when two scripts compile at once
  model
}

# fun(i) for i in 1..n, each in a forked process, `cores` at a time; stops on the first failure.
in_parallel <- function(n, cores, fun) {
  results <- parallel::mclapply(seq_len(n), fun, mc.cores = cores, mc.preschedule = FALSE)
  failed <- vapply(results, inherits, logical(1), "try-error")
  if (any(failed)) stop(results[[which(failed)[1]]])
  results
}

write_json <- function(x) {
  cat(jsonlite::toJSON(x, auto_unbox = TRUE, digits = NA, na = "null", null = "null"), "\n")
}
