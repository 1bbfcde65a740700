"""Trains `sentiment`, a BERT of 0.24 million weights, on opinions made by opinions.py."""

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
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from export_sentiment import export_sentiment
from fit import fit
from opinions import opinion
from transformer import Weights, attention, block_weights, layer_norm, linear, normal

SEED = 21
STEPS = 2400
SHAPE = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 64, "max_position_embeddings": 128, "vocab_size": 2048}
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# Rows, tokens a row, and how many sentences: three short batches to one long, so that every position is trained.
SHORT, LONG = (128, 32, (1, 1, 1, 2)), (32, 128, (3, 5, 7, 9))


def train_tokenizer(texts: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    alphabet = [chr(code) for code in range(33, 127)]
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(
        vocab_size=SHAPE["vocab_size"], special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False,
    ))
    cls, sep = (tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", cls), ("[SEP]", sep)],
    )
    return tokenizer


def initial_weights(rng: np.random.Generator) -> dict[str, np.ndarray]:
    width = SHAPE["hidden_size"]
    weights = {
        "word.weight": normal(rng, SHAPE["vocab_size"], width),
        "position.weight": normal(rng, SHAPE["max_position_embeddings"], width), "kind.weight": normal(rng, 2, width),
        "ln.weight": np.ones(width, np.float32), "ln.bias": np.zeros(width, np.float32),
        "pooler.weight": normal(rng, width, width), "pooler.bias": np.zeros(width, np.float32),
        "classifier.weight": normal(rng, width, 2), "classifier.bias": np.zeros(2, np.float32),
    }
    for layer in range(SHAPE["num_hidden_layers"]):
        weights |= block_weights(rng, f"layer.{layer}", width, 1)
    return weights


def logits(weights: Weights, tokens: jax.Array, mask: jax.Array) -> jax.Array:
    """BERT over [batch, time] tokens of kind 0, where `mask` is 1: [batch, 2]."""
    embedded = weights["word.weight"][tokens] + weights["position.weight"][:tokens.shape[1]] + weights["kind.weight"][0]
    x = layer_norm(weights, "ln", embedded, 1e-12)
    allowed = (mask == 1)[:, None, None, :]
    for layer in range(SHAPE["num_hidden_layers"]):
        block = f"layer.{layer}"
        mixed = attention(weights, block, x, SHAPE["num_attention_heads"], allowed)
        x = layer_norm(weights, f"{block}.ln_1", x + mixed, 1e-12)
        hidden = jax.nn.gelu(linear(weights, f"{block}.mlp", x), approximate=False)
        x = layer_norm(weights, f"{block}.ln_2", x + linear(weights, f"{block}.mlp_out", hidden), 1e-12)
    return linear(weights, "classifier", jnp.tanh(linear(weights, "pooler", x[:, 0])))


def loss(weights: Weights, batch: dict[str, jax.Array]) -> jax.Array:
    # Smoothed labels keep scores away from 0 and 1: a model this small has no business being certain.
    wanted = optax.smooth_labels(jax.nn.one_hot(batch["labels"], 2), 0.04)
    return optax.softmax_cross_entropy(logits(weights, batch["tokens"], batch["mask"]), wanted).mean()


def batch_of(tokenizer: Tokenizer, rng: random.Random, rows: int, length: int, sentences: tuple[int, ...]) -> dict[str, np.ndarray]:
    made = [opinion(rng, rng.choice(sentences)) for _ in range(rows)]
    tokens, mask = np.zeros((rows, length), np.int32), np.zeros((rows, length), np.int32)
    for row, encoding in enumerate(tokenizer.encode_batch([text for text, _ in made])):
        ids = encoding.ids[:length]
        tokens[row, :len(ids)], mask[row, :len(ids)] = ids, 1
    return {"tokens": tokens, "mask": mask, "labels": np.array([label for _, label in made], np.int32)}


def batches(tokenizer: Tokenizer, rng: random.Random) -> Iterator[dict[str, np.ndarray]]:
    while True:
        for kind in (SHORT, SHORT, SHORT, LONG):
            yield batch_of(tokenizer, rng, *kind)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "models" / "sentiment")
    parser.add_argument("--steps", type=int, default=STEPS)
    asked = parser.parse_args()

    rng = random.Random(SEED)
    tokenizer = train_tokenizer([opinion(rng)[0] for _ in range(40_000)])
    weights = initial_weights(np.random.default_rng(SEED))
    print(f"{sum(array.size for array in weights.values())} weights, {tokenizer.get_vocab_size()} tokens", flush=True)
    weights = fit(loss, weights, batches(tokenizer, rng), steps=asked.steps, learning_rate=1e-3, weight_decay=0.01)
    fresh = batch_of(tokenizer, random.Random(SEED + 1), 2000, *SHORT[1:])
    right = np.asarray(logits(weights, fresh["tokens"], fresh["mask"])).argmax(-1) == fresh["labels"]
    print(f"accuracy on 2000 freshly drawn opinions {right.mean():.4f}", flush=True)
    export_sentiment(weights, tokenizer, SHAPE, asked.out)


if __name__ == "__main__":
    main()
