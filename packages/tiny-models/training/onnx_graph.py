"""A small writer of ONNX graphs, and the parts of a transformer in it (opset 17, float32)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


class Graph:
    def __init__(self, name: str, weights: dict[str, np.ndarray]) -> None:
        self.name, self.weights = name, weights
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, kind: int, shape: list[str | int]) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, value: str, name: str, shape: list[str | int]) -> None:
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, FLOAT, shape))

    def constant(self, array: np.ndarray, name: str) -> str:
        self.initializers.setdefault(name, numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64), "int64_" + "_".join(map(str, values)).replace("-", "m"))

    def scalar(self, value: float) -> str:
        return self.constant(np.array(value, np.float32), f"float_{value!r}")

    def weight(self, name: str) -> str:
        return self.constant(self.weights[name], name)

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        return self.ops(kind, 1, *inputs, **attributes)[0]

    def ops(self, kind: str, count: int, *inputs: str, **attributes: object) -> list[str]:
        number = len(self.nodes)
        names = [f"{kind}_{number}" if count == 1 else f"{kind}_{number}_{part}" for part in range(count)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=f"{kind}_{number}", **attributes))
        return names

    def linear(self, name: str, x: str) -> str:
        return self.op("Add", self.op("MatMul", x, self.weight(f"{name}.weight")), self.weight(f"{name}.bias"))

    def layer_norm(self, name: str, x: str, epsilon: float) -> str:
        return self.op("LayerNormalization", x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), axis=-1, epsilon=epsilon)

    def heads(self, x: str, heads: int, width: int) -> str:
        return self.op("Transpose", self.op("Reshape", x, self.integers(0, 0, heads, width // heads)), perm=[0, 2, 1, 3])

    def attend(self, query: str, key: str, value: str, bias: str, width: int, heads: int) -> str:
        """softmax(query · keyᵀ / √size + bias) · value, heads joined again: [batch, time, width]."""
        scores = self.op("MatMul", query, self.op("Transpose", key, perm=[0, 1, 3, 2]))
        scores = self.op("Mul", scores, self.scalar(float(1 / np.sqrt(width // heads))))
        mixed = self.op("MatMul", self.op("Softmax", self.op("Add", scores, bias), axis=-1), value)
        return self.op("Reshape", self.op("Transpose", mixed, perm=[0, 2, 1, 3]), self.integers(0, 0, width))

    def attention_bias(self, allowed: str) -> str:
        # A finite number: a row of padding that may see nothing stays a number, never NaN.
        return self.op("Where", allowed, self.scalar(0.0), self.scalar(-1e9))

    def gelu_tanh(self, x: str) -> str:
        cube = self.op("Mul", self.op("Mul", x, x), x)
        inner = self.op("Add", x, self.op("Mul", cube, self.scalar(0.044715)))
        curve = self.op("Tanh", self.op("Mul", inner, self.scalar(float(np.sqrt(2 / np.pi)))))
        return self.op("Mul", self.op("Mul", x, self.scalar(0.5)), self.op("Add", curve, self.scalar(1.0)))

    def gelu(self, x: str) -> str:
        curve = self.op("Erf", self.op("Div", x, self.scalar(float(np.sqrt(2)))))
        return self.op("Mul", self.op("Mul", x, self.op("Add", curve, self.scalar(1.0))), self.scalar(0.5))

    def save(self, path: Path) -> None:
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, list(self.initializers.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="shoal tiny-models")
        onnx.checker.check_model(model, full_check=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, path)
