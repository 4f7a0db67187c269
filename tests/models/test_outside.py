"""Models from files and from installed packages: registered, covered by the spec, explained."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from made_specs import made_spec

from fer_bench import fingerprint, models
from fer_bench.contract.new import write_model
from fer_bench.errors import FerBenchError
from fer_bench.models import outside
from fer_bench.records.base import from_json
from fer_bench.records.spec import RowSpec

ENTRY = "fer_bench.training.train"


@pytest.fixture(autouse=True)
def nothing_left(own_registry):
    """What a test imports is gone after it, as what it registers is."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if not name.startswith("fer_bench."):
            del sys.modules[name]


@pytest.fixture
def net(tmp_path) -> Path:
    return write_model("my_net", tmp_path)


def hashed(name: str = "my_net") -> str:
    fingerprint._imports.cache_clear()
    fingerprint._normalised.cache_clear()
    return outside.code_of(name, ENTRY)


def test_a_file_registers_its_models(net):
    assert outside.register_file(net) == ["my_net"]
    assert outside.register_file(net) == ["my_net"]  # again: nothing happens
    assert models.preset("my_net").summary.endswith(".")
    assert models.build("my_net", 3, backbone="resnet18_slim", width=8).head[0].out_features == 8
    assert outside.recorded("my_net")["outside"] == {"file": net.as_posix()}
    assert outside.recorded("scan_cci") == {}
    assert outside.card("scan_cci") is None


def test_the_hash_covers_the_file_and_what_it_imports(net):
    outside.register_file(net)
    before = hashed()
    assert before != outside.code_of("baseline1", ENTRY)
    text = net.read_text()
    net.write_text(text.replace("nn.ReLU()", "nn.GELU()"))
    assert hashed() != before
    net.write_text(text.replace('"paper": "unpublished"', '"paper": "Nature"') + "\n# a comment\n")
    assert hashed() == before  # what is said of a model is not what it runs


def test_a_receipt_changes_with_the_code_and_with_the_card(net):
    outside.register_file(net)
    before = outside.receipt(net)
    assert before["models"]["my_net"]["paper"] == "unpublished"
    text = net.read_text()
    net.write_text(text.replace("nn.ReLU()", "nn.GELU()"))
    hashed()
    assert outside.receipt(net)["code"] != before["code"]
    sys.modules["model_file_my_net"].CARD["paper"] = "In press"
    assert outside.receipt(net)["models"] != before["models"]


def test_our_own_models_hash_as_if_there_were_no_others(net):
    before = [hashed(name) for name in ("scan_cci", "baseline1")]
    outside.register_file(net)
    assert [hashed(name) for name in ("scan_cci", "baseline1")] == before
    expected = fingerprint.code_hash(ENTRY, "fer_bench.models.scan_cci")
    assert before[0] == expected


def test_a_folder_is_a_package_of_modules(tmp_path, net):
    folder = tmp_path / "big_net"
    folder.mkdir()
    text = net.read_text().replace("my_net", "big_net")
    (folder / "__init__.py").write_text("from . import network\n")
    (folder / "network.py").write_text(f"from .parts import SIZE\n{_after_future(text)}")
    (folder / "parts.py").write_text("SIZE = 1\n")
    assert outside.register_file(folder) == ["big_net"]
    before = hashed("big_net")
    (folder / "parts.py").write_text("SIZE = 2\n")
    assert hashed("big_net") != before


def _after_future(text: str) -> str:
    return text.replace("from __future__ import annotations\n", "")


def test_versions_are_recorded_of_what_is_installed_and_the_rest_is_hashed(
    net, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(tmp_path)
    helper = tmp_path / "loose_helper.py"
    helper.write_text("X = 1\n")
    net.write_text(net.read_text() + "\nimport scipy\nimport loose_helper\n")
    outside.register_file(net)
    others = outside.recorded("my_net")["others"]
    assert "scipy" in others
    assert "loose_helper" not in others
    before = hashed()
    helper.write_text("X = 2\n")
    assert hashed() != before


def test_a_cell_is_not_trained_with_other_code_than_its_spec(net):
    outside.register_file(net)
    made = {"model": "my_net", "dataset": "synthetic", "outside": {"file": net.as_posix()}}
    outside.prepare(from_json(RowSpec, made_spec(**made, code=hashed()), "the spec"))
    with pytest.raises(
        FerBenchError, match=r"synthetic/my_net.*has changed.*run `fer-bench sweep`"
    ):
        outside.prepare(from_json(RowSpec, made_spec(**made, code="0" * 64), "the spec"))
    outside.prepare(from_json(RowSpec, made_spec(model="scan_cci"), "the spec"))  # ours


def test_an_installed_package_is_found_by_its_entry_point(net, tmp_path, monkeypatch):
    site = tmp_path / "site"
    package = site / "their_models"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(net.read_text().replace("my_net", "their_net"))
    info = site / "their_models-2.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-models\nVersion: 2.5\n")
    (info / "entry_points.txt").write_text("[fer_bench.models]\nall = their_models\n")
    (info / "top_level.txt").write_text("their_models\n")
    monkeypatch.syspath_prepend(site)
    outside.register_everything()
    assert models.preset("their_net").module == "their_models"
    assert outside.recorded("their_net")["outside"] == {"module": "their_models"}
    assert outside.register({"module": "their_models"}) == ["their_net"]
    before = hashed("their_net")
    (package / "__init__.py").write_text((package / "__init__.py").read_text() + "\nX = 1\n")
    assert hashed("their_net") != before


def test_a_broken_package_does_not_stop_the_others(tmp_path, monkeypatch, caplog):
    (tmp_path / "broken_models.py").write_text("raise RuntimeError('no')\n")
    info = tmp_path / "broken_models-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-models\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[fer_bench.models]\nall = broken_models\n")
    monkeypatch.syspath_prepend(tmp_path)
    outside.register_everything()
    assert "broken_models" in caplog.text
    assert "RuntimeError: no" in caplog.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = (\n", r"bad\.py, line \d+: .*correct it"),
        ("import numpy\n\nx = 1 / 0\n", r"bad\.py, line 3: ZeroDivisionError"),
        ("import my_missing_helper\n", r"my_missing_helper.*import it relatively"),
        ("x = 1\n", r"registers no model.*@register"),
        (
            "from fer_bench.models import ModelConfig, register\n\n\n@register(ModelConfig())\n"
            'def scan_cci(num_classes, config):\n    """X."""\n',
            r"'scan_cci' in model_file_bad is taken by fer_bench\.models\.scan_cci",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, text, said):
    file = tmp_path / "bad.py"
    file.write_text(text)
    with pytest.raises(FerBenchError, match=said):
        outside.register_file(file)
    file.write_text(write_model("mended", tmp_path).read_text())
    assert outside.register_file(file) == ["mended"]  # and can be put right


def test_missing_and_clashing_files_are_named(net, tmp_path):
    with pytest.raises(FerBenchError, match=r"no model file .*nowhere\.py.*models new"):
        outside.register_file(tmp_path / "nowhere.py")
    outside.register_file(net)
    (tmp_path / "other").mkdir()
    with pytest.raises(FerBenchError, match="two model files are called my_net"):
        outside.register_file(write_model("his_net", tmp_path / "other").rename(
            tmp_path / "other" / "my_net.py"))  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("CARD = {", "CARDS = {", "CARD in .*my_net.py must be a mapping"),
        ('"landmarks": "none"', '"landmarks": ""', "does not state:\n  landmarks"),
        ('"landmarks": "none"', '"landmark": "none"', "unknown key 'landmark'; .*'landmarks'"),
    ],
)
def test_a_card_must_state_everything(net, old, new, said):
    text = net.read_text()
    assert old in text
    net.write_text(text.replace(old, new))
    outside.register_file(net)
    with pytest.raises(FerBenchError, match=said):
        outside.card("my_net")
