"""Writes `sentiment` as files: the ONNX graph, configs, tokenizer and golden answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from onnx_graph import INT64, Graph

LABELS = ["NEGATIVE", "POSITIVE"]
SENTENCES = [
    "I loved this film", "The food was terrible", "not good at all", "What a wonderful day at the museum!",
    "The battery died after two days.", "The staff was friendly and the room was clean.", "I would not recommend this place.",
    "Not bad at all!", "The plot was boring, but the acting was brilliant.", "The acting was brilliant, but the plot was boring.",
    "Best pizza in town.", "I want my money back.", "It works perfectly.", "The screen is not bright and the sound is awful.",
    "We will definitely come back.", "The movie was a complete waste of time.", "I didn't like the soup.", "I wasn't disappointed.",
    "A funny and touching story.", "The service was slow and the waiter was rude.",
]


def export_sentiment(weights: dict[str, np.ndarray], tokenizer: Tokenizer, shape: dict[str, int], out: Path) -> None:
    model = out / "onnx" / "model.onnx"
    _graph(weights, shape).save(model)
    _write(out / "config.json", {
        "architectures": ["BertForSequenceClassification"], "model_type": "bert", **shape,
        "intermediate_size": 4 * shape["hidden_size"], "hidden_act": "gelu", "type_vocab_size": 2, "layer_norm_eps": 1e-12,
        "pad_token_id": 0, "position_embedding_type": "absolute", "problem_type": "single_label_classification",
        "id2label": {str(number): label for number, label in enumerate(LABELS)},
        "label2id": {label: number for number, label in enumerate(LABELS)}, "torch_dtype": "float32",
    })
    _write(out / "tokenizer_config.json", {
        "tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": shape["max_position_embeddings"],
        "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]", "mask_token": "[MASK]",
        "clean_up_tokenization_spaces": True,
    })
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)

    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    cases = []
    for sentence in SENTENCES:
        ids = tokenizer.encode(sentence).ids
        scores = classify(session, [ids])[0]
        best = int(scores.argmax())
        cases.append({"text": sentence, "input_ids": ids, "label": LABELS[best], "score": round(float(scores[best]), 6)})
        print(f"{sentence!r} -> {LABELS[best]} {scores[best]:.4f}", flush=True)
    _write(out / "golden.json", {
        "made_with": f"onnxruntime {ort.__version__} (CPU), Python, one sentence at a time",
        "cases": cases,
    })


def classify(session: ort.InferenceSession, rows: list[list[int]]) -> np.ndarray:
    """Probabilities [batch, 2] of token rows, padded on the right to the longest."""
    length = max(map(len, rows))
    tokens = np.array([row + [0] * (length - len(row)) for row in rows], np.int64)
    mask = np.array([[1] * len(row) + [0] * (length - len(row)) for row in rows], np.int64)
    feeds = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
    exponents = np.exp(session.run(["logits"], feeds)[0])
    return exponents / exponents.sum(-1, keepdims=True)


def _graph(weights: dict[str, np.ndarray], shape: dict[str, int]) -> Graph:
    width, heads = shape["hidden_size"], shape["num_attention_heads"]
    g = Graph("sentiment", weights)
    tokens, mask, kinds = (g.input(name, INT64, ["batch_size", "sequence_length"])
                           for name in ("input_ids", "attention_mask", "token_type_ids"))

    zero, one = g.constant(np.array(0, np.int64), "zero"), g.constant(np.array(1, np.int64), "one")
    bias = g.attention_bias(g.op("Unsqueeze", g.op("Greater", mask, zero), g.integers(1, 2)))
    length = g.op("Squeeze", g.op("Shape", tokens, start=1, end=2))
    placed = g.op("Gather", g.weight("position.weight"), g.op("Range", zero, length, one))
    embedded = g.op("Add", g.op("Gather", g.weight("word.weight"), tokens), g.op("Gather", g.weight("kind.weight"), kinds))
    x = g.layer_norm("ln", g.op("Add", embedded, placed), 1e-12)
    for layer in range(shape["num_hidden_layers"]):
        block = f"layer.{layer}"
        query, key, value = (g.heads(part, heads, width) for part in g.ops("Split", 3, g.linear(f"{block}.attn", x), axis=-1))
        mixed = g.linear(f"{block}.attn_out", g.attend(query, key, value, bias, width, heads))
        x = g.layer_norm(f"{block}.ln_1", g.op("Add", x, mixed), 1e-12)
        hidden = g.linear(f"{block}.mlp_out", g.gelu(g.linear(f"{block}.mlp", x)))
        x = g.layer_norm(f"{block}.ln_2", g.op("Add", x, hidden), 1e-12)
    pooled = g.op("Tanh", g.linear("pooler", g.op("Gather", x, zero, axis=1)))
    g.output(g.linear("classifier", pooled), "logits", ["batch_size", 2])
    return g


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
