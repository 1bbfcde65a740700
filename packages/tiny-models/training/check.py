"""Checks the exported models against their trained maths: cache, padding and batch must not change an answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper
from tokenizers import Tokenizer

import export_sentiment
import export_storyteller
import train_sentiment
import train_storyteller

MODELS = Path(__file__).parent.parent / "models"
TOLERANCE = 1e-4


def main() -> None:
    check_storyteller(MODELS / "storyteller")
    check_sentiment(MODELS / "sentiment")


def check_storyteller(directory: Path) -> None:
    shape, tokenizer, session, weights, golden = _load(directory)
    rows = [tokenizer.encode(case["prompt"]).ids + case["tokens"] for case in golden["cases"]]

    alone = [_whole(session, shape, [row])[0] for row in rows]
    for row, got in zip(rows, alone, strict=True):
        _same("the graph and the trained maths", got, np.asarray(train_storyteller.logits(weights, np.array([row])))[0])
        _same("one token at a time and all at once", _stepwise(session, shape, row), got)
    for row, got, padded in zip(rows, alone, _whole(session, shape, rows), strict=True):
        _same("a left-padded batch and a single row", padded[-len(row):], got)
    for case in golden["cases"]:
        again = export_storyteller.greedy(session, shape, case["input_ids"], tokenizer.token_to_id(train_storyteller.END), len(case["tokens"]))
        assert again == case["tokens"], case["prompt"]
    _padded_decode(session, shape, golden["cases"])


def check_sentiment(directory: Path) -> None:
    _, tokenizer, session, weights, golden = _load(directory)
    rows = [tokenizer.encode(case["text"]).ids for case in golden["cases"]]
    together = export_sentiment.classify(session, rows)
    for row, case, batched in zip(rows, golden["cases"], together, strict=True):
        alone = export_sentiment.classify(session, [row])[0]
        exponents = np.exp(np.asarray(train_sentiment.logits(weights, np.array([row]), np.ones((1, len(row)), int)))[0])
        _same("the graph and the trained maths", alone, exponents / exponents.sum())
        _same("a padded batch and a single row", batched, alone)
        _same("the golden score", alone.max(), np.array(case["score"]))


def _load(directory: Path):
    config = json.loads((directory / "config.json").read_text())
    model = directory / "onnx" / "model.onnx"
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(model).graph.initializer}
    golden = json.loads((directory / "golden.json").read_text())
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    return config, Tokenizer.from_file(str(directory / "tokenizer.json")), session, weights, golden


def _left_padded(rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    length = max(map(len, rows))
    tokens = np.array([[0] * (length - len(row)) + row for row in rows], np.int64)
    mask = np.array([[0] * (length - len(row)) + [1] * len(row) for row in rows], np.int64)
    return tokens, mask


def _positions(mask: np.ndarray) -> np.ndarray:
    return np.where(mask == 1, mask.cumsum(-1) - 1, 1).astype(np.int64)


def _whole(session: ort.InferenceSession, shape: dict, rows: list[list[int]]) -> np.ndarray:
    tokens, mask = _left_padded(rows)
    feeds = {"input_ids": tokens, "attention_mask": mask, "position_ids": _positions(mask)}
    return session.run(["logits"], {**feeds, **export_storyteller.empty_cache(shape, len(rows))})[0]


def _stepwise(session: ort.InferenceSession, shape: dict, row: list[int]) -> np.ndarray:
    cache, seen = export_storyteller.empty_cache(shape, 1), []
    for position, token in enumerate(row):
        feeds = {"input_ids": np.array([[token]], np.int64), "attention_mask": np.ones((1, position + 1), np.int64),
                 "position_ids": np.array([[position]], np.int64)}
        logits, *present = session.run(None, {**feeds, **cache})
        cache = dict(zip(cache, present, strict=True))
        seen.append(logits[0, 0])
    return np.array(seen)


def _padded_decode(session: ort.InferenceSession, shape: dict, cases: list[dict]) -> None:
    """Greedy over all prompts in one left-padded batch with the cache: each row's tokens up to its end are the golden ones."""
    tokens, mask = _left_padded([case["input_ids"] for case in cases])
    positions, cache, made = _positions(mask), export_storyteller.empty_cache(shape, len(cases)), []
    for _ in range(max(len(case["tokens"]) for case in cases)):
        logits, *present = session.run(None, {"input_ids": tokens, "attention_mask": mask, "position_ids": positions, **cache})
        cache = dict(zip(cache, present, strict=True))
        tokens = logits[:, -1].argmax(-1)[:, None]
        made.append(tokens[:, 0])
        mask = np.concatenate([mask, np.ones_like(tokens)], 1)
        positions = mask.sum(-1, keepdims=True) - 1
    for row, case in zip(np.array(made).T, cases, strict=True):
        assert row[:len(case["tokens"])].tolist() == case["tokens"], case["prompt"]
    print("a left-padded batch decodes to the golden tokens")


def _same(what: str, got: np.ndarray, wanted: np.ndarray) -> None:
    difference = float(np.abs(got - wanted).max())
    assert difference < TOLERANCE, f"{what} differ by {difference}"
    print(f"{what}: {difference:.1e}")


if __name__ == "__main__":
    main()
