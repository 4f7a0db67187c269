"""FED-RO in miniature: one archive of seven folders, numbers missing among the file names."""

from pathlib import Path

from miniatures.drawing import face, save, zip_of

from fer_bench.datasets.fedro import FOLDERS

ARCHIVE = "FED-RO.zip"
MISSING = (3, 8, 9)
"""Numbers, in one run through all folders, that nobody could download any more."""


def counts(per_class: int = 2) -> dict[str, int]:
    """Images a class."""
    return {"test": per_class}


EXPECTED = {"test": {"all": len(FOLDERS) * counts()["test"]}}


def numbers(per_class: int = 2) -> dict[str, list[int]]:
    """Folder -> the numbers of its images."""
    total = len(FOLDERS) * per_class
    there = [n for n in range(1, total + len(MISSING) + 1) if n not in MISSING]
    return {folder: there[i * per_class : (i + 1) * per_class] for i, folder in enumerate(FOLDERS)}


def files(per_class: int = 2) -> dict[str, bytes]:
    """Every file by its path in the archive; the pictures differ in size."""
    found = {}
    for folder, own in numbers(per_class).items():
        for n in own:
            size = (110 + 3 * n, 120)
            picture = save(face(FOLDERS[folder], 4000 + n, 0, size))
            found[f"FED-RO/{folder}/occ_img_{n}.jpg"] = picture
    return found


SPELT = {
    "neural": "Neutral", "disgust": "Disgust", "fear": "Fear", "anger": "Angry",
    "happy": "Happiness", "surprise": "Surprised", "sad": "Sadness",
}  # fmt: skip
"""Folders as another copy spells them."""


def spelt(per_class: int = 2, names: dict[str, str] = SPELT) -> dict[str, bytes]:
    """The files in folders of other names."""
    found = {}
    for path, content in files(per_class).items():
        top, folder, name = path.split("/")
        found[f"{top}/{names.get(folder, folder)}/{name}"] = content
    return found


def write(folder: Path, per_class: int = 2) -> list[Path]:
    """The archive."""
    return [zip_of(folder / ARCHIVE, files(per_class))]
