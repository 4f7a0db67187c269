"""Predictions made elsewhere, by a model that is not trained here: checked, then scored alike.

The file is a CSV: a first line `# protocol VERSION SHA256 DATASET`, then `sample_id` and one column
a class, all called `logit_<class>` or all `probability_<class>`; a row a test face. What is wrong
with it is said in one message, and then nothing is written.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from fer_bench.datasets import get_dataset
from fer_bench.datasets.base import Dataset
from fer_bench.datasets.view_rows import dataset_rows
from fer_bench.errors import FerBenchError
from fer_bench.evaluation.parts import Predicted, by_fold, parts, slices
from fer_bench.faces.export import audit_command, check_aligned
from fer_bench.files import read_yaml, replacing, sha256_file, write_text
from fer_bench.labels import Expression
from fer_bench.model_card import KEYS, LOG_PROBABILITIES, OPTIONAL, check_card
from fer_bench.records.faces import FaceTable
from fer_bench.records.score import Part, Score
from fer_bench.records.training import Training
from fer_bench.rules import Protocol

KINDS = ("logit", "probability")
SMALLEST = 1e-12
"""A probability of 0 has no logarithm; so small a one changes no rank. A class that has it on every
face is one that the model does not know."""
_FIRST = re.compile(r"# protocol (\d+) ([0-9a-f]{64})(?: (\w+))?\s*")


def score_submission(
    file: Path,
    card: Path,
    dataset: str,
    model: str,
    run: int,
    *,
    protocol: Protocol,
    out: Path,
    kept: Path,
    table: Path,
    lists: Path | None = None,
    packs_root: Path = Path("data/aligned"),
    partial: Collection[str] = (),
) -> Score:
    """Check and score a submission; returns the score, which `out` holds too.

    Args:
        file: the CSV.
        card: a YAML file that states `model_card.KEYS`, and `OFF_THE_SHELF` of such a tool.
        dataset: whose test faces were predicted.
        model: what the row is called.
        run: tells apart several trainings of the model.
        protocol: the rules in force.
        out: `results/external/<dataset>/<model>/<run>.json`.
        kept: `runs/external/<dataset>/<model>/<run>.parquet`, the predictions themselves.
        table: the dataset's faces, `results/faces/<dataset>.parquet`.
        lists: which of them the challenge lists name, `runs/lists/<dataset>.parquet`.
        packs_root: where the aligned packs' manifests are.
        partial: the dataset's name, where images of it are missing here.

    Raises:
        FerBenchError: says everything for which it is refused.
    """
    if not re.fullmatch("[a-z0-9_]+", model):
        raise FerBenchError(f"model name {model!r}: use a-z, 0-9 and _ only")
    known = get_dataset(dataset)
    stated = _read_card(card)
    faces = _tested(known, table, lists, packs_root)
    predicted, believed = _predicted(file, faces, known, protocol, stated)
    measured = _parts(predicted, known)
    if not believed:
        measured = {name: _uncalibrated(part) for name, part in measured.items()}
    score = Score(
        training=Training(
            dataset, model, run, method=model, classes=known.classes, protocol=known.protocol,
            pretrained=stated["pretraining"],
        ),
        rules=protocol,
        sets={dataset: {"last": measured}},
        slices={dataset: slices(predicted)},
        folds=_folds(predicted, known),
        faces_sha256={dataset: sha256_file(table)},
        predictions_sha256={"test": sha256_file(file)},
        partial=dataset in partial,
        partial_sets=tuple(name for name in partial if name == dataset),
        card=stated,
        external=True,
    )  # fmt: skip
    frame = predicted.faces[["sample_id"]].assign(label=predicted.labels)
    for i, name in enumerate(known.classes):
        frame[f"logit_{name}"] = predicted.logits[:, i]
    with replacing(kept) as temporary:  # both are there or neither
        frame.to_parquet(temporary, index=False)
        score.write(out)
    return score


def _tested(known: Dataset, table: Path, lists: Path | None, packs: Path) -> pd.DataFrame:
    """The test faces as scoring sees them, with their sample ids."""
    rows = _test_rows(known, packs).set_index("face")
    tested = FaceTable.read(table, lists).tested(known, known.classes)
    if set(rows.index) != set(tested.index):
        raise FerBenchError(
            f"{table} lists other faces than the packs of {known.name}: run "
            f"{audit_command(known.name)}"
        )
    return tested.assign(sample_id=rows["sample_id"])


def _test_rows(known: Dataset, packs: Path) -> pd.DataFrame:
    check_aligned(known, packs)
    rows = dataset_rows(known, packs)
    return rows if known.protocol == "folds" else rows[rows["split"] == "test"]


def write_template(
    file: Path, card: Path, dataset: str, protocol: Protocol, packs_root: Path
) -> int:
    """Write the CSV with every sample to predict and nothing filled in, and a card to fill in.

    Returns:
        How many faces are to be predicted.

    Raises:
        FerBenchError: one of the files exists.
    """
    for path in (file, card):
        if path.exists():
            raise FerBenchError(f"{path} exists already: move it away, or name another file")
    known = get_dataset(dataset)
    faces = _test_rows(known, packs_root)
    lines = [
        first_line(protocol, dataset),
        ",".join(["sample_id", *_columns(known.classes, "probability")]),
    ]
    lines += [_quoted(name) + "," * len(known.classes) for name in faces["sample_id"]]
    write_text(file, "\n".join(lines) + "\n")
    asked = [f"{key}:  # {what}\n" for key, what in KEYS.items()]
    more = [f"# {key}:  # {what}\n" for key, what in OPTIONAL.items()]
    write_text(card, "".join([*asked, "# Of logits, and of a tool that people install:\n", *more]))
    return len(faces)


def first_line(protocol: Protocol, dataset: str) -> str:
    """What a submission begins with."""
    return f"# protocol {protocol.version} {protocol.sha256} {dataset}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if re.search(r'[",#\s]', name) else name


def _columns(classes: Sequence[str], kind: str) -> list[str]:
    return [f"{kind}_{name}" for name in classes]


def _read_card(card: Path) -> dict[str, Any]:
    if not card.is_file():
        raise FerBenchError(
            f"{card} is missing: it states what a reader must know of the model, "
            f"{', '.join(KEYS)}; `fer-bench submit ... --template` writes one to fill in"
        )
    return check_card(read_yaml(card), str(card), submitted=True)


def _predicted(
    file: Path, faces: pd.DataFrame, known: Dataset, protocol: Protocol, card: Mapping[str, Any]
) -> tuple[Predicted, bool]:
    """The submission in the order of the manifest, and whether its numbers are probabilities' logs.

    Raises:
        FerBenchError: with all that is wrong.
    """
    wrong: list[str] = []
    frame = _read(file, protocol, known.name, wrong)
    kind = _kind(frame, known.classes, wrong)
    if "sample_id" in frame:
        wrong += _of_samples(frame["sample_id"].tolist(), set(faces["sample_id"]), known.name)
    values = _values(frame, known.classes, kind, wrong) if kind else np.empty(0)
    believed = bool(kind) and not wrong and _believed(values, kind, card, wrong)
    if wrong:
        reasons = "".join(f"\n- {reason}" for reason in wrong)
        raise FerBenchError(f"{file} is refused:{reasons}")
    order = pd.Index(frame["sample_id"]).get_indexer(faces["sample_id"])
    codes = [int(Expression[name]) for name in known.classes]
    labels = np.array([codes.index(int(label)) for label in faces["label"]])
    return Predicted(faces, labels, values[order], known.classes), believed


def _believed(
    values: np.ndarray, kind: str | None, card: Mapping[str, Any], wrong: list[str]
) -> bool:
    """Whether the softmax of (N, K) logits is what the model believes; else only answers count."""
    if kind == "probability":
        return not bool((values.max(1) - np.log(1 - 1e-6) > 0).all())  # all one-hot: labels alone
    if LOG_PROBABILITIES not in card:
        wrong.append(
            f'the card does not state {LOG_PROBABILITIES}: write `{LOG_PROBABILITIES}: "yes"` '
            'where the softmax of these logits is what the model believes, "no" for other scores'
        )
    return card.get(LOG_PROBABILITIES) == "yes"


def _uncalibrated(part: Part) -> Part:
    """A part without what asks for probabilities."""
    found: dict[str, Any] = {**part, "nll": None, "brier": None, "ece": None}
    raters = {k: v for k, v in found.get("raters", {}).items() if k != "cross_entropy"}
    found |= {"raters": raters} if raters else {}
    return cast(Part, {k: v for k, v in found.items() if k not in ("calibration", "risk_coverage")})


def _read(file: Path, protocol: Protocol, dataset: str, wrong: list[str]) -> pd.DataFrame:
    if not file.is_file():
        raise FerBenchError(f"{file} is not a file: give the CSV of predictions")
    try:
        first, _, rest = _text(file).partition("\n")
        first = first.rstrip(",")  # spreadsheets pad every line to the table's width
        stated = _FIRST.fullmatch(first)
        if stated is None:
            wrong.append(
                "it does not state its protocol: read docs/protocol.md, and where the predictions "
                f"were made by it, let the first line be `{first_line(protocol, dataset)}` "
                "(pandas: write it to the file first, then `frame.to_csv(file, index=False)`; read "
                'the template with `pd.read_csv(path, comment="#", dtype={"sample_id": str})`)'
            )
            rest = rest if first.startswith("#") else f"{first}\n{rest}"
        elif stated[2] != protocol.sha256:
            wrong.append(
                f"it was made for protocol version {stated[1]} ({stated[2][:12]}...), in force is "
                f"version {protocol.version} ({protocol.sha256[:12]}...): see in docs/protocol.md "
                "what changed, and predict again"
            )
        elif stated[3] != dataset:
            wrong.append(
                f"it was made for {stated[3]}, not for {dataset}"
                if stated[3]
                else "it does not say whose faces it predicts: let the first line be "
                f"`{first_line(protocol, dataset)}`"
            )
        if joined := len(re.findall("^# protocol ", rest, re.MULTILINE)):
            wrong.append(f"{joined} further protocol lines stand in it: submit each file by itself")
            rest = re.sub("^# protocol .*\n", "", rest, flags=re.MULTILINE)
        return pd.read_csv(io.StringIO(rest), dtype={"sample_id": str}, keep_default_na=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise FerBenchError(f"{file} is no CSV in UTF-8 ({error}): write it again") from error


def _text(file: Path) -> str:
    """A text in UTF-8, or in the UTF-16 that PowerShell writes."""
    content = file.read_bytes()
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return "\n".join(content.decode("utf-16" if wide else "utf-8-sig").splitlines()) + "\n"


def _kind(frame: pd.DataFrame, classes: Sequence[str], wrong: list[str]) -> str | None:
    """Whether the columns hold logits or probabilities, of exactly the classes."""
    columns = list(frame.columns)
    for kind in KINDS:
        if sorted(columns) == sorted(["sample_id", *_columns(classes, kind)]):
            return kind
    kind = next((k for k in KINDS if any(c.startswith(f"{k}_") for c in columns)), "probability")
    wanted = ["sample_id", *_columns(classes, kind)]
    lost = [c for c in wanted if c not in columns]
    strange = [str(c) for c in columns if c not in wanted]
    wrong.append(
        f"its columns must be {', '.join(wanted)} (or logit_... throughout); missing: "
        f"{', '.join(lost) or 'none'}; not known here: {', '.join(strange) or 'none'}"
    )
    return None


def _of_samples(given: list[str], expected: set[str], dataset: str) -> list[str]:
    found = set(given)
    wrong = []
    if twice := len(given) - len(found):
        wrong.append(f"{twice} rows repeat a sample: one prediction a face")
    if strange := sorted(found - expected):
        wrong.append(
            f"{len(strange)} samples are no test face of {dataset} here, e.g. {strange[0]!r}: "
            "predict the faces that --template lists, no train faces among them"
        )
    if lost := len(expected - found):
        wrong.append(
            f"it is not complete: {lost} of the {len(expected)} test faces of {dataset} have no "
            "prediction; a model that finds no face must guess"
        )
    return wrong


def _values(frame: pd.DataFrame, classes: Sequence[str], kind: str, wrong: list[str]) -> np.ndarray:
    """(N, K) logits; of probabilities their logarithms."""
    table = frame[_columns(classes, kind)].apply(pd.to_numeric, errors="coerce")
    values: np.ndarray = table.to_numpy(dtype=np.float64)
    bad = ~np.isfinite(values).all(axis=1)
    if bad.any():
        wrong.append(
            f"{int(bad.sum())} rows hold something else than finite numbers, the first in row "
            f"{int(bad.argmax()) + 1} of the samples"
        )
        return values
    if kind == "logit":
        if len(values) and (values >= 0).all() and (np.abs(values.sum(axis=1) - 1) < 1e-3).all():
            wrong.append(
                "its logits are probabilities (0 or more, together 1 in every row): call the "
                "columns probability_..."
            )
        return values
    off = (values < 0).any(axis=1) | (np.abs(values.sum(axis=1) - 1) > 1e-3)
    if off.any():
        wrong.append(
            f"{int(off.sum())} rows are no probabilities (each 0 or more, together 1), the first "
            f"in row {int(off.argmax()) + 1} of the samples; call the columns logit_... if they "
            "are scores before the softmax"
        )
        return values
    return np.asarray(np.log(np.maximum(values, SMALLEST)))


def _parts(predicted: Predicted, known: Dataset) -> dict[str, Part]:
    """Metrics by part; also among the classes that the model knows, where it never says others."""
    found: dict[str, Any] = parts(predicted, known, with_answers=True)
    answers = zip(known.classes, predicted.logits.T, strict=True)
    common = [name for name, column in answers if (column > np.log(SMALLEST)).any()]
    if 1 < len(common) < len(known.classes):
        found["common_classes"] = predicted.among(common).answered()
    return found


def _folds(predicted: Predicted, known: Dataset) -> dict[str, list[dict[str, Any]]] | None:
    if known.protocol != "folds":
        return None
    return {"last": by_fold(predicted, predicted.faces["fold"].to_numpy())}
