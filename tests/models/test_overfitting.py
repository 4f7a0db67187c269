"""Every different network can learn 32 faces by heart, and leave training for use elsewhere."""

import pytest
import torch
from networks import DISTINCT, small_options

from fer_bench import models
from fer_bench.evaluation.explain_cam import Logits

EXPORTED = sorted(
    {*{models.preset(name).module: name for name in reversed(DISTINCT)}.values()}
    | {"scan_cci_eca_attention", "scan_cci_sa", "scan_cci_spa", "scan_cci_shared",
       "scan_cci_released"}
)  # fmt: skip
"""One network a family, and of SCAN-CCI every kind of unit and of partition; the others leave out
parts of it."""
IMAGES = torch.rand(32, 3, 64, 64, generator=torch.Generator().manual_seed(3))
TARGET = torch.arange(32) % 7
STEPS = 60


def small(name):
    torch.manual_seed(0)
    # 64 px cannot be cut into 25 patches; 16 take the same code. And nothing is learned by heart of
    # which a part is missing each time.
    changes = {"m": 16, "erasing": 0.0, "dropout": 0.0}
    defaults = models.preset(name).defaults
    options = {key: value for key, value in changes.items() if key in defaults}
    return models.build(name, 7, **{**small_options(name), "size": 64, **options})


@pytest.mark.parametrize("name", DISTINCT)
def test_it_learns_32_faces_by_heart(name):
    model = small(name)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(STEPS):
        model.start_epoch(0)
        output = model(IMAGES)
        loss = model.loss(output, TARGET)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if (output.logits.argmax(1) == TARGET).all():
            return
    right = (output.logits.argmax(1) == TARGET).float().mean()
    raise AssertionError(f"{right:.0%} of 32 faces after {STEPS} steps, loss {loss:.3f}")


@pytest.mark.slow  # torch.export traces each network for 2 to 8 s
@pytest.mark.parametrize("name", EXPORTED)
def test_onnx_gives_the_same_logits(name, tmp_path):
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    model = small(name)
    with torch.no_grad():
        model(IMAGES)  # running statistics that differ from where they begin
    model.eval()
    images = IMAGES[:2]
    file = tmp_path / "model.onnx"
    torch.onnx.export(
        Logits(model).eval(), (images,), str(file), input_names=["images"], verbose=False
    )
    session = runtime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"images": images.numpy()})
    with torch.inference_mode():
        expected = model(images).logits
    torch.testing.assert_close(torch.from_numpy(found), expected, rtol=0, atol=1e-4)


class WithPoints(torch.nn.Module):
    """A model's logits of faces and their points."""

    def __init__(self, model: models.FERModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
        return self.model(images, points=points).logits


@pytest.mark.slow  # as above
@pytest.mark.parametrize("name", [n for n in EXPORTED if "points" in small(n).fields])
def test_onnx_takes_points_too(name, tmp_path):
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    whole = WithPoints(small(name)).eval()
    points = torch.rand(2, 24, 3, generator=torch.Generator().manual_seed(0))
    given, file = (IMAGES[:2], points), tmp_path / "model.onnx"
    torch.onnx.export(whole, given, str(file), input_names=["images", "points"], verbose=False)
    session = runtime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    others = torch.rand(2, 24, 3, generator=torch.Generator().manual_seed(1))
    for places in (points, others):
        (found,) = session.run(None, {"images": given[0].numpy(), "points": places.numpy()})
        with torch.inference_mode():
            expected = whole(given[0], places)
        torch.testing.assert_close(torch.from_numpy(found), expected, rtol=0, atol=1e-4)
