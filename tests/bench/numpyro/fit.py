"""Fits the Hill mixture with NumPyro's NUTS: reads a job as JSON, writes the answer as JSON (../peer_fit.ts has both).

    python fit.py < job.json > answer.json

Tracing and compilation are timed by JAX's own events and taken out of the other times; start-up and the derived
quantities are in none of them.
"""

import json
import sys
import time

NOT_INSTALLED = 3  # ../peer_process.ts reads it as "this peer is not installed"
try:
    import numpyro
except ModuleNotFoundError as missing:
    print(f"Python has no {missing.name}.", file=sys.stderr)
    sys.exit(NOT_INSTALLED)

job = json.load(sys.stdin)
numpyro.enable_x64()
numpyro.set_host_device_count(job["chains"])  # before JAX looks at its devices

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.infer import MCMC, NUTS
from numpyro.infer.util import potential_energy

from hill_mixture import hill_mixture, read_data, reported, sites

compiling = []  # (start, end) of each piece of tracing or compilation; pieces may lie within each other


def watch_compilation(event, seconds, **_):
    if event.startswith("/jax/core/compile"):
        now = time.monotonic()
        compiling.append((now - seconds, now))


def compile_seconds(since):
    """Length of the union of the pieces that began at `since` or later."""
    total, reached = 0.0, since
    for start, end in sorted(piece for piece in compiling if piece[0] >= since):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def timed(work):
    """Seconds of work with all its results, and of the tracing and compilation in it."""
    began = time.monotonic()
    jax.block_until_ready(work())
    whole, compilation = time.monotonic() - began, compile_seconds(began)
    return whole - compilation, compilation


def unconstrained(components, u):
    """A position of hillmix as NumPyro's dictionary of unconstrained values."""
    values, at = {}, 0
    for name, size in sites(components):
        values[name] = u[at:at + size] if size else u[at]
        at += size or 1
    return values


def log_density(u):
    return -potential_energy(model, (), {}, unconstrained(data.components, u))


data = read_data(job)
model = lambda: hill_mixture(data)
jax.monitoring.register_event_duration_secs_listener(watch_compilation)

mcmc = MCMC(
    NUTS(model, target_accept_prob=job["delta"]), num_warmup=job["warmup"], num_samples=job["draws"],
    num_chains=job["chains"], chain_method="parallel", progress_bar=False,
)
warmup_key, sampling_key = jax.random.split(jax.random.key(job["seed"]))
fields = ("num_steps",)


def warm_up():
    mcmc.warmup(warmup_key, extra_fields=fields, collect_warmup=True)
    return mcmc.get_extra_fields()


def sample():
    mcmc.run(sampling_key, extra_fields=fields)
    return mcmc.get_samples(), mcmc.get_extra_fields()


warmup_s, warmup_compilation = timed(warm_up)
warmup_gradients = int(mcmc.get_extra_fields()["num_steps"].sum())
sampling_s, sampling_compilation = timed(sample)
gradients = warmup_gradients + int(mcmc.get_extra_fields()["num_steps"].sum())
draws = jax.jit(jax.vmap(lambda values: reported(data, values)))(mcmc.get_samples())  # chains one after another
log_densities, slopes = jax.jit(jax.vmap(jax.value_and_grad(log_density)))(jnp.array(job["points"]))


def finite(numbers):
    """Plain numbers, null for what is not finite and so not JSON."""
    return np.where(np.isfinite(numbers), np.asarray(numbers, dtype=object), None).tolist()


json.dump({
    "version": f"NumPyro {numpyro.__version__}, JAX {jax.__version__}",
    "compile_s": warmup_compilation + sampling_compilation,
    "warmup_s": warmup_s,
    "sampling_s": sampling_s,
    "warmup_gradients": warmup_gradients,
    "gradients": gradients,
    "log_density": finite(log_densities),
    "gradient": finite(slopes),
    "draws": {name: finite(column) for name, column in draws.items()},
}, sys.stdout)
