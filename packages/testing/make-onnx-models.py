"""Writes src/onnx-models.ts: the models of the ONNX runtime suite. Needs the Python package `onnx`: python make-onnx-models.py > src/onnx-models.ts"""

import base64

import numpy as np
from onnx import TensorProto as T, checker, external_data_helper, helper, numpy_helper


def port(name, type, shape):
    return helper.make_tensor_value_info(name, type, shape)


def model(nodes, inputs, outputs, initializers=(), check=True):
    graph = helper.make_graph(nodes, "g", inputs, outputs, initializer=initializers)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    if check:
        checker.check_model(made)
    return made.SerializeToString()


def node(kind, inputs, output, **attributes):
    return helper.make_node(kind, inputs.split(), [output], **attributes)


def echo():
    types = {"int64": T.INT64, "int32": T.INT32, "uint8": T.UINT8, "float64": T.DOUBLE, "bool": T.BOOL, "utf8": T.STRING, "float16": T.FLOAT16}
    nodes = [node("Identity", f"{name}_in", f"{name}_out") for name in types]
    return model(nodes, [port(f"{n}_in", t, ["n"]) for n, t in types.items()], [port(f"{n}_out", t, ["n"]) for n, t in types.items()])


def cache(type):
    nodes = [node("Concat", "past step", "present", axis=1), node("Add", "present present", "logits")]
    return model(
        nodes,
        [port("past", type, ["rows", "before", 2]), port("step", type, ["rows", "new", 2])],
        [port("logits", type, ["rows", "positions", 2]), port("present", type, ["rows", "positions", 2])],
    )


def powers(times):
    names = ["x"] + [f"x{i}" for i in range(1, times)] + ["y"]
    nodes = [node("MatMul", f"{a} x", b) for a, b in zip(names, names[1:])]
    return model(nodes, [port("x", T.FLOAT, ["rows", "columns"])], [port("y", T.FLOAT, ["rows", "columns"])])


def scale():
    nodes = [node("Cast", "by", "factor", to=T.FLOAT), node("Mul", "x factor", "y"), node("ReduceSum", "y", "sum", keepdims=0)]
    return model(nodes, [port("x", T.FLOAT, ["n", 2]), port("by", T.INT64, [])], [port("y", T.FLOAT, ["n", 2]), port("sum", T.FLOAT, [])])


def external():
    weight = numpy_helper.from_array(np.zeros(2, np.float32), "w")
    external_data_helper.set_external_data(weight, "weights.bin", offset=0, length=8)
    weight.ClearField("raw_data")
    return model([node("Add", "x w", "y")], [port("x", T.FLOAT, ["n", 2])], [port("y", T.FLOAT, ["n", 2])], [weight], check=False)


def window():
    nodes = [
        node("Add", "state x", "sum0"), node("ReduceSum", "sum0 axes", "next", keepdims=1), node("Identity", "next", "out"),
    ]
    axes = numpy_helper.from_array(np.array([1]), "axes")
    return model(nodes, [port("x", T.FLOAT, [1, "n"]), port("state", T.FLOAT, [1, 1])], [port("out", T.FLOAT, [1, 1]), port("next", T.FLOAT, [1, 1])], [axes])


def pairs():
    nodes = [node("Add", "x x", "y")]
    return model(nodes, [port("x", T.FLOAT, [2, 2])], [port("y", T.FLOAT, [2, 2])])


def above():
    nodes = [node("Greater", "x zero", "mask"), node("Compress", "x mask", "found", axis=1), node("Squeeze", "found axes", "values")]
    zero, axes = numpy_helper.from_array(np.float32(0), "zero"), numpy_helper.from_array(np.array([0]), "axes")
    nodes.insert(1, node("Squeeze", "mask axes", "flat"))
    nodes[2] = node("Compress", "x flat", "found", axis=1)
    return model(nodes, [port("x", T.FLOAT, [1, "n"])], [port("values", T.FLOAT, ["found"])], [zero, axes])


def tokens():
    nodes = [node("Add", "half half", "twice"), node("Cast", "ids", "same", to=T.FLOAT), node("Identity", "text", "echo"), node("Greater", "same zero", "positive")]
    zero = numpy_helper.from_array(np.float32(0), "zero")
    return model(
        nodes,
        [port("ids", T.INT64, ["rows", "length"]), port("half", T.FLOAT16, ["rows", 2]), port("text", T.STRING, ["rows", 1])],
        [port("twice", T.FLOAT16, ["rows", 2]), port("same", T.FLOAT, ["rows", "length"]), port("echo", T.STRING, ["rows", 1]), port("positive", T.BOOL, ["rows", "length"])],
        [zero],
    )


def outer():
    nodes = [node("Mul", "a b", "y")]
    return model(nodes, [port("a", T.FLOAT, ["rows", 1]), port("b", T.FLOAT, [1, "columns"])], [port("y", T.FLOAT, ["rows", "columns"])])


models = {
    "doubleModel": ("y = x + x; float32 [n].", model([node("Add", "x x", "y")], [port("x", T.FLOAT, ["n"])], [port("y", T.FLOAT, ["n"])])),
    "echoModel": ("For each type t: t_out = t_in; [n].", echo()),
    "cacheModel": ("present = past ++ step along axis 1, logits = 2 present; float32 [rows, positions, 2].", cache(T.FLOAT)),
    "halfCacheModel": ("The same in float16.", cache(T.FLOAT16)),
    "powerModel": ("y = x to the 25th; float32 [rows, columns], square: slow when large, fails when not square.", powers(24)),
    "scaleModel": ("y = by * x, sum = the sum of y; x float32 [n, 2], by int64 [], sum [].", scale()),
    "externalModel": ("y = x + w; float32 [n, 2], w [2] in the external data file weights.bin.", external()),
    "windowModel": ("out = next = the sum of state + each of x; float32 x [1, n], state [1, 1].", window()),
    "pairsModel": ("y = x + x; float32 [2, 2]: two rows at a time.", pairs()),
    "aboveModel": ("values = the x above zero; float32 [1, n] to [found], without an axis for rows.", above()),
    "tokensModel": ("twice = 2 half (float16), same = ids (int64) as float32, echo = text, positive = ids > 0.", tokens()),
    "outerModel": ("y = a b; float32 [rows, 1] and [1, columns] to [rows, columns]: much from little.", outer()),
}

print("// Written by make-onnx-models.py.\n")
for name, (what, bytes) in models.items():
    print(f"/** {what} */")
    print(f'export const {name}: Uint8Array = decoded("{base64.b64encode(bytes).decode()}");\n')
print("function decoded(base64: string): Uint8Array {\n  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));\n}")
