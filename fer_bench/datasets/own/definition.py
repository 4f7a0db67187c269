"""`benchmarks/<name>/source.yaml`: what is said of a set of one's own, validated strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, field_validator

from fer_bench.errors import FerBenchError, nearest
from fer_bench.files import read_yaml, write_text, yaml_text
from fer_bench.labels import EIGHT, SEVEN

IGNORE = "ignore"
"""What a class is mapped to whose faces are left out."""

HEADER = """\
# {name}: photographs of our own. Written by `fer-bench data add`, for git; edit it as you like.
# labels: which expression each class is ({expressions}),
#   or ignore, which leaves its faces out. protocol: split, folds or test (only tested on).
# splits: given (yours), or hash (made here, by person where known). Further keys, where they are
# needed: docs/add_a_dataset.md. After an edit: `fer-bench data remove {name}`, then add it again.
"""

Role = Literal[
    "image", "label", "split", "subject", "fold", "box", "left", "top", "right", "bottom", "width",
    "height",
]  # fmt: skip
Word = Annotated[str, BeforeValidator(lambda key: str(key) if isinstance(key, int) else key)]


class Definition(BaseModel):
    """What a set of one's own is.

    Attributes:
        title: what a reader sees.
        licence: on what terms the pictures are held.
        homepage: a link, if there is one.
        protocol: as of a `Dataset`; None until it is added, then as its splits and folds say.
        splits: whether `given` with the pictures, or made here by `hash`; None until it is added.
        labels: each class as it is spelt there -> an expression, `ignore`, or None where that is
            still to be said.
        columns: the columns of lists by what they hold, where their names do not tell.
        box: what the numbers of a single box column are: `xyxy` (left, top, right, bottom) or
            `xywh` (left, top, width, height).
        person: a regular expression whose first group is the person in an image's path.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    title: str
    licence: str = "not stated"
    homepage: str = ""
    protocol: Literal["split", "folds", "test"] | None = None
    splits: Literal["given", "hash"] | None = None
    labels: dict[Word, str | None] = {}
    columns: dict[Role, str] = {}
    box: Literal["xyxy", "xywh"] | None = None
    person: str | None = None

    @field_validator("labels")
    @classmethod
    def _are_expressions(cls, labels: dict[str, str | None]) -> dict[str, str | None]:
        for name, label in labels.items():
            if label is not None and label not in (*EIGHT, IGNORE):
                raise ValueError(f"{name}: {label!r}; {nearest(label, (*EIGHT, IGNORE))}")
        return labels

    @field_validator("person")
    @classmethod
    def _has_a_group(cls, pattern: str | None) -> str | None:
        try:
            if pattern is not None and re.compile(pattern).groups != 1:
                raise ValueError("needs one group, in brackets, e.g. '([a-z]+)_[0-9]+'")
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from error
        return pattern

    @property
    def classes(self) -> tuple[str, ...]:
        """Its expressions, in their one order; those of the suite where it is only tested on."""
        mapped = set(self.labels.values()) & set(EIGHT)
        if self.protocol == "test":
            return EIGHT if EIGHT[-1] in mapped else SEVEN
        return tuple(name for name in EIGHT if name in mapped)

    @property
    def column_names(self) -> dict[str, str]:
        """`columns`, by plain names of roles."""
        return {str(role): column for role, column in self.columns.items()}

    @property
    def decides(self) -> dict[str, Any]:
        """What decides which faces there are, and what they are; the rest is words."""
        return self.model_dump(exclude={"title", "licence", "homepage"})


def path_of(root: Path, name: str) -> Path:
    """Where a set's definition stands: `<root>/<name>/source.yaml`."""
    return root / name / "source.yaml"


def read(path: Path) -> Definition:
    """Read and validate a definition; raises FerBenchError naming each wrong key."""
    try:
        return Definition.model_validate(read_yaml(path))
    except ValidationError as error:
        lines = [_explain(dict(item)) for item in error.errors()]
        raise FerBenchError(f"{path}:\n  " + "\n  ".join(lines)) from error


def write(path: Path, name: str, definition: Definition) -> None:
    """Write a definition, whole or not at all."""
    said = definition.model_dump(exclude_none=False)
    optional = ("homepage", "columns", "box", "person")
    said = {key: value for key, value in said.items() if value or key not in optional}
    head = HEADER.format(name=name, expressions=" ".join(EIGHT))
    write_text(path, head + yaml_text(said))


def _explain(item: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in item["loc"]) or "the file"
    if item["type"] == "extra_forbidden":
        return f"{where}: unknown key; {nearest(str(item['loc'][-1]), Definition.model_fields)}"
    if item["type"] == "missing":
        return f"{where}: missing"
    return f"{where}: {item['msg'].removeprefix('Value error, ')}"
