"""The version of the rules by which numbers are made: `docs/protocol.md`, and nowhere else."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fer_bench.errors import FerBenchError

FILE = Path("docs/protocol.md")
_RULES = re.compile(r"<!-- rules -->(.*)<!-- /rules -->", re.DOTALL)
_VERSION = re.compile(r"^\*\*Version (\d+)\*\*$", re.MULTILINE)
_LISTED = re.compile(r"^\| *(\d+) *\| *`(\w*)` *\| *(\d+) *\|", re.MULTILINE)


@dataclass(frozen=True)
class Protocol:
    """What a score says of the rules it was made by.

    Attributes:
        version: of the rules.
        sha256: of their words.
        since: the oldest version whose numbers compare with those made by these; None: itself.
    """

    version: int
    sha256: str
    since: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As it stands in specs and scores."""
        return asdict(self)


def read_protocol(file: Path = FILE) -> Protocol:
    """The rules' version and hash.

    Raises:
        FerBenchError: there are no rules, or they are not those that their version stands for.
    """
    if not file.is_file():
        raise FerBenchError(f"{file} is missing: run fer-bench in the project's folder")
    text = file.read_text(encoding="utf-8")
    rules = _RULES.search(text)
    version = _VERSION.search(rules[1]) if rules else None
    if rules is None or version is None:
        raise FerBenchError(
            f"{file} holds no rules: they stand between <!-- rules --> and <!-- /rules -->, with a "
            "line **Version N**; restore it with git"
        )
    listed = {int(number): (digest, int(since)) for number, digest, since in _LISTED.findall(text)}
    known, since = listed.get(int(version[1]), (None, None))
    found = Protocol(int(version[1]), _hash(rules[1]), since)
    if known != found.sha256:
        said = f"are listed with the hash {known[:12]}..." if known else "are not listed"
        raise FerBenchError(
            f"{file}: the rules of version {found.version} {said}, but these have "
            f"{found.sha256}; a changed rule is a new version: raise the number in the rules and "
            "list it with its hash, and since which version numbers compare, under Versions"
        )
    return found


def _hash(rules: str) -> str:
    return hashlib.sha256(" ".join(rules.split()).encode()).hexdigest()
