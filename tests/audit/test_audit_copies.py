"""What the audit says of compressed copies and of faces with another face's picture."""

import pandas as pd
import pytest

from fer_bench.audit.copies import copies_section
from fer_bench.audit.section import AuditedFaces


def faces(**columns):
    rows = pd.DataFrame({"split": ["train", "train", "test", "test"], **columns})
    return AuditedFaces(rows, folds=False)


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"pixels_from": ["csv"] * 4},
        {"other_pixels": [False] * 4},
        {"other_pixels": [None] * 4, "pixels_from": [None] * 4},
    ],
)
def test_nothing_to_say(columns):
    assert copies_section(faces(**columns)) is None


def test_compressed_copies():
    section = copies_section(faces(pixels_from=["jpeg", "jpeg", "jpeg", "png"]))
    assert section.worries == (
        "3 of 4 (75.0 %) faces come from JPEG copies: not the exact pixels.",
    )
    assert "missing among the exact duplicates" in section.text


def test_faces_with_another_picture():
    section = copies_section(faces(other_pixels=[True, False, True, None]))
    assert section.worries == ("With another face's picture: 2 faces, 1 of them in test.",)
