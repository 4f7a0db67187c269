"""Names of rows: a model or variant, or one of them started from another dataset's cell."""

from __future__ import annotations

JOINT = "_from_"
REFERENCE = "scan_cci"
"""With which rows of one's own are compared, unless params.yaml names another."""
MOST_SEED = 2**31 - 1
"""Of a cell: what every random generator and table takes."""


def transferred(model: str, source: str) -> str:
    """The name of `model`'s row when it starts from its cell on the dataset `source`."""
    return f"{model}{JOINT}{source}"


def split_transferred(row: str) -> tuple[str, str | None]:
    """A row's model and the dataset it starts from, None for a row that is not transferred.

    >>> split_transferred("scan_cci_from_affectnet7_rafdb")
    ('scan_cci', 'affectnet7_rafdb')
    """
    model, joint, source = row.partition(JOINT)
    return model, source if joint else None
