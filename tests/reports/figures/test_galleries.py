"""Galleries by content: titles, labels, pixels, and where photographs may go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from fer_bench.errors import FerBenchError
from fer_bench.reports.explain_results import Pictures, load_pictures
from fer_bench.reports.figures import figure02_06_09_10_s1_s2 as draw
from fer_bench.reports.figures import galleries as attention_galleries
from fer_bench.reports.figures.galleries import FIGURES, MASKED, UNMASKED, build_galleries

CLASSES = ["neutral", "happiness"]
SIDE = 16


def arrays(right: bool = True, failures: int = 1, seed: int = 0) -> dict[str, np.ndarray]:
    """Two classes, three gallery faces each, then failures."""
    rng = np.random.default_rng(0)
    n = 6 + failures
    labels = np.array([0, 0, 0, 1, 1, 1] + [0] * failures)
    predictions = np.where(np.arange(n) < 6, labels if right else 1 - labels, 1 - labels)
    cams = np.random.default_rng(seed).random((n, SIDE, SIDE)).astype(np.float16)
    occluders = np.zeros((n, SIDE, SIDE), bool)
    occluders[0, 4:9, 3:12] = True
    return {
        "classes": np.array(CLASSES),
        "faces": rng.integers(0, 255, (n, SIDE, SIDE, 3), dtype=np.uint8),
        "cams": cams, "occluders": occluders,
        "labels": labels.astype(np.int16), "predictions": predictions.astype(np.int16),
        "probabilities": np.full(n, 0.75, np.float32),
        "true_probabilities": np.full(n, 0.125, np.float32),
        "is_failure": np.arange(n) >= 6, "layer": np.array("backbone.layer2"),
        "measured": np.array(100), "areas": np.array([[0.37, 0.5, 0.29], [0.54, 0.59, 0.67]]),
        "channel_example": rng.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8),
        "channel_patch": np.array([0.25, 0.5, 0.5, 0.75]),
        "channels": np.arange(8, dtype=np.int16) * 3,
        "channel_response": rng.random((8, 4, 4)).astype(np.float16),
    }  # fmt: skip


def write(root: Path, dataset: str, model: str, set_: str, **changes: Any) -> None:
    folder = root / dataset / model / "0" / set_
    folder.mkdir(parents=True)
    np.savez(folder / "arrays.npz", allow_pickle=False, **{**arrays(), **changes})


def lists(models: list[str], *evaluate_on: str) -> dict[str, list[Any]]:
    return {"models": models, "seeds": [0, 1], "evaluate_on": list(evaluate_on), "explain": models}


def pictures(set_: str = "synthetic", **columns: dict[str, np.ndarray]) -> Pictures:
    return Pictures("synthetic", set_, 0, columns or {"net": arrays()}, ())


def words(figure: Figure) -> str:
    figure.draw_without_rendering()
    found = [text.get_text() for text in figure.texts]
    for axis in figure.axes:
        found += [axis.get_title(), axis.get_xlabel(), axis.get_ylabel()]
    return "\n".join(found)


def test_comparison_has_a_column_a_model_and_says_right_and_wrong_in_words() -> None:
    shown = pictures(baseline1=arrays(), ran=arrays(right=False, seed=1))
    figure = draw.comparison(shown)
    axes = [axis for axis in figure.axes if axis.images]
    titles = [axis.get_title() for axis in figure.axes if axis.get_title()]
    assert titles == ["face", "baseline1", "ran"] * 2  # two blocks side by side
    assert [a.get_ylabel() for a in axes if a.get_ylabel()] == CLASSES
    labels = [axis.get_xlabel() for axis in axes if axis.get_xlabel()]
    assert labels == [
        "✓ right:\nneutral 0.75", "✗ wrong:\nhappiness 0.75",
        "✓ right:\nhappiness 0.75", "✗ wrong:\nneutral 0.75",
    ]  # fmt: skip
    own = shown.columns["ran"]
    over = axes[2].images
    assert np.array_equal(axes[0].images[0].get_array(), own["faces"][0])
    assert np.allclose(over[1].get_array(), own["cams"][0].astype(np.float32))
    assert over[1].get_cmap().name == "viridis"
    assert over[1].get_clim() == (0, 1)
    assert len(axes[1].collections) == 3  # half of the maximum, the occluder's edge twice
    assert len(axes[5].collections) == 1  # this face has no occluder
    said = words(figure).replace("\n", " ")
    assert "seed 0" in said
    assert "backbone.layer2 (Conv_3x)" in said
    assert "deletion (low is good) baseline1 0.37 (0.50, 0.29)" in said
    assert "insertion (high is good)" in said


def test_further_faces_are_other_faces() -> None:
    shown = pictures()
    first, more = draw.comparison(shown), draw.more_comparisons(shown)

    def drawn(figure: Figure) -> set[bytes]:
        pictures = [a.images[0].get_array() for a in figure.axes if a.images]
        return {bytes(np.asarray(p)) for p in pictures if np.asarray(p).ndim == 3}

    assert len(drawn(first)) == 2
    assert len(drawn(more)) == 4
    assert not drawn(first) & drawn(more)


def test_a_map_of_zeros_is_drawn_without_a_line() -> None:
    empty = arrays()
    empty["cams"] = np.zeros_like(empty["cams"])
    empty["occluders"] = np.zeros_like(empty["occluders"])
    figure = draw.comparison(pictures(net=empty))
    assert not [axis for axis in figure.axes if axis.images and axis.collections]


def test_many_models_are_one_block() -> None:
    columns = {f"net{i}": arrays(seed=i) for i in range(9)}
    figure = draw.comparison(pictures(**columns))
    assert sum(axis.get_title() == "face" for axis in figure.axes) == 1


def test_failures_are_those_of_scan_cci() -> None:
    figure = draw.failures(pictures(other=arrays(failures=3), scan_cci=arrays(failures=5)))
    said = words(figure)
    assert said.count("✗ wrong:\nhappiness 0.75") == 5
    assert said.count("true:\nneutral 0.12") == 5
    assert "Wrong answers of scan_cci" in said
    assert "no wrong answer" in words(draw.failures(pictures(net=arrays(failures=0))))


def test_one_masked_face_of_each_expression() -> None:
    figure = draw.masked_faces(pictures("synthetic_masked"))
    axes = [axis for axis in figure.axes if axis.images]
    assert [axis.get_xlabel() for axis in axes] == CLASSES
    expected = arrays()["faces"]
    assert np.array_equal(axes[0].images[0].get_array(), expected[0])
    assert np.array_equal(axes[1].images[0].get_array(), expected[3])


def test_channel_responses_share_one_scale_and_show_what_was_covered() -> None:
    figure = draw.channel_response(pictures(scan_cci=arrays(), baseline1=arrays()))
    axes = [axis for axis in figure.axes if axis.images]
    assert [axis.get_title() for axis in axes] == [
        "a covered face", *(f"channel {3 * k}" for k in range(8))
    ]  # fmt: skip
    assert len({axis.images[0].get_clim() for axis in axes[1:]}) == 1
    square = axes[1].patches[0]
    assert (square.get_x(), square.get_y()) == (0.5, 1.5)
    assert (square.get_width(), square.get_height()) == (1, 1)
    assert "baseline1, trained on synthetic, seed 0: median over 100 faces" in words(figure)


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> dict[Path, str]:
    """What galleries would write: stem -> words."""
    found: dict[Path, str] = {}
    monkeypatch.setattr(
        attention_galleries, "save", lambda figure, stem: found.update({stem: words(figure)})
    )
    return found


def test_photographs_never_reach_the_committed_figures(
    tmp_path: Path, saved: dict[Path, str]
) -> None:
    # The first enabled set is of photographs, and a network trained on rendered faces is
    # evaluated on photographs: both must stay out, whatever the trained dataset is.
    for dataset, set_ in (
        ("facial_expressions", "facial_expressions"),
        ("facial_expressions", "facial_expressions_masked"),
        ("synthetic", "facial_expressions"),
        ("synthetic", "a_set_nobody_knows"),
    ):
        write(tmp_path, dataset, "scan_cci", set_)
    enabled = {
        "facial_expressions": lists(["scan_cci"], "facial_expressions_masked"),
        "synthetic": lists(["scan_cci"], "facial_expressions", "a_set_nobody_knows"),
    }
    build_galleries(tmp_path, enabled, Path("figures"), Path("galleries"))
    committed = {stem.name: said for stem, said in saved.items() if stem.parent == Path("figures")}
    assert set(committed) == set(FIGURES)
    assert all("Nothing explained yet" in said for said in committed.values())
    pairs = {
        "facial_expressions": UNMASKED,
        "facial_expressions_on_facial_expressions_masked": MASKED,
        "synthetic_on_facial_expressions": UNMASKED,
        "synthetic_on_a_set_nobody_knows": UNMASKED,
    }
    others = {stem.name for stem in saved if stem.parent == Path("galleries")}
    assert others == {f"{start}_{name}" for start, names in pairs.items() for name in names}


def test_rendered_faces_go_to_the_committed_figures(tmp_path: Path, saved: dict[Path, str]) -> None:
    write(tmp_path, "synthetic", "scan_cci", "synthetic")
    write(tmp_path, "synthetic", "scan_cci", "synthetic_masked")
    enabled = {"synthetic": lists(["scan_cci"], "synthetic_masked")}
    build_galleries(tmp_path, enabled, Path("figures"), Path("galleries"))
    assert set(saved) == {Path("figures") / name for name in FIGURES}
    assert "faces of synthetic_masked" in saved[Path("figures/figure_s2")].replace("\n", " ")
    assert "faces of synthetic;" in saved[Path("figures/figure09")].replace("\n", " ")


def test_equal_arrays_give_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention_galleries, "UNMASKED", {"figure09": draw.comparison})
    monkeypatch.setattr(attention_galleries, "MASKED", {"figure06": draw.masked_faces})
    write(tmp_path, "synthetic", "scan_cci", "synthetic")
    for folder in ("one", "two"):
        build_galleries(
            tmp_path, {"synthetic": lists(["scan_cci"])}, tmp_path / folder, tmp_path / "g"
        )
    names = sorted(f.name for f in (tmp_path / "one").iterdir())
    assert names == ["figure06.pdf", "figure06.png", "figure09.pdf", "figure09.png"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert not (tmp_path / "g").exists()


def test_nothing_explained_says_which_keys_fill_it() -> None:
    said = words(draw.nothing("figure_s2")).replace("\n", " ")
    assert "Figure S2" in said
    assert "enabled.<dataset>.explain of params.yaml" in said
    assert "rendered masked set" in said


def test_a_model_not_explained_yet_is_named(tmp_path: Path) -> None:
    write(tmp_path, "synthetic", "scan_cci", "synthetic")
    found = list(load_pictures(tmp_path, {"synthetic": lists(["ran", "scan_cci"])}))
    assert found[0].missing == ("ran",)
    assert "Not explained yet: ran." in words(draw.comparison(found[0])).replace("\n", " ")


def test_other_faces_and_damaged_files_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "synthetic", "one", "synthetic")
    write(tmp_path, "synthetic", "two", "synthetic", faces=255 - arrays()["faces"])
    with pytest.raises(FerBenchError, match="different faces of synthetic"):
        list(load_pictures(tmp_path, {"synthetic": lists(["one", "two"])}))
    file = tmp_path / "synthetic" / "one" / "0" / "synthetic" / "arrays.npz"
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(FerBenchError, match="cannot be read"):
        list(load_pictures(tmp_path, {"synthetic": lists(["one"])}))


def test_arrays_that_would_run_code_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "synthetic" / "net" / "0" / "synthetic"
    folder.mkdir(parents=True)
    poisoned = {**arrays(), "classes": np.array([object()], dtype=object)}
    np.savez(folder / "arrays.npz", **poisoned)  # type: ignore[arg-type]
    with pytest.raises(FerBenchError, match="cannot be read"):
        list(load_pictures(tmp_path, {"synthetic": lists(["net"])}))
