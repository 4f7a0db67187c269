"""Photographs of somebody's own, in every form that is taken without a line of Python."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from miniatures.drawing import face, lay_out, save

from fer_bench.labels import SEVEN, Expression

SPELT = {
    "neutral": "Neutral", "happiness": "3_happy", "surprise": "Surprised", "sadness": "sad",
    "anger": "angry", "disgust": "Disgust", "fear": "fearful",
}  # fmt: skip
"""How the classes are called there."""

PEOPLE = {"train": (9000, 9001, 9002), "test": (9003,)}
COUNTS = {split: len(who) for split, who in PEOPLE.items()}
"""Faces a class in each split."""


def pictures() -> list[tuple[str, Expression, int, bytes]]:
    """Split, expression, person and bytes of every picture."""
    return [
        (split, Expression[name], who, save(face(Expression[name], who, 0, 64, zoom=1.2), "PNG"))
        for split, people in PEOPLE.items()
        for name in SEVEN
        for who in people
    ]


def folders(root: Path) -> Path:
    """`train/3_happy/9000_1.png` and so on, with a text that does not belong to it."""
    files = {
        f"{split}/{SPELT[label.name]}/{who}_1.png": content
        for split, label, who, content in pictures()
    }
    return lay_out(root, files | {"README.txt": b"mine"})


def unsplit(root: Path) -> Path:
    """`3_happy/9000_1.png`: no splits."""
    files = {f"{SPELT[label.name]}/{who}_1.png": content for _, label, who, content in pictures()}
    return lay_out(root, files)


def rows() -> list[dict[str, str]]:
    """The lines of a list, paths from the list's folder."""
    return [
        {"path": f"faces/{who}_{label.name[:3]}.png", "emotion": SPELT[label.name],
         "split": split, "person": str(who)}
        for split, label, who, _ in pictures()
    ]  # fmt: skip


def _beside(root: Path) -> None:
    files = {f"faces/{who}_{label.name[:3]}.png": c for _, label, who, c in pictures()}
    lay_out(root, files)


def as_csv(lines: list[dict[str, str]]) -> bytes:
    """The text of a CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue().encode()


def csv_list(root: Path) -> Path:
    """A CSV of path, emotion, split and person beside a folder of pictures."""
    _beside(root)
    return lay_out(root, {"list.csv": as_csv(rows())})


def parquet_list(root: Path) -> Path:
    """The same as Parquet."""
    _beside(root)
    pq.write_table(pa.Table.from_pylist(rows()), root / "list.parquet")
    return root


def image_folder(root: Path) -> Path:
    """A Hugging Face image folder: `train/metadata.jsonl` beside its pictures."""
    for split in PEOPLE:
        lines = [(f"{who}_{label.name}.png", SPELT[label.name], c)
                 for s, label, who, c in pictures() if s == split]  # fmt: skip
        text = "".join(json.dumps({"file_name": f, "label": n}) + "\n" for f, n, _ in lines)
        lay_out(root / split, {f: c for f, _, c in lines} | {"metadata.jsonl": text.encode()})
    return root


def embedded(root: Path) -> Path:
    """`data/train-00000-of-00001.parquet` with the pictures inside and numbers for classes."""
    names = sorted(SPELT.values())
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    features = {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}}
    said = {"huggingface": json.dumps({"info": {"features": features}})}
    (root / "data").mkdir(parents=True)
    for split in PEOPLE:
        chosen = [p for p in pictures() if p[0] == split]
        table = pa.table(
            {
                "image": pa.array([{"bytes": p[3], "path": "a.png"} for p in chosen], image),
                "label": pa.array([names.index(SPELT[p[1].name]) for p in chosen], pa.int64()),
            },
            schema=pa.schema([("image", image), ("label", pa.int64())], metadata=said),
        )
        pq.write_table(table, root / f"data/{split}-00000-of-00001.parquet", row_group_size=5)
    return root


FORMS: dict[str, Callable[[Path], Path]] = {
    "folders": folders,
    "csv": csv_list,
    "parquet": parquet_list,
    "image folder": image_folder,
    "embedded": embedded,
}
"""Every form that has splits, and what writes it."""
