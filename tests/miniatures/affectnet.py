"""AffectNet in miniature: the first release as two archives, that of 2021, and AffectNet+."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np
from miniatures.drawing import face, save, zip_of

from fer_bench.datasets.affectnet_labels import CODES, COLUMNS

IMAGES = "Manually_Annotated.zip"  # of the .rar parts' content, which no free tool here packs
LISTS = "Manually_Annotated_file_lists.zip"

PER_CLASS = {"train": 4, "test": 2}
WITHOUT_EXPRESSION = 3  # one each of none, uncertain and no face, in either split
LISTED_TWICE = 1

EXPECTED = {split: {code.name: n for code in CODES} for split, n in PER_CLASS.items()}

FORMATS = (
    ("jpg", "JPEG"), ("JPG", "JPEG"), ("png", "PNG"), ("jpeg", "JPEG"), ("bmp", "BMP"),
)  # fmt: skip


def names(split: str, code: int) -> list[str]:
    """The hashes of a split's (`train` or `test`) images of one AffectNet code, in file order."""
    count = PER_CLASS[split] if code < len(CODES) else 1
    text = [f"affectnet miniature {split} {code} {k}" for k in range(count)]
    return [hashlib.sha224(t.encode()).hexdigest() for t in text]


def line(path: str, code: int) -> str:
    """One line of a list; none, uncertain and no face have no valence."""
    landmarks = ";".join(f"{10 + k}.25;{20 + k}.5" for k in range(68))
    feeling = "-2,-2" if code >= len(CODES) else f"{0.1 * code - 0.4:.6f},-0.0181818181818182"
    return f"{path},9,11,102,98,{landmarks},{code},{feeling}"


def listed(split: str) -> list[tuple[str, int]]:
    """(path, code) of each image of a split, classes in turn."""
    rows = []
    for k in range(PER_CLASS[split]):
        for code in range(len(CODES) + WITHOUT_EXPRESSION):
            if k < len(names(split, code)):
                suffix = FORMATS[(code + k) % len(FORMATS)][0]
                rows.append((f"{100 * code + k}/{names(split, code)[k]}.{suffix}", code))
    return rows


def training_csv(heading: bool = True) -> bytes:
    """The training list; one image is listed twice."""
    rows = listed("train")
    rows += rows[:LISTED_TWICE]
    lines = [",".join(COLUMNS)] * heading + [line(*row) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def validation_csv(heading: bool = False) -> bytes:
    """The validation list, whose heading is missing in many copies; Windows line ends."""
    lines = [",".join(COLUMNS)] * heading + [line(*row) for row in listed("test")]
    return ("\r\n".join(lines) + "\r\n").encode()


def image(split: str, code: int, k: int, format: str) -> bytes:
    expression = CODES[code] if code < len(CODES) else CODES[0]
    subject = 100 * (split == "test") + 10 * k + code
    return save(face(expression, subject, k, 90 + 10 * k), format)


def write(folder: Path) -> list[Path]:
    """The old release: the images, and the lists."""
    files = {"Manually_Annotated_Images/.DS_Store": b"x"}
    for split in PER_CLASS:
        for path, code in listed(split):
            k = names(split, code).index(Path(path).stem)
            format = dict(FORMATS)[path.rpartition(".")[2]]
            files[f"Manually_Annotated_Images/{path}"] = image(split, code, k, format)
    stranger = hashlib.sha224(b"affectnet miniature unlisted").hexdigest()
    files[f"Manually_Annotated_Images/5/{stranger}.jpg"] = save(face(CODES[0], 0, 0))
    lists = {"training.csv": training_csv(), "validation.csv": validation_csv()}
    return [
        zip_of(folder / IMAGES, files),
        zip_of(folder / LISTS, {f"Manually_Annotated_file_lists/{k}": v for k, v in lists.items()}),
    ]


def npy(value) -> bytes:
    out = io.BytesIO()
    np.save(out, value)
    return out.getvalue()


def new_numbers(split: str) -> dict[int, int]:
    """Number -> code of a split's images in the new release, whose numbers have gaps."""
    codes = [code for _ in range(PER_CLASS[split]) for code in range(len(CODES))]
    return {3 * i + 2: code for i, code in enumerate(codes)}


def write_new_release(folder: Path) -> list[Path]:
    """The new release: two folders of numbered images and label files."""
    archives = []
    for split, name in (("train", "train_set"), ("test", "val_set")):
        files = {}
        for number, code in new_numbers(split).items():
            files[f"{name}/images/{number}.jpg"] = image(split, code, 0, "JPEG")
            labels = {"exp": np.array(str(code)), "val": np.array(f"{0.1 * code - 0.4:.2f}"),
                      "aro": np.array("-0.02"), "lnd": np.linspace(10, 90, 136)}  # fmt: skip
            for kind, value in labels.items():
                files[f"{name}/annotations/{number}_{kind}.npy"] = npy(value)
        archives.append(zip_of(folder / f"{name}.zip", files))
    return archives


SUBSETS = ("easy", "challenging", "difficult")
RACES = ("asian", "indian", "black", "white", "middle eastern", "latino hispanic")


def plus_numbers(split: str) -> dict[int, int]:
    """Number -> code of a split's images in AffectNet+, which lists the codes 8 to 10 too."""
    codes = [code for _ in range(PER_CLASS[split]) for code in range(len(CODES))]
    codes += range(len(CODES), len(CODES) + WITHOUT_EXPRESSION)
    return {2 * i + 1: code for i, code in enumerate(codes)}


def annotation(number: int, code: int) -> dict:
    """One JSON file: soft labels of which the hard label's is the largest, and what was seen."""
    soft = [0.05 + 0.01 * k for k in range(len(CODES))]
    if code < len(CODES):
        soft[code] = 0.6
    return {
        "human-label": code,
        "soft-label": soft,
        "subset": number % 3,
        "meta-data": {
            "age": 2 + 7 * (number % 10),
            "valence": 0.1 * code - 0.4,
            "arousal": -0.02,
            "gender": {"female": 90.0 - number % 90, "male": 10.0 + number % 90},
            "race": {name: 10.0 + 50 * (k == number % 6) for k, name in enumerate(RACES)},
            "pose": {"pitch": 1.5, "yaw": -12.0 * (number % 5), "roll": 0.25},
            "landmark-68": [float(k) for k in range(136)],
            "landmark-29": [float(k) for k in range(58)],
        },
    }


def plus_files(validation: str = "validation_set") -> dict[str, bytes]:
    """AffectNet+ as a folder: the human half, and a face of the half labelled by a network."""
    files = {}
    for split, name in (("train", "train_set"), ("test", validation)):
        for number, code in plus_numbers(split).items():
            place = f"human_annotated/{name}"
            files[f"{place}/images/{number}.jpg"] = image(split, code, 0, "JPEG")
            text = json.dumps(annotation(number, code))
            files[f"{place}/annotations/{number}.json"] = text.encode()
    files["no_human_annotated/images/5.jpg"] = image("train", 0, 1, "JPEG")
    files["no_human_annotated/annotations/5.json"] = b"{}"
    return files
