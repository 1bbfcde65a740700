"""The two blocks both models are made of, in JAX: weights by name in one flat dict, float32 throughout."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

Weights = dict[str, jax.Array]


def normal(rng: np.random.Generator, *shape: int, scale: float = 0.02) -> np.ndarray:
    return rng.normal(0.0, scale, shape).astype(np.float32)


def block_weights(rng: np.random.Generator, prefix: str, width: int, depth: int) -> dict[str, np.ndarray]:
    """One transformer block; projections back into the residual stream start smaller in deeper stacks."""
    residual_scale = 0.02 / np.sqrt(2 * depth)
    return {
        f"{prefix}.ln_1.weight": np.ones(width, np.float32), f"{prefix}.ln_1.bias": np.zeros(width, np.float32),
        f"{prefix}.attn.weight": normal(rng, width, 3 * width), f"{prefix}.attn.bias": np.zeros(3 * width, np.float32),
        f"{prefix}.attn_out.weight": normal(rng, width, width, scale=residual_scale),
        f"{prefix}.attn_out.bias": np.zeros(width, np.float32),
        f"{prefix}.ln_2.weight": np.ones(width, np.float32), f"{prefix}.ln_2.bias": np.zeros(width, np.float32),
        f"{prefix}.mlp.weight": normal(rng, width, 4 * width), f"{prefix}.mlp.bias": np.zeros(4 * width, np.float32),
        f"{prefix}.mlp_out.weight": normal(rng, 4 * width, width, scale=residual_scale),
        f"{prefix}.mlp_out.bias": np.zeros(width, np.float32),
    }


def linear(weights: Weights, name: str, x: jax.Array) -> jax.Array:
    return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]


def layer_norm(weights: Weights, name: str, x: jax.Array, epsilon: float) -> jax.Array:
    centred = x - x.mean(-1, keepdims=True)
    variance = (centred * centred).mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt(variance + epsilon) * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def attention(weights: Weights, prefix: str, x: jax.Array, heads: int, allowed: jax.Array) -> jax.Array:
    """Self-attention over [batch, time, width]; `allowed` broadcasts to [batch, heads, query, key]."""
    batch, time, width = x.shape
    query, key, value = (
        part.reshape(batch, time, heads, width // heads).transpose(0, 2, 1, 3)
        for part in jnp.split(linear(weights, f"{prefix}.attn", x), 3, axis=-1)
    )
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(width // heads)
    mixed = jax.nn.softmax(jnp.where(allowed, scores, -1e9), axis=-1) @ value
    return linear(weights, f"{prefix}.attn_out", mixed.transpose(0, 2, 1, 3).reshape(batch, time, width))
