#!/usr/bin/env bash
# Surprise: in TensorFlow Lite files that converters of 2018 and 2019 wrote, weights are called uint8 with
#   zero point 0, and the interpreter reads their bytes as int8. Who follows the documented formula,
#   value = scale * (byte - zero point), gets a network of other weights, without any error.
# Hurts: whoever converts such a model or reads its tensors (get_tensor gives 0..255 and zero point 0).
# Do: where a convolution or dense layer takes uint8 weights with zero point 0 beside float activations,
#   read the bytes as int8. Weights that go through a DEQUANTIZE operator are uint8 as documented.
# Seen with ai-edge-litert 2.3.0 and the model in PyPI facex 1.1.0, Python 3.11, on 2026-11-29.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet ai-edge-litert==2.3.0 numpy==2.4.6 2>/dev/null
venv/bin/pip install --quiet --no-deps facex==1.1.0 2>/dev/null  # only its model file is used
venv/bin/python - 2>/dev/null <<'P'
from importlib.metadata import version
from pathlib import Path
import sysconfig

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

model = Path(sysconfig.get_path("purelib"), "facex/assets/model_optimized.tflite")
plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
net = Interpreter(str(model), experimental_preserve_all_tensors=True,
                  experimental_op_resolver_type=plain)
net.allocate_tensors()
(given,), (said,) = net.get_input_details(), net.get_output_details()
face = np.random.default_rng(0).random(given["shape"], dtype=np.float32)
net.set_tensor(given["index"], face)
net.invoke()

details = {tensor["index"]: tensor for tensor in net.get_tensor_details()}
(dense,) = (op for op in net._get_ops_details() if op["op_name"] == "FULLY_CONNECTED")
x, weight, bias = (net.get_tensor(i) for i in dense["inputs"])
logits = net.get_tensor(dense["outputs"][0])[0]
stated = details[dense["inputs"][1]]["quantization_parameters"]
scale, zero = float(stated["scales"][0]), int(stated["zero_points"][0])
print("ai-edge-litert", version("ai-edge-litert"), "facex", version("facex"))
print("the dense layer's weights:", weight.dtype, weight.shape, f"scale {scale:.6f}, zero point {zero}")
documented = x.reshape(-1) @ (scale * (weight.astype(np.float64) - zero)).T + bias
signed = x.reshape(-1) @ (scale * weight.view(np.int8).astype(np.float64)).T + bias
np.set_printoptions(precision=1, suppress=True, linewidth=120)
print("the interpreter's logits: ", logits)
print("by the documented formula:", documented)
print("bytes read with a sign:   ", signed)
if weight.dtype != np.uint8 or zero != 0:
    raise SystemExit(print("changed: the file calls its weights otherwise") or 1)
if np.abs(documented - logits).max() < 10 or np.abs(signed - logits).max() > 0.1:
    raise SystemExit(print("changed: the interpreter follows the documented formula") or 1)
P
echo "as found: bytes that the file calls unsigned are read with a sign"
