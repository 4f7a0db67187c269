"""The network as an ONNX graph, where the packages for it are installed."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fer_bench.contract.subject import BrokenError, NotCheckedError, Subject
from fer_bench.evaluation.explain_cam import Logits

PACKAGES = ("onnx", "onnxruntime", "onnxscript")
CLOSE = 1e-4


def onnx(subject: Subject) -> str:
    """It can be exported to ONNX, and onnxruntime gives the same logits."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise NotCheckedError(
            f"not installed: {', '.join(missing)} (pip install {' '.join(missing)})"
        )
    import onnxruntime

    images = subject.images(2)
    model = Logits(subject.build()).eval()
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        file = Path(folder) / "model.onnx"
        try:
            _export(model, images, file)
        except Exception as error:
            raise NotCheckedError(
                f"it cannot be exported ({type(error).__name__}): its graph depends on the "
                "images' values, or uses an operation ONNX lacks; training does not need it"
            ) from error
        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {session.get_inputs()[0].name: images.numpy()})
        off = float((torch.from_numpy(found) - model(images)).abs().max())
    if off > CLOSE:
        raise BrokenError(
            f"onnxruntime's logits differ by {off:.2g} (allowed {CLOSE})",
            "Something is decided in Python from tensor values (if, int(), .item()) and frozen by "
            "the export: express it with tensor operations.",
        )
    return f"within {off:.0e}"


def _export(model: nn.Module, images: Tensor, file: Path) -> None:
    quiet: Any = contextlib.redirect_stdout(io.StringIO())
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (images,), str(file), dynamo=True, verbose=False)
