"""File names and anchors that any model name can take."""

from __future__ import annotations

import hashlib
import re


def page_of(model: str) -> str:
    """The model page's file name.

    Names made as the project asks (`[a-z0-9_]`) stay; others, which could reach outside the folder
    or clash where case does not count, get a hash.
    """
    if re.fullmatch(r"[a-z0-9_]{1,100}", model):
        return f"{model}.html"
    plain = re.sub(r"[^a-z0-9_]+", "-", model.lower()).strip("-")[:60]
    return f"{plain}-{hashlib.sha256(model.encode()).hexdigest()[:8]}.html"


def anchor(*names: str) -> str:
    """An HTML id."""
    return "-".join(re.sub(r"[^a-z0-9_]+", "-", name.lower()) for name in names)
