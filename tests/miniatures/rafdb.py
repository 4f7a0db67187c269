"""RAF-DB in miniature: one archive of the basic set, and every copy of it that people hold."""

from pathlib import Path

from miniatures.drawing import face, save, zip_of

from fer_bench.datasets.rafdb_labels import CODES, NEUTRAL_TRAIN

ARCHIVE = "basic.zip"
LIST = "basic/EmoLabel/list_patition_label.txt"
LANDMARKS = ("30.5\t40.25", "70.5\t40.75", "50\t60", "35.125\t80", "65\t80.5")


def counts(per_class: int = 2) -> dict[str, int]:
    """Images a class in each split."""
    return {"train": 2 * per_class, "test": per_class}


EXPECTED = {split: {label.name: n for label in CODES.values()} for split, n in counts().items()}


def listed(split: str, per_class: int = 2) -> list[tuple[str, int]]:
    """(stem, code) of each image of a split, in the order of the official list.

    As there, the neutral train faces (code 7) have the last numbers, and the others come mixed.
    """
    n = counts(per_class)[split]
    if split == "test":
        codes = [code for _ in range(n) for code in CODES]
        return [(f"test_{number:04d}", code) for number, code in enumerate(codes, start=1)]
    mixed = [code for _ in range(n) for code in CODES if code != 7]
    rows = [(f"train_{number:05d}", code) for number, code in enumerate(mixed, start=1)]
    return rows + [(f"train_{number:05d}", 7) for number in NEUTRAL_TRAIN[:n]]


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


def everything(per_class: int = 2) -> dict[str, int]:
    """Stem -> code of every image, train first."""
    return dict(listed("train", per_class) + listed("test", per_class))


def faces(form: str = "{split}/{stem}_aligned.jpg", per_class: int = 2) -> dict[str, bytes]:
    """The aligned faces under other names: `form` may use split, stem, code and zero.

    `zero` is the class's number in the order of AffectNet, which some people use.
    """
    official = files(per_class)
    affectnet = [7, 4, 5, 1, 2, 3, 6]
    return {
        form.format(
            split=stem.split("_")[0], stem=stem, code=code, zero=affectnet.index(code),
            word=CODES[code].name,
        ): official[f"basic/Image/aligned/{stem}_aligned.jpg"]
        for stem, code in everything(per_class).items()
    }  # fmt: skip


def lines(split: str, form: str = "{stem}.jpg {code}", per_class: int = 2) -> bytes:
    """A list of one split."""
    rows = listed(split, per_class)
    return "".join(form.format(stem=stem, code=code) + "\n" for stem, code in rows).encode()


def csv(split: str, per_class: int = 2) -> bytes:
    """Kaggle's CSV file of one split."""
    return b"image,label\n" + lines(split, "{stem}_aligned.jpg,{code}", per_class)


def kaggle(form: str = "DATASET/{split}/{code}/{stem}_aligned.jpg") -> dict[str, bytes]:
    """The most common copy: class folders, and a CSV file a split."""
    return {
        **faces(form),
        "train_labels.csv": csv("train"),
        "test_labels.csv": csv("test"),
    }


def copies() -> dict[str, dict[str, bytes]]:
    """Every arrangement that is taken, by name."""
    flat = faces("{stem}_aligned.jpg")
    whole = {"list_patition_label.txt": label_list()}
    official = files()
    without = {name: data for name, data in official.items() if name != LIST}
    return {
        "kaggle": kaggle(),
        "class_folders": faces("raf/{split}/{code}/{stem}_aligned.jpg"),
        "class_names": faces("raf/{split}/{word}/{stem}_aligned.jpg"),
        "csv_and_flat": {**flat, "train_labels.csv": csv("train"), "test_labels.csv": csv("test")},
        "flat": {**flat, **whole},
        "without_aligned": {**faces("faces/{stem}.jpg"), **whole},
        "train_valid": {
            **{n.replace("test/", "valid/"): d for n, d in faces().items()}, **whole,
        },
        "partition_spelt_right": {**without, LIST.replace("patition", "partition"): label_list()},
        "two_lists": {
            **without,
            "basic/EmoLabel/train_label.txt": lines("train"),
            "basic/EmoLabel/test_label.txt": lines("test"),
        },
        "lists_of_one_name": {
            **faces(), "train/labels.csv": csv("train"), "test/labels.csv": csv("test"),
        },
        "list_twice": {**official, "copy/list_patition_label.txt": label_list()},
        "kaggle_and_list": {**kaggle(), **whole},
        "from_zero_and_list": {**faces("{split}/{zero}/{stem}_aligned.jpg"), **whole},
    }  # fmt: skip
