"""The Hill mixture for NumPyro, preset `baseline`, assignments summed out, non-centred: the model of
stan/hill_mixture.stan and, at K = 1, of stan/hill_single.stan, site by site.

NumPyro's unconstrained values, in the order of `sites`, are hillmix's position u (lib/model/problem.ts) at J = 0:
logit for shares, ln for positive quantities. The density is the same, normalising constants included, up to what
standardising the response in two programs rounds.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist


class Data(NamedTuple):
    components: int
    spend: np.ndarray  # (T - first) original units, from the first spend on
    first: int  # rows before the first spend; every curve is 0 there
    response: np.ndarray  # (T) standardised: mean 0, population sd 1
    time: np.ndarray  # (T) standardised
    response_mean: float
    response_sd: float
    amplitude_loc: float  # ln(0.3 range of the standardised response)
    # ln median of the adstocked spend over logit alpha: hillmix's own table, in original units.
    table_start: float
    table_step: float
    ln_median: np.ndarray


def standardised(values):
    return (values - values.mean()) / values.std()


def read_data(job):
    """Data of a job, whose spend and response are in original units."""
    spend, y, table = np.array(job["spend"]), np.array(job["response"]), job["median"]
    response, first = standardised(y), int(np.argmax(spend > 0))
    return Data(
        components=job["components"],
        spend=spend[first:],
        first=first,
        response=response,
        time=standardised(np.arange(len(y), dtype=float)),
        response_mean=y.mean(),
        response_sd=y.std(),
        amplitude_loc=np.log(0.3 * np.ptp(response)),
        table_start=table["start"],
        table_step=table["step"],
        ln_median=np.array(table["values"]),
    )


def sites(components):
    """Names and sizes of the sampled sites, in the order of hillmix's coordinates; 0 for a scalar."""
    hierarchy = [] if components == 1 else [
        ("increment", components - 1), ("v", components - 1),
        ("mu_log_A_z", 0), ("sigma_log_A", 0), ("mu_log_n_z", 0), ("sigma_log_n", 0),
    ]
    return [
        ("alpha", 0), ("intercept_z", 0), ("slope_z", 0), ("sigma_std", 0), ("kappa_z", 0),
        *hierarchy, ("z_A", components), ("z_n", components),
    ]


def adstock(spend, alpha):
    """s_t = x_t + alpha s_{t-1}, from nothing before the first row. At T = 200 the plain scan is the fastest: 8 us a
    gradient of the whole likelihood, 10 by associative scan or by doubling, 21 by convolution, 109 by a matrix."""
    return jax.lax.scan(lambda s, x: (x + alpha * s,) * 2, jnp.zeros(()), spend)[1]


def ln_median(data, alpha):
    """Cubic Hermite interpolation with Catmull-Rom slopes, constant beyond the ends, as in lib/model/median.ts."""
    value, last = jnp.asarray(data.ln_median), len(data.ln_median) - 1
    place = jnp.clip((jax.scipy.special.logit(alpha) - data.table_start) / data.table_step, 0, last)
    cell = jnp.minimum(jnp.floor(place).astype(int), last - 1)
    w, low, high = place - cell, value[cell], value[cell + 1]
    rise = high - low
    slope_low = 0.5 * (high - value[jnp.maximum(cell - 1, 0)])
    slope_high = 0.5 * (value[jnp.minimum(cell + 2, last)] - low)
    square = 3 * rise - 2 * slope_low - slope_high
    return low + w * (slope_low + w * (square + w * (slope_low + slope_high - 2 * rise)))


def curves(data, values):
    """ln A (units of the response's sd), ln n, ln kappa and ln pi, each (K), of one draw of the sites."""
    ln_kappa = ln_median(data, values["alpha"]) + 0.7 * values["kappa_z"]
    if data.components == 1:
        ln_a = data.amplitude_loc + 0.8 * values["z_A"]
        return ln_a, jnp.log(1.5) + 0.4 * values["z_n"], jnp.atleast_1d(ln_kappa), jnp.zeros(1)
    left = jnp.cumsum(jnp.log1p(-values["v"]))
    return (
        data.amplitude_loc + 0.5 * values["mu_log_A_z"] + values["sigma_log_A"] * values["z_A"],
        jnp.log(1.5) + 0.3 * values["mu_log_n_z"] + values["sigma_log_n"] * values["z_n"],
        ln_kappa + jnp.concatenate([jnp.zeros(1), jnp.cumsum(values["increment"])]),
        jnp.concatenate([jnp.log(values["v"]), jnp.zeros(1)]) + jnp.concatenate([jnp.zeros(1), left]),
    )


def log_lik(data, values):
    """Sum over rows of ln sum_k pi_k Normal(y_t | b_t + f_k(s_t), sigma), standardised response."""
    ln_a, ln_n, ln_kappa, ln_pi = curves(data, values)
    ln_stock = jnp.log(adstock(data.spend, values["alpha"]))
    height = jnp.exp(ln_a) * jax.nn.sigmoid(jnp.exp(ln_n) * (ln_stock[:, None] - ln_kappa))
    baseline = 2 * values["intercept_z"] + values["slope_z"] * data.time
    residual = (data.response - baseline) / values["sigma_std"]
    quiet, busy = residual[:data.first], residual[data.first:, None] - height / values["sigma_std"]
    rows = jax.nn.logsumexp(ln_pi - 0.5 * busy**2, axis=1)
    constant = jnp.log(values["sigma_std"]) + 0.5 * jnp.log(2 * jnp.pi)
    return rows.sum() - 0.5 * (quiet**2).sum() - len(data.response) * constant


def hill_mixture(data):
    """The model. Everything not sampled here is a function of it: see `reported`."""
    priors = {
        "alpha": dist.Beta(2, 2),
        "sigma_std": dist.HalfNormal(1),
        "increment": dist.HalfNormal(0.7),
        "v": dist.Uniform(0, 1),  # Beta(1, 1)
        "sigma_log_A": dist.LogNormal(-1, 0.5),
        "sigma_log_n": dist.LogNormal(-1.5, 0.5),
    }
    values = {}
    for name, size in sites(data.components):
        prior = priors.get(name, dist.Normal(0, 1))
        values[name] = numpyro.sample(name, prior.expand([size]).to_event(1) if size else prior)
    numpyro.factor("log_lik", log_lik(data, values))


def reported(data, values):
    """One draw in original units, columns named as in draws.csv."""
    ln_a, ln_n, ln_kappa, ln_pi = curves(data, values)
    scale = data.response_sd
    columns = {
        "alpha": values["alpha"],
        "intercept": data.response_mean + scale * 2 * values["intercept_z"],
        "slope": scale * values["slope_z"],
        "sigma": scale * values["sigma_std"],
    }
    families = {"A": scale * jnp.exp(ln_a), "n": jnp.exp(ln_n), "kappa": jnp.exp(ln_kappa), "pi": jnp.exp(ln_pi)}
    for family, each in families.items():
        columns |= {f"{family}.{k + 1}": each[k] for k in range(data.components)}
    if data.components > 1:
        columns |= {
            "mu_log_A": data.amplitude_loc + jnp.log(scale) + 0.5 * values["mu_log_A_z"],
            "sigma_log_A": values["sigma_log_A"],
            "mu_log_n": jnp.log(1.5) + 0.3 * values["mu_log_n_z"],
            "sigma_log_n": values["sigma_log_n"],
        }
    return columns | {"log_lik": log_lik(data, values) - len(data.response) * jnp.log(scale)}
