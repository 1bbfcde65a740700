"""Writes `storyteller` as files: the ONNX graph with its key-value cache, configs, tokenizer and golden answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from onnx_graph import FLOAT, INT64, Graph

PROMPTS = ["Once upon a time", "Complete this", "for me", "Today's weather", "Large language models",
           "Hello, my name is", "One day, a little girl named Lily", "The capital of France is"]
NEW_TOKENS = 20


def export_storyteller(weights: dict[str, np.ndarray], tokenizer: Tokenizer, shape: dict[str, int], end: str, out: Path) -> None:
    model = out / "onnx" / "model.onnx"
    _graph(weights, shape).save(model)
    end_id = tokenizer.token_to_id(end)
    _write(out / "config.json", {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", **shape, "n_ctx": shape["n_positions"], "n_inner": None,
        "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "tie_word_embeddings": True, "use_cache": True,
        "bos_token_id": end_id, "eos_token_id": end_id, "pad_token_id": end_id, "torch_dtype": "float32",
    })
    _write(out / "generation_config.json", {"bos_token_id": end_id, "eos_token_id": end_id, "pad_token_id": end_id, "max_new_tokens": 64})
    _write(out / "tokenizer_config.json", {
        "tokenizer_class": "GPT2Tokenizer", "model_max_length": shape["n_positions"], "padding_side": "left", "add_prefix_space": False,
        "bos_token": end, "eos_token": end, "unk_token": end, "pad_token": end, "clean_up_tokenization_spaces": False,
    })
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)

    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    cases = []
    for prompt in PROMPTS:
        ids = tokenizer.encode(prompt).ids
        tokens = greedy(session, shape, ids, end_id, NEW_TOKENS)
        cases.append({"prompt": prompt, "input_ids": ids, "tokens": tokens, "text": tokenizer.decode(tokens)})
        print(f"{prompt!r} -> {cases[-1]['text']!r}", flush=True)
    _write(out / "golden.json", {
        "made_with": f"onnxruntime {ort.__version__} (CPU), Python, one prompt at a time, with the cache",
        "options": {"do_sample": False, "max_new_tokens": NEW_TOKENS},
        "note": f"tokens are the new ones alone; a row that ends early closes with the end token {end_id}, which text leaves out",
        "cases": cases,
    })


def greedy(session: ort.InferenceSession, shape: dict[str, int], ids: list[int], end_id: int, count: int) -> list[int]:
    cache, made, fresh = empty_cache(shape, 1), [], ids
    while len(made) < count and end_id not in made:
        past = len(ids) + len(made) - len(fresh)
        feeds = {
            "input_ids": np.array([fresh], np.int64), "attention_mask": np.ones((1, past + len(fresh)), np.int64),
            "position_ids": np.arange(past, past + len(fresh))[None].astype(np.int64), **cache,
        }
        logits, *present = session.run(None, feeds)
        cache = dict(zip(cache, present, strict=True))
        fresh = [int(logits[0, -1].argmax())]
        made += fresh
    return made


def empty_cache(shape: dict[str, int], batch: int) -> dict[str, np.ndarray]:
    empty = np.zeros((batch, shape["n_head"], 0, shape["n_embd"] // shape["n_head"]), np.float32)
    return {f"past_key_values.{layer}.{part}": empty for layer in range(shape["n_layer"]) for part in ("key", "value")}


def _graph(weights: dict[str, np.ndarray], shape: dict[str, int]) -> Graph:
    width, heads = shape["n_embd"], shape["n_head"]
    g = Graph("storyteller", weights)
    tokens = g.input("input_ids", INT64, ["batch_size", "sequence_length"])
    mask = g.input("attention_mask", INT64, ["batch_size", "total_sequence_length"])
    positions = g.input("position_ids", INT64, ["batch_size", "sequence_length"])
    cache_shape = ["batch_size", heads, "past_sequence_length", width // heads]
    past = [[g.input(f"past_key_values.{layer}.{part}", FLOAT, cache_shape) for part in ("key", "value")]
            for layer in range(shape["n_layer"])]

    bias = _causal_bias(g, tokens, mask, past[0][0])
    x = g.op("Add", g.op("Gather", g.weight("wte.weight"), tokens), g.op("Gather", g.weight("wpe.weight"), positions))
    present = []
    for layer, (past_key, past_value) in enumerate(past):
        block = f"h.{layer}"
        joined = g.linear(f"{block}.attn", g.layer_norm(f"{block}.ln_1", x, 1e-5))
        query, key, value = (g.heads(part, heads, width) for part in g.ops("Split", 3, joined, axis=-1))
        key, value = g.op("Concat", past_key, key, axis=2), g.op("Concat", past_value, value, axis=2)
        present.append((key, value))
        x = g.op("Add", x, g.linear(f"{block}.attn_out", g.attend(query, key, value, bias, width, heads)))
        hidden = g.gelu_tanh(g.linear(f"{block}.mlp", g.layer_norm(f"{block}.ln_2", x, 1e-5)))
        x = g.op("Add", x, g.linear(f"{block}.mlp_out", hidden))
    logits = g.op("MatMul", g.layer_norm("ln_f", x, 1e-5), g.op("Transpose", g.weight("wte.weight"), perm=[1, 0]))

    g.output(logits, "logits", ["batch_size", "sequence_length", shape["vocab_size"]])
    for layer, (key, value) in enumerate(present):
        g.output(key, f"present.{layer}.key", [*cache_shape[:2], "total_sequence_length", cache_shape[3]])
        g.output(value, f"present.{layer}.value", [*cache_shape[:2], "total_sequence_length", cache_shape[3]])
    return g


def _causal_bias(g: Graph, tokens: str, mask: str, past_key: str) -> str:
    """0 where a query may look, else a large negative number: [batch, 1, query, key], keys counted from the start of the cache."""
    past = g.op("Squeeze", g.op("Shape", past_key, start=2, end=3))
    total = g.op("Add", past, g.op("Squeeze", g.op("Shape", tokens, start=1, end=2)))
    zero, one = g.constant(np.array(0, np.int64), "zero"), g.constant(np.array(1, np.int64), "one")
    queries = g.op("Unsqueeze", g.op("Range", past, total, one), g.integers(1))
    keys = g.op("Unsqueeze", g.op("Range", zero, total, one), g.integers(0))
    seen = g.op("Unsqueeze", g.op("LessOrEqual", keys, queries), g.integers(0, 1))
    real = g.op("Unsqueeze", g.op("Greater", mask, zero), g.integers(1, 2))
    return g.attention_bias(g.op("And", seen, real))


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
