"""The challenge lists of RAN: occluded and turned faces of FERPlus, RAF-DB and AffectNet.

Origin: Wang et al. 2020, "Region Attention Networks for Pose and Occlusion Robust Facial Expression
Recognition"; github.com/kaiwang960112/Challenge-condition-FER-dataset at commit e43d7a0.
Licence: none is given, so the lists are never in this repository, nor is any name from them.
Obtain: `fer-bench data add challenge_lists` fetches the nine lists at the pinned commit; a copy is
added with `fer-bench data add challenge_lists PATH`.
Layout: `FERplus_dir`, `RAF_DB_dir` and `AffectNet_dir` with many text files; nine are used, kept
here as `{ferplus,rafdb,affectnet}/<original name>`.
Size, lines (different faces): FERPlus occluded 605, turned by > 30 degrees 1,170, > 45 degrees 633;
RAF-DB 735 (734), 1,247, 558; AffectNet 683, 1,949 (1,944), 985 (983), and without contempt
592, 1,749 (1,745), 889 (888). Faces of > 45 degrees are among those of > 30.
Formats: one face a line, seven ways of writing it (see `LISTS`); some files have Windows line ends
or no last one. FERPlus's pose lists say `.jpg` where the images are `.png`.
Labels: each line repeats the face's label in a code of its set, RAF-DB's less one.
Known faults: the paper prints 1,171 / 634 for FERPlus, 1,248 for RAF-DB and 682 for AffectNet, but
its percentages fit the files' sizes. Lines are repeated (see above). AffectNet's new release has
other names, so its lists cannot be joined to that one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fer_bench.datasets.receivable import Collected, Inventory, PinnedCommit, Receivable, put
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError, nearest
from fer_bench.files import sha256_file

FOLDERS = {"ferplus": "FERplus_dir", "rafdb": "RAF_DB_dir", "affectnet": "AffectNet_dir"}
"""Set -> its folder in the repository."""


class ListedFace(NamedTuple):
    """One line: the face, as `sample_id` names it, and its label in the set's own code.

    The codes: FERPlus and AffectNet 0 to 7 (contempt is 7 in both), RAF-DB 0 to 6, which is its
    label file's code less one.
    """

    stem: str
    label: int


@dataclass(frozen=True)
class ChallengeList:
    """One file: its name, what its lines look like (for a message and for matching), its hash."""

    file: str
    form: str
    pattern: str
    sha256: str


_FER = r"(?P<stem>fer\d{7})"
_RAF = r"(?P<stem>(?:train|test)_\d+)_aligned"
_HASH = r"(?P<stem>[0-9a-f]{56})"
_EIGHT, _SEVEN = "(?P<label>[0-7])", "(?P<label>[0-6])"

LISTS: dict[str, dict[str, ChallengeList]] = {
    "ferplus": {
        "occluded": ChallengeList(
            "jianfei_occlusion_list.txt",
            "1_fer0000000.png 8 0",
            rf"{_EIGHT}_{_FER}\.png\s+\d+\s+\d+",
            "b9d5c500fe762b1cda4c9fb537e4560fff9d01acabdcebedd57290a9b2f9d903",
        ),
        "pose_gt_30": ChallengeList(
            "pose_30_ferplus_list.txt",
            "0/fer0000000.jpg",
            rf"{_EIGHT}/{_FER}\.(?:jpg|png)",
            "f744e57c115834069ba0ad61c8f81ab578c91514274fa4c79a2ed83691457371",
        ),
        "pose_gt_45": ChallengeList(
            "pose_45_ferplus_list.txt",
            "0/fer0000000.jpg",
            rf"{_EIGHT}/{_FER}\.(?:jpg|png)",
            "89bc5b7bc7243102d05a5d939183ebabb673b1b0fc35f519976bb7686d7877e5",
        ),
    },
    "rafdb": {
        "occluded": ChallengeList(
            "rafdb_occlusion_list.txt",
            "test_0000_aligned 0 1",
            rf"{_RAF}\s+{_SEVEN}\s+\d+",
            "02a9b2279251fc0701825f37f688d9391c9c09c5db1b640ca43602386437f475",
        ),
        "pose_gt_30": ChallengeList(
            "val_raf_db_list.txt",
            "0/test_0000_aligned.jpg",
            rf"{_SEVEN}/{_RAF}\.jpg",
            "ef0329b7954697b362f3c2d4242bde83ab2b8712b43eb3ccd4496ec265cf68f5",
        ),
        "pose_gt_45": ChallengeList(
            "val_raf_db_list_45.txt",
            "0/test_0000_aligned.jpg",
            rf"{_SEVEN}/{_RAF}\.jpg",
            "371758f6eaa8257b5925edd24f6838a529a2e07fa9bb72e2c3bf92d9b984e86f",
        ),
    },
    "affectnet": {
        "occluded": ChallengeList(
            "occlusion_affectnet_list.txt",
            "val/0/<hash>/",
            rf"val/{_EIGHT}/{_HASH}/?",
            "bba97c5965d59de0bf759beefadeeac5304227b765408d335dbdba8bc487e823",
        ),
        "pose_gt_30": ChallengeList(
            "pose_30_affectnet_list.txt",
            "0/<hash>.jpg",
            rf"{_EIGHT}/{_HASH}\.jpg",
            "e5a7da60c39f122f3bdc4a936ff264dc936bee275c7928281fec1d8418770925",
        ),
        "pose_gt_45": ChallengeList(
            "pose_45_affectnet_list.txt",
            "0/<hash>/8.jpg",
            rf"{_EIGHT}/{_HASH}/\d+\.jpg",
            "7774d9b6654da83514398f0d6e616e27e53e2e8360d87ffaf67f55e3f4e042cc",
        ),
    },
}
"""Set -> part of its test faces -> the list that names them."""

ALL = [(which, part, one) for which, parts in LISTS.items() for part, one in parts.items()]


class ChallengeLists(Receivable):
    """What is added; see the datasheet above. It has no faces, so it is no source of any."""

    name = "challenge_lists"
    title = "RAN challenge lists"
    licence = "none given: for use on this machine, never in the repository"
    homepage = "https://github.com/kaiwang960112/Challenge-condition-FER-dataset"
    how_to_get = "fer-bench data add challenge_lists"
    item = "list"
    fetch = PinnedCommit(
        f"{homepage}.git",
        "e43d7a06e696f3f87feb3cbced739a286bc08679",
        paths=tuple(f"{FOLDERS[which]}/{one.file}" for which, _, one in ALL),
    )
    expected = {"all": {"all": len(ALL)}}  # noqa: RUF012
    max_files = 10_000
    max_bytes = 2**30

    def collect(self, tree: Tree) -> Collected:
        """The nine lists, in their folders or else wherever their names occur."""
        collected: Collected = {}
        for which, _, one in ALL:
            name = re.escape(one.file)
            found = list(tree.matching(rf"(?:{FOLDERS[which]}|{which})/{name}"))
            for _, file in found or tree.matching(name):
                put(collected, f"{which}/{one.file}", file)
        if not collected:
            raise FerBenchError(
                "these are not the challenge lists.\n"
                f"  expected: {', '.join(f'{FOLDERS[w]}/{one.file}' for w, _, one in ALL[::3])}, "
                f"and {len(ALL) - len(ALL[::3])} more\n  found:    {tree.outline()}"
            )
        return collected

    def inventory(self, root: Path) -> Inventory:
        """Read every list that is there, and count its lines."""
        counts = {}
        notes = []
        for which in LISTS:
            lists = read_entries(root, which)
            counts[which] = {part: len(entries) for part, entries in lists.items()}
            for part, entries in lists.items():
                if repeated := len(entries) - len({entry.stem for entry in entries}):
                    notes.append(
                        f"{which} {part}: {repeated} line{'s'[: repeated != 1]} for a face that "
                        "is listed before"
                    )
        present = sum(len(lists) for lists in counts.values())
        if not present:
            raise FerBenchError(
                f"none of the {len(ALL)} lists is there: `fer-bench data add "
                "challenge_lists` fetches them."
            )
        return Inventory(len(ALL), present, tuple(notes), counts)

    def faults(self, root: Path) -> list[str]:
        """Lists that are missing or are not those of the pinned commit."""
        lines = []
        for which, _, one in ALL:
            path = root / which / one.file
            if not path.is_file():
                lines.append(f"{which}/{one.file} is missing")
            elif (found := sha256_file(path)) != one.sha256:
                lines.append(
                    f"{which}/{one.file} is another file: expected SHA-256 {one.sha256[:12]}..., "
                    f"found {found[:12]}..."
                )
        return lines


def read_lists(root: Path, which: str) -> dict[str, list[str]]:
    """The names of a set's listed test faces.

    Args:
        root: `data/raw/challenge_lists`.
        which: `ferplus`, `rafdb` or `affectnet`.

    Returns:
        `occluded`, `pose_gt_30` and `pose_gt_45`, as far as those lists are there: names as in
        `sample_id`, in the order of the file, repeated lines kept.

    Raises:
        FerBenchError: names the file and the first line that cannot be understood.
    """
    lists = read_entries(root, which)
    return {part: [entry.stem for entry in entries] for part, entries in lists.items()}


def read_entries(root: Path, which: str) -> dict[str, list[ListedFace]]:
    """As `read_lists`, with the label that each line gives."""
    if which not in LISTS:
        raise FerBenchError(f"there are no challenge lists of {which!r}; {nearest(which, LISTS)}")
    return {
        part: parse(which, part, (root / which / one.file).read_bytes())
        for part, one in LISTS[which].items()
        if (root / which / one.file).is_file()
    }


def parse(which: str, part: str, content: bytes) -> list[ListedFace]:
    """The lines of one list; raises FerBenchError naming the first that is not in its format."""
    one = LISTS[which][part]
    compiled = re.compile(one.pattern, re.ASCII)
    entries = []
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), start=1):
        if not (text := line.strip()):
            continue
        match = compiled.fullmatch(text)
        if match is None:
            raise FerBenchError(
                f"{which}/{one.file} line {number}: {text[:80]!r} is not like {one.form!r}. "
                "Get the file again: `fer-bench data add challenge_lists` fetches it."
            )
        entries.append(ListedFace(match["stem"], int(match["label"])))
    if not entries:
        raise FerBenchError(
            f"{which}/{one.file} is empty. Get the file again: `fer-bench data add "
            "challenge_lists` fetches it."
        )
    return entries


RECEIVABLE = ChallengeLists()
