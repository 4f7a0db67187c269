"""The nine challenge lists in miniature, naming test faces of the other miniatures.

As in the real ones: Windows line ends or no last line end, `.jpg` for `.png`, a hash as a folder,
a line repeated, and a companion file that is no list of ours.
"""

from collections.abc import Callable
from pathlib import Path

from miniatures import affectnet, ferplus, rafdb
from miniatures.drawing import zip_of

ARCHIVE = "Challenge-condition-FER-dataset-master.zip"

REPEATED = {"rafdb": "occluded", "affectnet": "pose_gt_30"}
"""Set -> the list that names its first face twice."""


def chosen(
    names: Callable[[str, int], list[str]], codes: range, part: str
) -> list[tuple[str, int]]:
    """(name, code) of the test faces on a list: those of > 45 degrees are among those of > 30."""
    faces = [(names("test", code)[0], code) for code in codes]
    return {"occluded": faces[1::2], "pose_gt_30": faces[::2], "pose_gt_45": faces[:4:2]}[part]


def listed() -> dict[str, dict[str, list[tuple[str, int]]]]:
    """Set -> part -> (name, the set's own code) line by line, repeated lines included."""
    sets = {
        "ferplus": (ferplus.names, range(8)),
        "rafdb": (rafdb.names, range(1, 8)),
        "affectnet": (affectnet.names, range(8)),
    }
    found = {
        name: {
            part: chosen(names, codes, part) for part in ("occluded", "pose_gt_30", "pose_gt_45")
        }
        for name, (names, codes) in sets.items()
    }
    for name, part in REPEATED.items():
        found[name][part].append(found[name][part][0])
    return found


def files() -> dict[str, bytes]:
    """Every file by its path in the repository."""
    lists = listed()
    fer, raf, net = lists["ferplus"], lists["rafdb"], lists["affectnet"]
    text = {
        "FERplus_dir/jianfei_occlusion_list.txt": "".join(
            f"{code}_{name}.png 8 {code % 4}\r\n" for name, code in fer["occluded"]
        ),
        "RAF_DB_dir/rafdb_occlusion_list.txt": "\r\n".join(
            f"{name}_aligned {code - 1} {1 + code % 4}" for name, code in raf["occluded"]
        ),
        "RAF_DB_dir/val_raf_db_label.txt": "7 7\n0\n",
        "AffectNet_dir/occlusion_affectnet_list.txt": "".join(
            f"val/{code}/{name}/\n" for name, code in net["occluded"]
        ),
    }
    for part, fer_file, raf_file, net_file in (
        ("pose_gt_30", "pose_30_ferplus_list", "val_raf_db_list", "pose_30_affectnet_list"),
        ("pose_gt_45", "pose_45_ferplus_list", "val_raf_db_list_45", "pose_45_affectnet_list"),
    ):
        text[f"FERplus_dir/{fer_file}.txt"] = "".join(f"{c}/{n}.jpg\n" for n, c in fer[part])
        text[f"RAF_DB_dir/{raf_file}.txt"] = "".join(
            f"{c - 1}/{n}_aligned.jpg\n" for n, c in raf[part]
        )
        text[f"AffectNet_dir/{net_file}.txt"] = "".join(
            f"{c}/{n}.jpg\n" if part == "pose_gt_30" else f"{c}/{n}/8.jpg\n" for n, c in net[part]
        )
    return {path: content.encode() for path, content in text.items()}


def write(folder: Path) -> list[Path]:
    """The repository as one archive."""
    top = ARCHIVE.removesuffix(".zip")
    return [zip_of(folder / ARCHIVE, {f"{top}/{path}": data for path, data in files().items()})]
