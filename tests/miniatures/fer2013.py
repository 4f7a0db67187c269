"""FER2013 in miniature: the table, and the folders of JPEG that are spread on Kaggle."""

from pathlib import Path

from miniatures import ferplus
from miniatures.drawing import save, tar_of
from PIL import Image

from fer_bench.datasets.fer2013 import CODES, FOLDERS
from fer_bench.labels import Expression

ARCHIVE = "fer2013.tar.gz"
FIRST = 10_000_000
"""The numbers in the file names are large and lead to no row."""


def counts(per_class: int = 2) -> dict[str, int]:
    """Faces a class in each split."""
    return {"train": 2 * per_class, "val": per_class, "test": per_class}


EXPECTED = {split: {label.name: n for label in CODES} for split, n in counts().items()}


def rows(per_class: int = 2) -> list[ferplus.Row]:
    """Every row in order."""
    return [
        ferplus.Row(split, "", Expression(label), ())
        for split, n in counts(per_class).items()
        for _ in range(n)
        for label in CODES
    ]


def name(split: str, number: int) -> str:
    return f"{ferplus.USAGES[split]}_{FIRST + 7 * number}"


def folders(per_class: int = 2, kind: str = "jpg", apart: bool = False) -> dict[str, bytes]:
    """The pictures by path: `train` and `test`, or with `apart` a `validation` too, then classes.

    One name occurs in two classes, as two do in the real copies.
    """
    tops = {"train": "train", "val": "validation" if apart else "test", "test": "test"}
    found = {}
    for number, row in enumerate(rows(per_class)):
        folder = FOLDERS[CODES.index(row.face)]
        used = 2 if number == 4 else number
        picture = save(
            Image.fromarray(ferplus.grey_of(row, number)), {"jpg": "JPEG", "png": "PNG"}[kind]
        )
        found[f"{tops[row.split]}/{folder}/{name(row.split, used)}.{kind}"] = picture
    return found


def added(files: dict[str, bytes], folder: str = "/disgust/") -> dict[str, bytes]:
    """Two more pictures beside each of one class, named as a well-known script names them."""
    return {
        f"{path}{k}.jpg": content
        for path, content in files.items()
        if folder in path
        for k in range(2)
    }


def write(folder: Path, per_class: int = 2) -> list[Path]:
    """The archive of the table."""
    table = ferplus.fer2013_csv(rows(per_class))
    return [tar_of(folder / ARCHIVE, {"fer2013/fer2013.csv": table})]
