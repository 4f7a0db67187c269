"""Pictures that are not, or not exactly, what their owner published."""

from __future__ import annotations

from fer_bench.audit.section import AuditedFaces, Section, plural, share

JPEG = "jpeg"
"""In the column `pixels_from`: a copy compressed by somebody."""


def copies_section(faces: AuditedFaces) -> Section | None:
    """Compressed copies, and faces that show another face's pixels; None where there are none.

    Read from the columns `pixels_from` and `other_pixels` of sources that have them.
    """
    rows, n = faces.rows, len(faces.rows)
    worries, text = [], []
    if "pixels_from" in rows and (jpeg := int((rows["pixels_from"] == JPEG).sum())):
        worries.append(f"{share(jpeg, n)} faces come from JPEG copies: not the exact pixels.")
        text.append(
            "Scores on compressed copies are near those on the originals, not equal to them, and "
            "pictures that were equal before may differ now: they are then missing among the exact "
            "duplicates."
        )
    if "other_pixels" in rows and (other := rows["other_pixels"] == True).any():  # noqa: E712
        tests = int((other & faces.test).sum())
        faulty = plural(int(other.sum()), "face")
        worries.append(f"With another face's picture: {faulty}, {tests:,} of them in test.")
        text.append("Faces with a wrong picture are kept, because the published splits have them.")
    return Section("Copies", "\n\n".join(text), tuple(worries)) if text else None
