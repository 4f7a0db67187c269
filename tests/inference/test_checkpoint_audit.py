"""Each usual fault is planted in a checkpoint, and found, and nothing where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from rendered_pack import rendered, write_pack
from torch import nn

from fer_bench import cli, datasets, models
from fer_bench.contract.new import write_model
from fer_bench.inference import checkpoint_audit
from fer_bench.inference.checkpoint_audit import Held, audit_answers, audit_network
from fer_bench.labels import Expression
from fer_bench.models import outside
from fer_bench.models.base import Normalise

CLASSES = ("neutral", "happiness", "surprise", "sadness")
SIDE = 16


def smooth(rng: np.random.Generator, n: int) -> np.ndarray:
    drawn = torch.from_numpy(rng.uniform(0, 1, (n, 3, 10, 10)))
    return nn.functional.interpolate(drawn, (SIDE, SIDE), mode="bilinear").numpy()


BRIGHT = np.array([0.5, 0.8, 1, 1]).reshape(4, 1, 1, 1)
SHARE = 0.16 * BRIGHT * smooth(np.random.default_rng(3), len(CLASSES))
"""What of each face is its class's; the rest is its own."""
TEMPLATES = SHARE + 0.42


def held(seed: int, n: int = 240) -> Held:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(CLASSES), n)
    faces = SHARE[labels] + 0.84 * smooth(rng, n)
    pixels = (255 * faces.transpose(0, 2, 3, 1)).round().astype("uint8")
    return Held(labels, np.arange(n) // 3, np.zeros(n, bool), pixels)


class Nearest(nn.Module):
    """Answers with the nearest template, of images as `kind` normalises them."""

    def __init__(self, kind: str = "half") -> None:
        super().__init__()
        self.normalise = Normalise(kind)
        self.norm = nn.BatchNorm2d(3, affine=False)
        ours = Normalise("half")(torch.from_numpy(TEMPLATES).float())
        self.templates = nn.Parameter(ours, requires_grad=False)
        self.order = list(range(len(CLASSES)))
        self.change = lambda images: images

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        seen = self.norm(self.normalise(self.change(images)))
        return -((seen[:, None] - self.templates) ** 2).mean((2, 3, 4))[:, self.order] * 9


def flipped(net: Nearest) -> None:
    net.templates.data = net.templates.flip(1)


def reordered(net: Nearest) -> None:
    net.order = [2, 0, 3, 1]


def scaled(low: float, high: float):
    def plant(net: Nearest) -> None:  # trained on images from low to high
        net.templates.data = (net.templates + 1) / 2 * (high - low) + low

    return plant


def imagenet(net: Nearest) -> None:
    net.templates.data = Normalise("imagenet")(torch.from_numpy(TEMPLATES).float())


def narrow(net: Nearest) -> None:  # sees its input from further away
    net.change = lambda images: checkpoint_audit.cut(images, 1.25)


def worn(net: Nearest) -> None:
    net.norm.running_mean += torch.tensor([2.0, -2.0, 1.0])
    mean, std = (
        net.templates.mean((0, 2, 3), keepdim=True),
        net.templates.std((0, 2, 3), keepdim=True),
    )
    net.templates.data = (net.templates - mean) / std


FAULTS = {
    "classes": (reordered, "surprise, neutral, sadness, happiness"),
    "channels": (flipped, "BGR"),
    "0 to 255": (scaled(0, 255), "0 to 255"),
    "0 to 1": (scaled(0, 1), "0 to 1"),
    "imagenet": (imagenet, "ImageNet's mean and std"),
    "crop": (narrow, "0.9"),  # 0.8 would be blurred twice
    "statistics": (worn, "of the batch"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_with_what_it_costs(fault):
    plant, value = FAULTS[fault]
    net = Nearest()
    plant(net)
    found = audit_network(net, held(0), held(1), CLASSES)
    assert found.causes[0].value == value
    assert found.causes[0].ends[0] > 0
    assert found.gap > 0.05
    assert found.ends[0] > 0
    assert found.best > 0.6
    assert found.best - found.given == pytest.approx(found.gap)
    assert all(c.cost < 0.1 for c in found.causes[1:])


def test_faults_that_come_together_are_told_apart():
    net = Nearest()
    for plant in (reordered, flipped, scaled(0, 255)):
        plant(net)
    found = audit_network(net, held(0), held(1), CLASSES)
    assert {c.what for c in found.causes} == {"classes", "channels", "scale"}
    assert found.best > 0.9 > 0.6 > found.given
    assert all(c.ends[0] > 0 for c in found.causes)


def test_nothing_is_found_where_nothing_is_wrong():
    found = audit_network(Nearest(), held(0), held(1), CLASSES)
    assert (found.causes, found.gap, found.notes) == ((), 0, ())


def test_forwards_that_mix_a_batch_and_faces_seen_before_are_told():
    net = Nearest()
    net.change = lambda images: images - images.mean(0, keepdim=True) + 0.5
    test = held(1)
    test = Held(test.labels, test.people, test.people < 10, test.faces)
    notes = audit_network(net, held(0), test, CLASSES).notes
    assert "answers change when faces come one at a time" in notes[0]
    assert "30 test faces stand in the train split" in notes[1]


def test_of_predictions_the_order_of_classes_is_found():
    net = Nearest()
    reordered(net)
    val, test = held(0), held(1)
    given = [
        checkpoint_audit.answers(net, h.faces, checkpoint_audit.Setting()) for h in (val, test)
    ]
    (cause,) = audit_answers(given, val, test, CLASSES).causes
    assert cause.line == "its outputs are, in order: surprise, neutral, sadness, happiness"
    right = [logits[:, [1, 3, 0, 2]] for logits in given]
    assert audit_answers(right, val, test, CLASSES).gap == 0


def test_faces_of_one_person_count_once():
    right, wrong = np.array([1, 1, 1, 1, 0, 1]), np.zeros(6)
    _, alone = checkpoint_audit.difference(right, wrong, np.arange(6))
    _, alike = checkpoint_audit.difference(right, wrong, np.array([0, 0, 0, 0, 1, 1]))
    assert alone[1] - alone[0] < alike[1] - alike[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    given = held(5, 48)
    for i, (face, label) in enumerate(zip(given.faces, given.labels, strict=True)):
        place = tmp_path / "faces" / CLASSES[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(face).resize((64, 64)).save(place / f"f{i:02d}.png")
    return tmp_path / "faces"


def test_the_command_reads_predictions_of_faces_in_folders(folder, tmp_path, capsys):
    names = [(p.stem, CLASSES.index(p.parent.name)) for p in sorted(folder.glob("*/*"))]
    said = pd.DataFrame(np.eye(4)[[(label + 1) % 4 for _, label in names]])
    said.insert(0, "sample_id", [name for name, _ in names])
    said.to_csv(tmp_path / "theirs.csv", index=False)
    status = cli.run(["audit-checkpoint", str(tmp_path / "theirs.csv"), "--faces", str(folder)])
    shown = capsys.readouterr().out
    assert status == 0
    assert "0.0 % as given, 100.0 % with all below put right: +100.0 [+100.0, +100.0]" in shown
    assert "its outputs are, in order: sadness, neutral, happiness, surprise" in shown


def test_the_command_loads_a_state_dict_and_says_what_does_not_fit(folder, tmp_path, capsys):
    torch.manual_seed(0)
    net = models.build("baseline1", 4, backbone="resnet18_slim", size=64)
    state = {f"module.{k}": v for k, v in net.state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "theirs.pth.tar")
    asked = ["audit-checkpoint", str(tmp_path / "theirs.pth.tar"), "--faces", str(folder),
             "--model", "baseline1"]  # fmt: skip
    assert cli.run([*asked, "--backbone", "resnet18_slim"]) == 0
    assert "None of what was tried explains a gap" in capsys.readouterr().out
    assert cli.run([*asked, "--backbone", "resnet18"]) == 1
    assert "theirs.pth.tar is not of baseline1" in capsys.readouterr().err
    assert cli.run([*asked[:3], str(tmp_path), *asked[4:]]) == 1
    assert "a folder a class (neutral" in capsys.readouterr().err
    assert cli.run([*asked[:3], "syntetic", *asked[4:]]) == 1
    assert "did you mean 'synthetic'" in capsys.readouterr().err


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Drawn faces as the embedded dataset's pack, in the current folder; its test faces."""
    faces, manifest = rendered(48, identities_train=10, identities_test=4)
    hashes = [f"{number:064x}" for number in range(len(manifest))]
    hashes[-1] = hashes[0]  # the last test face is the first of the train split
    write_pack(tmp_path / "data/aligned/synthetic", faces, manifest.assign(source_sha256=hashes))
    monkeypatch.chdir(tmp_path)
    return manifest[manifest["split"] == "test"]


def said(faces: pd.DataFrame, classes: list[str], file: Path, moved: int = 0) -> list[str]:
    """Writes right answers as a CSV, its columns in the order of `classes`, or all moved on."""
    right = [classes.index(Expression(label).name) for label in faces["label"]]
    table = pd.DataFrame(np.eye(len(classes))[np.add(right, moved) % len(classes)])
    table.columns = [f"logit_{name}" for name in classes]
    table.insert(0, "sample_id", faces["sample_id"].to_numpy())
    table.to_csv(file, index=False)
    return ["audit-checkpoint", str(file), "--faces", "synthetic"]


def test_columns_that_name_classes_are_read_by_their_names(dataset, tmp_path, capsys):
    backwards = list(datasets.get_dataset("synthetic").classes)[::-1]
    assert cli.run(said(dataset, backwards, tmp_path / "right.csv")) == 0
    shown = capsys.readouterr().out
    assert "100.0 % as given" in shown
    assert "None of what was tried explains a gap" in shown
    assert cli.run(said(dataset, backwards, tmp_path / "moved.csv", moved=1)) == 0
    assert "0.0 % as given, 100.0 % with all below put right" in capsys.readouterr().out


def test_test_faces_alone_are_halved_by_person_and_copies_of_train_are_told(
    dataset, tmp_path, capsys
):
    classes = list(datasets.get_dataset("synthetic").classes)
    assert cli.run(said(dataset, classes, tmp_path / "theirs.csv")) == 0
    assert "1 test faces stand in the train split" in capsys.readouterr().out
    one = dataset[dataset["subject"] == dataset["subject"].iloc[0]]
    assert cli.run(said(one, classes, tmp_path / "one.csv")) == 1
    assert "one.csv predicts 7 of these faces, of one person" in capsys.readouterr().err


def test_a_csv_that_does_not_fit_says_why(dataset, tmp_path, capsys):
    classes = list(datasets.get_dataset("synthetic").classes)
    asked = said(dataset.assign(sample_id="another"), classes, tmp_path / "theirs.csv")
    assert cli.run(asked) == 1
    assert "theirs.csv predicts none of these faces" in capsys.readouterr().err
    table = pd.read_csv(tmp_path / "theirs.csv")
    table.iloc[:, :-1].to_csv(tmp_path / "theirs.csv", index=False)
    assert cli.run(asked) == 1
    assert "6 columns besides sample_id, not 7" in capsys.readouterr().err


def test_a_network_of_ones_own_is_audited_with_its_file(folder, tmp_path, own_registry, capsys):
    code = write_model("my_net", tmp_path, plain=True)
    outside.register_file(code)
    torch.save(models.build("my_net", 4, size=64).state_dict(), tmp_path / "my.pt")
    asked = ["audit-checkpoint", str(tmp_path / "my.pt"), "--faces", str(folder),
             "--model", "my_net"]  # fmt: skip
    assert cli.run([*asked, "--code", str(code)]) == 0
    assert "as given" in capsys.readouterr().out
