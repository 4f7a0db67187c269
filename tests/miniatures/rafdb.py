"""RAF-DB in miniature: one archive of the basic set."""

from pathlib import Path

from miniatures.drawing import face, save, zip_of

from fer_bench.datasets.rafdb import CODES

ARCHIVE = "basic.zip"
LIST = "basic/EmoLabel/list_patition_label.txt"
LANDMARKS = ("30.5\t40.25", "70.5\t40.75", "50\t60", "35.125\t80", "65\t80.5")


def counts(per_class: int = 2) -> dict[str, int]:
    """Images a class in each split."""
    return {"train": 2 * per_class, "test": per_class}


EXPECTED = {split: {label.name: n for label in CODES.values()} for split, n in counts().items()}


def listed(split: str, per_class: int = 2) -> list[tuple[str, int]]:
    """(stem, code) of each image of a split, classes in turn."""
    form = "train_{:05d}" if split == "train" else "test_{:04d}"
    codes = [code for _ in range(counts(per_class)[split]) for code in CODES]
    return [(form.format(number), code) for number, code in enumerate(codes, start=1)]


def names(split: str, code: int, per_class: int = 2) -> list[str]:
    """The stems of a split's (`train` or `test`) images of one code, 1 to 7."""
    return [stem for stem, own in listed(split, per_class) if own == code]


def label_list(per_class: int = 2) -> bytes:
    """The list: Windows line ends, a doubled space, a space at an end, a blank last line."""
    rows = listed("train", per_class) + listed("test", per_class)
    lines = [f"{stem}.jpg {code}" for stem, code in rows]
    lines[1] = lines[1].replace(" ", "  ")
    lines[2] += " "
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def attributes(number: int) -> bytes:
    """Five landmarks, then gender, race and age."""
    codes = (number % 3, number % 3 if number % 4 else 0, number % 5)
    return "\n".join([*LANDMARKS, *map(str, codes), ""]).encode()


def files(per_class: int = 2) -> dict[str, bytes]:
    """Every file by its path in the archive; the last test image has no attributes."""
    found = {LIST: label_list(per_class)}
    for split, base in (("train", 0), ("test", 1000)):
        rows = listed(split, per_class)
        for number, (stem, code) in enumerate(rows):
            who = base + number
            found[f"basic/Image/aligned/{stem}_aligned.jpg"] = save(
                face(CODES[code], who, 0, 100, zoom=1.4)
            )
            found[f"basic/Image/original/{stem}.jpg"] = save(face(CODES[code], who, 0, 130))
            found[f"basic/Annotation/manual/{stem}_manu_attri.txt"] = attributes(who)
            found[f"basic/Annotation/boundingbox/{stem}_boundingbox.txt"] = b"20 20 110 110\n"
    del found[f"basic/Annotation/manual/{rows[-1][0]}_manu_attri.txt"]
    return found


def write(folder: Path, per_class: int = 2) -> list[Path]:
    """The archive."""
    return [zip_of(folder / ARCHIVE, files(per_class))]
