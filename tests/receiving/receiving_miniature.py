"""A drawn miniature of facial_expressions in its published layout, as folder and as archives."""

import io
import tarfile
import zipfile
from pathlib import Path

from PIL import Image, ImageDraw

PEOPLE = [
    ("Ann_Lee_0001.jpg", "neutral"),
    ("Ann_Lee_0002.jpg", "HAPPINESS"),
    ("Bob_Roy_1.jpg", "sadness"),
    ("Bob_Roy_2.jpg", "FEAR"),
    ("cleo-3.jpg", "contempt"),
]
LEGEND = "user.id,image,emotion\n" + "".join(f"7,{name},{label}\n" for name, label in PEOPLE)


def picture(shade: int) -> bytes:
    image = Image.new("L", (24, 24), shade)
    ImageDraw.Draw(image).ellipse((4, 2, 20, 22), fill=255 - shade)
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


def members(prefix: str = "") -> dict[str, bytes]:
    """Path to content of every file; the README does not belong to the set."""
    files = {f"images/{name}": picture(30 * i) for i, (name, _) in enumerate(PEOPLE)}
    files |= {"data/legend.csv": LEGEND.encode(), "LICENSE": b"Apache", "README.md": b"hello"}
    return {prefix + path: content for path, content in files.items()}


def folder(root: Path, files: dict[str, bytes] | None = None) -> Path:
    for path, content in (members() if files is None else files).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def zipped(path: Path, files: dict[str, bytes] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (members("set-5fb9c13/") if files is None else files).items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, files: dict[str, bytes] | None = None, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in (members("set-5fb9c13/") if files is None else files).items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path
