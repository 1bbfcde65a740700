"""Trains `storyteller`, a GPT-2 of 0.46 million weights, on sentences made by stories.py and everyday.py."""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp
import numpy as np
import optax
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from everyday import everyday
from export_storyteller import export_storyteller
from fit import fit
from stories import story
from transformer import Weights, attention, block_weights, layer_norm, linear, normal

SEED = 20
STEPS, ROWS = 2600, 12
DOCUMENTS, FRESH = 90_000, 1_000
END, END_ID = "<|endoftext|>", 0
SHAPE = {"n_layer": 3, "n_head": 4, "n_embd": 96, "n_positions": 256, "vocab_size": 1024}


def documents(rng: random.Random, count: int) -> list[str]:
    """Stories and everyday sentences; one in eight starts some words late, so that any prompt may begin anywhere."""
    made = []
    for _ in range(count):
        text = story(rng) if rng.random() < 0.3 else everyday(rng)
        words = text.split(" ")
        if len(words) > 6 and rng.random() < 0.125:
            text = " ".join(words[rng.randint(1, 4):])
        made.append(text)
    return made


def train_tokenizer(texts: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=SHAPE["vocab_size"], special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
    ))
    assert tokenizer.token_to_id(END) == END_ID
    return tokenizer


def initial_weights(rng: np.random.Generator) -> dict[str, np.ndarray]:
    width = SHAPE["n_embd"]
    weights = {
        "wte.weight": normal(rng, SHAPE["vocab_size"], width), "wpe.weight": normal(rng, SHAPE["n_positions"], width),
        "ln_f.weight": np.ones(width, np.float32), "ln_f.bias": np.zeros(width, np.float32),
    }
    for layer in range(SHAPE["n_layer"]):
        weights |= block_weights(rng, f"h.{layer}", width, SHAPE["n_layer"])
    return weights


def logits(weights: Weights, tokens: jax.Array) -> jax.Array:
    """GPT-2 over [batch, time] tokens without padding, no document looking into the one before: [batch, time, vocab]."""
    time = tokens.shape[1]
    document = jnp.cumsum(tokens == END_ID, axis=1) - (tokens == END_ID)
    allowed = (jnp.tril(jnp.ones((time, time), bool)) & (document[:, :, None] == document[:, None, :]))[:, None]
    x = weights["wte.weight"][tokens] + weights["wpe.weight"][:time]
    for layer in range(SHAPE["n_layer"]):
        block = f"h.{layer}"
        x = x + attention(weights, block, layer_norm(weights, f"{block}.ln_1", x, 1e-5), SHAPE["n_head"], allowed)
        hidden = jax.nn.gelu(linear(weights, f"{block}.mlp", layer_norm(weights, f"{block}.ln_2", x, 1e-5)), approximate=True)
        x = x + linear(weights, f"{block}.mlp_out", hidden)
    return layer_norm(weights, "ln_f", x, 1e-5) @ weights["wte.weight"].T


def loss(weights: Weights, batch: dict[str, jax.Array]) -> jax.Array:
    tokens = batch["tokens"]
    return optax.softmax_cross_entropy_with_integer_labels(logits(weights, tokens[:, :-1]), tokens[:, 1:]).mean()


def rows(tokenizer: Tokenizer, texts: list[str]) -> np.ndarray:
    """Each row starts with a document, as a prompt does, and goes on with others until it is full."""
    length = SHAPE["n_positions"] + 1
    packed, row = [], []
    for encoding in tokenizer.encode_batch(texts):
        row += [*encoding.ids, END_ID]
        if len(row) >= length:
            packed.append(row[:length])
            row = []
    return np.array(packed, np.int32)


def batches(packed: np.ndarray, rng: np.random.Generator) -> Iterator[dict[str, np.ndarray]]:
    while True:
        order = rng.permutation(len(packed))
        for start in range(0, len(order) - ROWS + 1, ROWS):
            yield {"tokens": packed[order[start:start + ROWS]]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "models" / "storyteller")
    parser.add_argument("--steps", type=int, default=STEPS)
    asked = parser.parse_args()

    texts = documents(random.Random(SEED), DOCUMENTS)
    fresh = documents(random.Random(SEED + 1), FRESH)
    tokenizer = train_tokenizer(texts)
    packed = rows(tokenizer, texts)
    print(f"{len(texts)} documents, {packed.size} tokens", flush=True)

    weights = initial_weights(np.random.default_rng(SEED))
    print(f"{sum(array.size for array in weights.values())} weights", flush=True)
    weights = fit(loss, weights, batches(packed, np.random.default_rng(SEED)),
                  steps=asked.steps, learning_rate=3e-3, weight_decay=0.05)
    fresh_rows = rows(tokenizer, fresh)
    print(f"loss on freshly drawn text {float(loss(weights, {'tokens': jnp.asarray(fresh_rows)})):.4f}", flush=True)
    export_storyteller(weights, tokenizer, SHAPE, END, asked.out)


if __name__ == "__main__":
    main()
