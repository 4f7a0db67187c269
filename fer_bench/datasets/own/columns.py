"""Which column of somebody's list holds what, by its name or by what source.yaml says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from fer_bench.errors import FerBenchError

_NAMES: Mapping[str, str] = {
    "image": "image image_path image_file image_name img img_path path file file_name filename "
    "file_path filepath picture photo",
    "label": "label labels expression emotion class class_name classname category target",
    "split": "split usage set subset partition fold_name",
    "subject": "subject subject_id person person_id people identity participant actor user_id",
    "fold": "fold folds fold_id",
    "box": "box bbox face_box bounding_box",
}
"""What each role's column is usually called, as `_plain` writes it."""

CORNERS = ("left", "top", "right", "bottom")
SIZED = ("left", "top", "width", "height")
_BOXES = (
    (CORNERS, CORNERS),
    (CORNERS, ("x0", "y0", "x1", "y1")),
    (CORNERS, ("x1", "y1", "x2", "y2")),
    (CORNERS, ("xmin", "ymin", "xmax", "ymax")),
    (CORNERS, ("x_min", "y_min", "x_max", "y_max")),
    (SIZED, SIZED),
    (SIZED, ("x", "y", "width", "height")),
    (SIZED, ("x", "y", "w", "h")),
)
"""What four columns of a box hold, and what they are called."""


def find_columns(
    header: Sequence[str], where: str, said: Mapping[str, str], needed: Sequence[str] = ()
) -> dict[str, str]:
    """The column of each role.

    Args:
        header: the list's columns.
        where: the list, for messages.
        said: `columns` of source.yaml; a column that this list does not have is passed by.
        needed: roles without which the list is none of faces; then the answer is empty.

    Raises:
        FerBenchError: two columns may hold the image or the label, or a box is not whole.
    """
    found = {role: column for role, column in said.items() if column in header}
    plain = {_plain(column): column for column in header}
    for role, names in _NAMES.items():
        if role in found:
            continue
        matching = [column for name, column in plain.items() if name in names.split()]
        if len(matching) > 1 and role in ("image", "label"):
            raise FerBenchError(
                f"{where} has several columns that may hold the {role}: {', '.join(matching)}. Say "
                f"which in source.yaml: `columns: {{{role}: {matching[0]}}}`."
            )
        if matching:
            found[role] = matching[0]
    if any(role not in found for role in needed):
        return {}
    return _with_box(found, plain, where)


def no_columns(header: Sequence[str], where: str, role: str) -> FerBenchError:
    """The error for a list that lacks a column."""
    shown = ", ".join(header[:12]) + (", ..." if len(header) > 12 else "")
    return FerBenchError(
        f"{where} has no column that is known to hold the {role}.\n"
        f"  expected: {', '.join(_NAMES[role].split()[:6])}, ...\n"
        f"  found:    {shown or 'an empty file'}\n"
        f"Say which it is in source.yaml: `columns: {{{role}: ...}}`."
    )


def _plain(column: str) -> str:
    return re.sub(r"[\W_]+", "_", column.strip().casefold()).strip("_")


def _with_box(found: dict[str, str], plain: Mapping[str, str], where: str) -> dict[str, str]:
    """`found` with the four columns of a box; `width` and `height` alone are the image's size."""
    own = {*CORNERS, *SIZED} & found.keys()
    if "box" in found or own in ({*CORNERS}, {*SIZED}):
        return found
    if own:
        raise FerBenchError(
            f"{where}: a face's box needs left, top, right and bottom, or left, top, width and "
            f"height; source.yaml names {', '.join(sorted(own))} only."
        )
    for roles, names in _BOXES:
        if all(name in plain for name in names):
            return found | dict(zip(roles, (plain[name] for name in names), strict=True))
    return found
