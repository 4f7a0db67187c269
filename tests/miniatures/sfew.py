"""SFEW in miniature: the two archives of aligned faces, one nested deeper than the other."""

from pathlib import Path

from miniatures.drawing import face, save, zip_of

from fer_bench.datasets.sfew import FOLDERS

ARCHIVES = {"train": "Train_Aligned_Faces.zip", "test": "Val_Aligned_Faces_new.zip"}
INSIDE = {"train": "Train_Aligned_Faces", "test": "Val_Aligned_Faces_new/Val_Aligned_Faces"}
MOVIES = ("DrawnFilm", "Drawn_Film_2", "21", "AnotherFilm", "YetAnother")


def counts(per_class: int = 2) -> dict[str, int]:
    """Images a class in each split."""
    return {"train": 2 * per_class, "test": per_class}


EXPECTED = {split: {label.name: n for label in FOLDERS.values()} for split, n in counts().items()}


def frame(split: str, folder: str, k: int) -> str:
    """The file name of one frame, `<Movie>_<time>_<frame>.png`."""
    number = list(FOLDERS).index(folder)
    movie = MOVIES[(number + k) % len(MOVIES)] + ("" if split == "train" else "Sequel")
    return f"{movie}_{10_000 * number + 40 * k:09d}_{k + 1:08d}.png"


def files(split: str, per_class: int = 2) -> dict[str, bytes]:
    """Every file of a split's archive by its path in it."""
    found = {}
    for number, (folder, label) in enumerate(FOLDERS.items()):
        for k in range(counts(per_class)[split]):
            who = 3000 + 10 * k + number + 500 * (split == "test")
            picture = save(face(label, who, 0, (143, 181), zoom=1.4), "PNG")
            found[f"{INSIDE[split]}/{folder}/{frame(split, folder, k)}"] = picture
    found[f"{INSIDE[split]}/Angry/Thumbs.db"] = b"thumbs"
    return found


def plain(split: str, per_class: int = 2) -> dict[str, bytes]:
    """The same faces in `Train/<Class>` or `Val/<Class>`."""
    top = {"train": "Train", "test": "Val"}[split]
    return {
        f"SFEW/{top}/{'/'.join(path.split('/')[-2:])}": content
        for path, content in files(split, per_class).items()
        if path.endswith(".png")
    }


def whole_frames(split: str) -> dict[str, bytes]:
    """Two whole frames of each class where `plain` has faces."""
    paths = list(plain(split))
    return {path: save(face(0, 3900, 0, (240, 192)), "PNG") for path in paths[:: len(paths) // 14]}


def write(folder: Path, per_class: int = 2) -> list[Path]:
    """Both archives."""
    return [zip_of(folder / name, files(split, per_class)) for split, name in ARCHIVES.items()]
