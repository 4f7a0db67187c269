"""Model cards: every model has one, and what it says of overlap follows from the registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_scores import made_row

from fer_bench.errors import FerBenchError
from fer_bench.files import write_text
from fer_bench.model_texts import FILE, load_texts
from fer_bench.params import card_variants
from fer_bench.reports.leaderboard.provenance import command, provenance
from fer_bench.reports.paper import of_others
from fer_bench.reports.row import Row
from fer_bench.reports.seen_before import licences, overlaps

TEXTS = load_texts()


def row(model: str = "scan_cci", dataset: str = "synthetic", **training: Any) -> Row:
    cell = {
        "training": training, "seed": 3, "spec_sha256": "ab" * 32, "environment": {"device": "cpu"},
        "predictions_sha256": {"test": "cd" * 32, "on_jaffe": "ef" * 32},
    }  # fmt: skip
    return made_row(dataset, model, [cell], frozenset({dataset}))


@pytest.mark.parametrize(
    ("base", "title", "year"),
    [
        ("baseline3_tuned", "ResNet baseline", None),
        ("scan_cci_no_eca", "SCAN-CCI", 2020),
        ("scan_cci_released", "SCAN-CCI as released", 2020),
        ("scan_cci_released_sfew", "SCAN-CCI as released", 2020),
        ("scan_cci_released_shared", "SCAN-CCI as released for RAF-DB", 2020),
        ("scan", "Model without a card", None),
        ("other_net", "Model without a card", None),
    ],
)
def test_the_family_is_found_by_the_longest_name(base: str, title: str, year: int | None) -> None:
    family = TEXTS.family(row(base=base))
    assert (family.title, family.year) == (title, year)


def test_every_registered_model_has_a_card() -> None:
    from fer_bench import models

    without = [name for name in models.names() if TEXTS.family(row(name)).title.startswith("Model")]
    assert without == []


def test_every_method_of_another_paper_has_a_row_in_the_tables_and_on_the_page() -> None:
    from fer_bench import models

    for name in filter(of_others, models.names()):
        family = TEXTS.families[str(TEXTS.family_of(name))]
        assert family.lacks, name
        files = {models.preset(row).module for row in family.rows if models.exists(row)}
        assert models.preset(name).module in files, name
        assert models.preset(name).module == family.code.removesuffix(".py").replace("/", ".")


def test_every_row_of_a_card_is_a_model_or_a_variant_of_one() -> None:
    from fer_bench import models

    variants = card_variants()
    for name in TEXTS.rows:
        base, options = name, {}
        if name in variants:
            assert not models.exists(name)
            base, options = variants[name].base, variants[name].model
        models.configure(base, {k: v for k, v in options.items() if k != "pretrained"})


def test_the_paper_is_cited_as_in_the_citation_file() -> None:
    import yaml

    from fer_bench.models import scan_cci

    root = Path(__file__).parents[1]
    (paper,) = yaml.safe_load((root / "CITATION.cff").read_text("utf-8"))["references"]
    number = paper["identifiers"][0]["value"].replace(":", " ")
    assert number == "arXiv 2007.10298"
    for text in (scan_cci.__doc__ or "", TEXTS.family(row("scan_cci")).source):
        assert f'"{paper["title"]}", {number}' in " ".join(text.split())


@pytest.mark.parametrize("model", ["scan_cci", "scan_cci_released", "scan_cci_released_shared"])
def test_the_doubt_about_the_papers_weights_is_said(model: str) -> None:
    limits = " ".join(TEXTS.family(row(model)).limits)
    assert "file named for MS-Celeb-1M" in limits
    assert "VGGFace2" in limits


def said(set_: str, **training: Any) -> str:
    return " ".join(overlaps(row(**training), set_, TEXTS))


def test_overlap_of_web_faces_is_possible_and_of_drawings_impossible() -> None:
    assert "are possible" in said("rafdb", pretrained="vggface2")
    assert "VGGFace2" not in said("synthetic", pretrained="vggface2")
    assert "drawn from a seed" in said("synthetic_masked", pretrained="vggface2")
    assert said("rafdb") == ""


def test_overlap_of_identity_weights_and_of_earlier_training() -> None:
    assert "stops with an error" in said("synthetic_masked", pretrained="identity(synthetic)")
    assert "another source than rafdb" in said("rafdb", pretrained="identity(synthetic)")
    same = said("rafdb_masked", init_from="rafdb")
    assert "a face keeps its split in both" in same
    assert "shares no image" in said("rafdb", init_from="synthetic")
    assert "nobody compared them" in said("sfew", init_from="affectnet7")


def test_licences_name_each_source_and_start() -> None:
    moved = row("scan_cci_from_affectnet7_rafdb", "sfew", pretrained="vggface2",
                init_from="affectnet7_rafdb")  # fmt: skip
    text = dict(licences(moved, TEXTS))
    faces = [name for name in text if name.startswith("faces of")]
    assert faces[0].startswith("faces of SFEW")
    assert len(faces) == 3
    assert "check the terms" in text["start: vggface2"]


def test_the_command_names_the_stage_that_makes_the_scores_again() -> None:
    assert (
        command(row()) == "dvc --wait-for-lock repro benchmarks/synthetic/dvc.yaml:score@scan_cci-3"
    )
    moved = row("scan_cci_from_synthetic", "synthetic_masked")
    assert command(moved) == (
        "dvc --wait-for-lock repro benchmarks/synthetic_masked/dvc.yaml:"
        "score_transfer@scan_cci-synthetic-3"
    )
    hashes = provenance(row())["hashes"]
    assert hashes == [
        (3, "spec", "ab" * 32),
        (3, "predictions on jaffe", "ef" * 32),
        (3, "predictions test", "cd" * 32),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("    title: ResNet baseline\n", "", "families.baseline must have exactly the keys"),
        ("    year: null\n", "    year: soon\n", "families.baseline.year is 'soon'"),
        ("      ran: RAN\n", "      ran: {base: ran}\n", "families.ran.rows.ran is {'base'"),
        ("      scn: SCN\n", "      ran: SCN\n", "families.scn.rows.ran: another family has"),
    ],
)
def test_a_broken_card_is_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    write_text(tmp_path / "model_texts.yaml", text.replace(old, new, 1))
    with pytest.raises(FerBenchError) as error:
        assert load_texts(tmp_path / "model_texts.yaml").rows
    assert expected in str(error.value)
