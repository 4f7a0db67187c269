"""Submitted predictions: scored like our own, or refused with every reason."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from made_faces import write_table

from fer_bench.datasets.base import Dataset, Part
from fer_bench.datasets.pack import Pack
from fer_bench.errors import FerBenchError
from fer_bench.evaluation import score, submission
from fer_bench.evaluation.submission import score_submission, write_template
from fer_bench.faces import export
from fer_bench.model_card import check_card
from fer_bench.records.score import Score
from fer_bench.reports.scores import load_external
from fer_bench.rules import Protocol

CLASSES = ("neutral", "happiness", "sadness")
TOY = Dataset("toy", (Part("toy"),), CLASSES, {"hidden": lambda m: (m["hand"] == 1).to_numpy()})
FOLDED = Dataset("folded", (Part("toy"),), CLASSES, protocol="folds")
RULES = Protocol(3, "ab" * 32)
CARD = {
    "pretraining": "the web", "extra_data": "none", "landmarks": "none", "paper": "unpublished",
    "code": "closed", "year": 2025,
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (score, submission, export):
        monkeypatch.setattr(module, "get_dataset", {"toy": TOY, "folded": FOLDED}.__getitem__)
    n = 24
    manifest = pd.DataFrame(
        {
            "sample_id": [f"s{i:02d}" for i in range(n)],
            "label": np.resize([0, 1, 3, 7], n),  # contempt is no class of it
            "split": np.where(np.arange(n) % 3 == 0, "train", "test"),
            "fold": pd.array([i % 2 for i in range(n)], dtype="Int64"),
            "hand": np.arange(n) % 2,
        }
    )
    (tmp_path / "packs/toy").mkdir(parents=True)
    manifest.to_parquet(tmp_path / "packs/toy/manifest.parquet", index=False)
    np.save(tmp_path / "packs/toy/faces.npy", np.arange(n * 48).astype("uint8").reshape(n, 4, 4, 3))
    for known in (TOY, FOLDED):
        write_table(tmp_path / "faces", known, tmp_path / "packs")
    (tmp_path / "card.yaml").write_text(yaml.safe_dump(CARD))
    return tmp_path


def faces_of(place: Path, dataset: str = "toy") -> pd.DataFrame:
    faces = pd.read_parquet(place / "packs/toy/manifest.parquet")
    faces = faces[faces["label"] != 7]
    return faces if dataset == "folded" else faces[faces["split"] == "test"]


def answers(place: Path, dataset: str = "toy") -> pd.DataFrame:
    """Every second face right, the others answered with the class after theirs; rows shuffled."""
    faces = faces_of(place, dataset)
    true = np.array([{0: 0, 1: 1, 3: 2}[v] for v in faces["label"]])
    said = np.where(np.arange(len(faces)) % 2 == 0, true, (true + 1) % 3)
    frame = pd.DataFrame(np.full((len(faces), 3), 0.25) + 0.25 * np.eye(3)[said],
                         columns=[f"probability_{c}" for c in CLASSES])  # fmt: skip
    frame.insert(0, "sample_id", faces["sample_id"].to_numpy())
    return frame.sample(frac=1, random_state=1)


def submit(
    place: Path,
    frame: pd.DataFrame,
    dataset: str = "toy",
    first: str | None = None,
) -> Score:
    head = f"# protocol 3 {RULES.sha256} {dataset}" if first is None else first
    text = (head + "\n" if head else "") + frame.to_csv(index=False)
    return submit_text(place, text, dataset)


def submit_text(place: Path, text: str, dataset: str = "toy") -> Score:
    file = place / "closed.csv"
    file.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    return score_submission(
        file, place / "card.yaml", dataset, "closed_net", 0, protocol=RULES,
        out=place / f"external/{dataset}/closed_net/0.json", kept=place / "kept.parquet",
        table=place / f"faces/{dataset}.parquet", packs_root=place / "packs", partial=["toy"],
    )  # fmt: skip


def test_a_submission_is_scored_as_if_it_were_ours(place):
    frame = answers(place)
    submit(place, frame)
    (row,) = load_external(place / "external")
    assert (row.dataset, row.model, row.protocol, row.card) == ("toy", "closed_net", 3, CARD)
    faces = faces_of(place).merge(frame, on="sample_id")
    said = faces[[f"probability_{c}" for c in CLASSES]].to_numpy().argmax(1)
    right = said == faces["label"].map({0: 0, 1: 1, 3: 2})
    assert row.summary("accuracy", "toy").mean == pytest.approx(right.mean())
    hidden = row.summary("accuracy", "toy", "hidden")
    assert hidden.mean == pytest.approx(right[faces["hand"] == 1].mean())
    probability = np.where(right, 0.5, 0.25)
    assert row.summary("nll", "toy").mean == pytest.approx(-np.log(probability).mean())
    assert row.partial("toy")
    text = (place / "external/toy/closed_net/0.json").read_text()
    assert "s01" not in text, "no face is named in what is committed"
    kept = pd.read_parquet(place / "kept.parquet")
    assert set(kept["sample_id"]) == set(frame["sample_id"])


def test_logits_are_taken_as_they_are(place):
    frame = answers(place)
    before = submit(place, frame).sets["toy"]["last"]["all"]
    logits = frame.set_index("sample_id").apply(np.log) + 7
    logits.columns = [c.replace("probability", "logit") for c in logits.columns]
    with pytest.raises(FerBenchError, match=r'does not state log_probabilities: write .* "yes"'):
        submit(place, logits.reset_index())
    state(place, log_probabilities="yes")
    after = submit(place, logits.reset_index()).sets["toy"]["last"]["all"]
    assert after["nll"] == pytest.approx(before["nll"])
    assert after["confusion"] == before["confusion"]


def state(place: Path, **more: str) -> None:
    (place / "card.yaml").write_text(yaml.safe_dump({**CARD, **more}))


def test_what_are_no_probabilities_has_no_calibration(place):
    frame = answers(place)
    columns = [f"probability_{c}" for c in CLASSES]
    sure = frame.copy()
    sure[columns] = np.eye(3)[frame[columns].to_numpy().argmax(1)]
    scores = frame.rename(columns=lambda c: c.replace("probability", "logit"))
    refused = (
        r"its logits are probabilities \(0 or more, together 1 in every row\): call the columns"
    )
    with pytest.raises(FerBenchError, match=refused):
        submit(place, scores)
    whole = submit(place, frame).sets["toy"]["last"]["all"]
    assert whole["ece"] is not None
    state(place, log_probabilities="no")
    margins = scores.set_index("sample_id").mul(3).reset_index()
    for other in (margins, sure):
        part = submit(place, other).sets["toy"]["last"]["all"]
        assert (part["nll"], part["brier"], part["ece"]) == (None, None, None)
        assert not {"calibration", "risk_coverage"} & set(part)
        assert part["confusion"] == whole["confusion"]


def test_a_file_without_its_first_line_is_told_how_pandas_keeps_it(place):
    with pytest.raises(FerBenchError, match=r"write it to the file first, then .*to_csv"):
        submit(place, answers(place), first="")


def test_a_cross_validated_set_needs_every_face(place):
    found = submit(place, answers(place, "folded"), "folded")
    assert [fold["fold"] for fold in found.folds["last"]] == [0, 1]
    assert found.sets["folded"]["last"]["all"]["n"] == 18
    with pytest.raises(FerBenchError, match="not complete: 6 of the 18"):
        submit(place, answers(place), "folded")


def changed(frame: pd.DataFrame, column: str, value: object) -> pd.DataFrame:
    frame = frame.astype({column: object})
    frame.iloc[0, list(frame.columns).index(column)] = value
    return frame


REFUSED = {
    "incomplete": (lambda f: f.iloc[3:], "not complete: 3 of the 12 test faces"),
    "twice": (lambda f: pd.concat([f, f.iloc[:1]]), "1 rows repeat a sample"),
    "train face": (lambda f: changed(f, "sample_id", "s00"), "1 samples are no test face .*'s00'"),
    "other classes": (lambda f: f.rename(columns={"probability_sadness": "probability_fear"}),
                      "missing: probability_sadness; not known here: probability_fear"),
    "label": (lambda f: f.assign(label=0), "not known here: label"),
    "words": (lambda f: changed(f, "probability_sadness", "much"), "1 rows hold something else"),
    "empty": (lambda f: changed(f, "probability_sadness", ""), "row 1 of the samples"),
    "infinite": (lambda f: changed(f, "probability_sadness", np.inf), "finite numbers"),
    "percent": (lambda f: f.assign(probability_sadness=f["probability_sadness"] * 100),
                "12 rows are no probabilities"),
    "probabilities": (lambda f: f.rename(columns=lambda c: c.replace("probability", "logit")),
                      "logits are probabilities .* call the columns probability_"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_the_reason_and_nothing_is_written(place, case):
    spoil, said = REFUSED[case]
    with pytest.raises(FerBenchError, match=said) as caught:
        submit(place, spoil(answers(place)))
    assert str(caught.value).startswith(f"{place / 'closed.csv'} is refused:\n- ")
    assert not (place / "external").exists()
    assert not (place / "kept.parquet").exists()


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("", "does not state its protocol: .*`# protocol 3 abab"),
        ("# made by me", "does not state its protocol"),
        ("# protocol 2 " + "cd" * 32, r"protocol version 2 \(cdcdcd.*in force is version 3"),
        ("# protocol 3 " + "ab" * 32, "whose faces it predicts: .* first line be `# .* toy`"),
        ("# protocol 3 " + "ab" * 32 + " other", "it was made for other, not for toy"),
        (("# protocol 3 " + "ab" * 32 + " toy\n") * 2, "1 further protocol lines"),
    ],
)
def test_other_rules_are_refused(place, first, said):
    with pytest.raises(FerBenchError, match=said) as caught:
        submit(place, answers(place).iloc[1:], first=first)
    assert "not complete: 1 of" in str(caught.value), "every reason is said at once"


def test_a_card_must_be_complete(place):
    (place / "card.yaml").write_text(yaml.safe_dump({**CARD, "landmarks": None}))
    with pytest.raises(FerBenchError, match="landmarks: whether and how"):
        submit(place, answers(place))
    (place / "card.yaml").write_text(yaml.safe_dump(CARD) + "code: open\n")
    with pytest.raises(FerBenchError, match=r"card\.yaml line 7.*duplicate key"):
        submit(place, answers(place))
    (place / "card.yaml").unlink()
    with pytest.raises(FerBenchError, match=r"card\.yaml is missing.*--template"):
        submit(place, answers(place))


def test_the_template_is_refused_until_it_is_filled_in_and_then_taken(place):
    file, card = place / "mine.csv", place / "mine.yaml"
    assert write_template(file, card, "toy", RULES, place / "packs") == 12
    first, head, *lines = file.read_text().splitlines()
    assert first == f"# protocol 3 {RULES.sha256} toy"
    assert set(yaml.safe_load(card.read_text())) == set(CARD)
    whole = yaml.safe_load(re.sub(r"^# (?=\w+:)", "", card.read_text(), flags=re.MULTILINE))
    with pytest.raises(FerBenchError, match="log_probabilities: of columns"):
        check_card({**whole, **CARD, "trained_on": "faces", "may_have_seen": "no"}, "c",
                   submitted=True)  # fmt: skip
    more = {"log_probabilities": "no", "trained_on": "faces", "may_have_seen": "no"}
    assert set(whole) == set(check_card({**CARD, **more}, "c", submitted=True))
    frame = pd.read_csv(file, comment="#", dtype={"sample_id": str})
    assert list(frame["sample_id"]) == list(faces_of(place)["sample_id"])
    with pytest.raises(FerBenchError, match="12 rows hold something else"):
        submit(place, frame, first=first)
    filled = [f"{line.split(',')[0]},0.5,0.25,0.25" for line in lines]
    (place / "filled.csv").write_text("\n".join([head, *filled]))
    whole = submit(place, pd.read_csv(place / "filled.csv"), first=first)
    assert whole.sets["toy"]["last"]["all"]["n"] == 12
    with pytest.raises(FerBenchError, match="exists already"):
        write_template(file, card, "toy", RULES, place / "packs")


def test_without_faces_the_command_of_the_guide_is_named(tmp_path):
    guide = (Path(__file__).parents[2] / "docs/add_a_model.md").read_text()
    for ask in (
        lambda: write_template(
            tmp_path / "a.csv", tmp_path / "a.yaml", "synthetic", RULES, tmp_path
        ),
        lambda: export.write_faces("synthetic", tmp_path, tmp_path / "faces"),
    ):
        with pytest.raises(FerBenchError, match="not aligned here: run `dvc --wait") as caught:
            ask()
        assert f"({str(caught.value).partition('run ')[2]})" in guide
    assert not list(tmp_path.iterdir())


def test_the_faces_are_written_by_their_ids(place):
    from PIL import Image

    folder = place / "written"
    assert export.write_faces("toy", place / "packs", folder) == 12
    assert (folder / export.LABELS).read_text().splitlines()[:2] == ["sample_id", "s01"]
    assert (folder / ".gitignore").read_text() == "*\n"
    assert {p.stem for p in folder.glob("*.png")} == set(faces_of(place)["sample_id"])
    pack = Pack.open(place / "packs/toy")
    row = pack.manifest.index[pack.manifest["sample_id"] == "s05"][0]
    assert np.array_equal(np.asarray(Image.open(folder / "s05.png")), pack.faces[row])
    with pytest.raises(FerBenchError, match="not empty"):
        export.write_faces("toy", place / "packs", folder)


def test_faces_to_learn_from_are_written_with_labels(place):
    file = place / "packs/toy/manifest.parquet"
    manifest = pd.read_parquet(file)
    manifest["subject"] = [f"p{i // 3 % 4}" for i in range(len(manifest))]
    manifest.to_parquet(file, index=False)
    found = {}
    for split in ("train", "val"):
        count = export.write_faces("toy", place / "packs", place / split, split)
        found[split] = pd.read_csv(place / split / export.LABELS)
        assert {p.stem for p in (place / split).glob("*.png")} == set(found[split]["sample_id"])
        assert count == len(found[split]) > 0
    both = pd.concat(found.values()).set_index("sample_id")["label"]
    known = manifest.set_index("sample_id").query("split == 'train' and label != 7")["label"]
    assert sorted(both.index) == sorted(known.index)
    assert {submission.Expression[both[i]] for i in both.index} == set(known)
    with pytest.raises(FerBenchError, match="did you mean 'val'"):
        export.write_faces("toy", place / "packs", place / "more", "vall")
    with pytest.raises(FerBenchError, match="folded is cross-validated"):
        export.write_faces("folded", place / "packs", place / "more", "train")


def test_scores_of_submissions_are_json_without_nan(place):
    submit(place, answers(place))
    text = (place / "external/toy/closed_net/0.json").read_text()
    assert json.loads(text)["external"] is True


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_spreadsheets_and_powershell_save_is_read(place, encoding):
    frame = answers(place)
    whole = submit(place, frame)
    text = f"# protocol 3 {RULES.sha256} toy,,,\r\n" + frame.to_csv(index=False).replace(
        "\n", "\r\n"
    )
    (place / "closed.csv").write_bytes(text.encode(encoding))
    again = score_submission(
        place / "closed.csv", place / "card.yaml", "toy", "closed_net", 0, protocol=RULES,
        out=place / "again.json", kept=place / "kept.parquet", table=place / "faces/toy.parquet",
        packs_root=place / "packs",
    )  # fmt: skip
    assert again.sets == whole.sets


def test_of_a_class_that_is_never_said_scores_among_the_others_are_kept(place):
    frame = answers(place)
    said = frame[["probability_neutral", "probability_happiness"]] / 2
    frame["probability_sadness"] = 0.0
    frame[said.columns] = said.div(said.sum(axis=1), axis=0)
    score = submit(place, frame)
    found = score.sets["toy"]["last"]
    faces = faces_of(place)
    assert found["common_classes"]["n"] == (faces["label"] != 3).sum() < found["all"]["n"]
    assert found["common_classes"]["accuracy"] > found["all"]["accuracy"]
    assert "common_classes" not in submit(place, answers(place)).sets["toy"]["last"]


def test_a_tool_off_the_shelf_says_what_it_was_trained_on(place):
    tool = {"trained_on": "FER2013", "may_have_seen": "yes"}
    (place / "card.yaml").write_text(yaml.safe_dump(CARD | tool))
    assert submit(place, answers(place)).card == CARD | tool


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("trained_on: FER2013", "does not state:\n  may_have_seen: `yes`, `no` or `unknown`"),
        ("may_have_seen: 'no'", "does not state:\n  trained_on: "),
        ("trained_on: FER2013\nmay_have_seen: perhaps", "'perhaps', expected one of yes, no"),
        ("trained_on: FER2013\nmay_have_seen: true", "True, expected a text"),
    ],
)
def test_what_a_tool_does_not_say_is_asked_for(place, written, message):
    (place / "card.yaml").write_text(yaml.safe_dump(CARD) + written)
    with pytest.raises(FerBenchError) as refused:
        submit(place, answers(place))
    assert message in str(refused.value)


def test_a_model_trained_here_is_no_tool_off_the_shelf():
    with pytest.raises(FerBenchError, match="unknown key 'trained_on'"):
        check_card(CARD | {"trained_on": "FER2013", "may_have_seen": "no"}, "my_net.py")
