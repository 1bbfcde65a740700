"""The training loop of both models: AdamW, a warm-up and a cosine, a fixed number of steps from a seed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import jax
import numpy as np
import optax

from transformer import Weights

Loss = Callable[[Weights, dict[str, jax.Array]], jax.Array]


def fit(
    loss: Loss,
    weights: dict[str, np.ndarray],
    batches: Iterator[dict[str, np.ndarray]],
    *,
    steps: int,
    learning_rate: float,
    weight_decay: float,
) -> dict[str, np.ndarray]:
    """Trains `weights` on `steps` batches and gives the trained weights back; prints the loss as it goes."""
    schedule = optax.warmup_cosine_decay_schedule(0.0, learning_rate, min(100, steps // 10), steps)
    optimiser = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adamw(schedule, b2=0.98, weight_decay=weight_decay, mask=lambda tree: {n: w.ndim > 1 for n, w in tree.items()}),
    )

    @jax.jit
    def step(weights: Weights, state: optax.OptState, batch: dict[str, jax.Array]):
        value, gradient = jax.value_and_grad(loss)(weights, batch)
        updates, state = optimiser.update(gradient, state, weights)
        return optax.apply_updates(weights, updates), state, value

    trained = jax.tree.map(jax.numpy.asarray, weights)
    state = optimiser.init(trained)
    started = time.monotonic()
    recent: list[float] = []
    for number in range(1, steps + 1):
        trained, state, value = step(trained, state, next(batches))
        recent.append(float(value))
        if number % 50 == 0 or number == steps:
            print(f"step {number}/{steps}  loss {np.mean(recent[-50:]):.4f}  {time.monotonic() - started:.0f} s", flush=True)
    return {name: np.asarray(array) for name, array in trained.items()}
