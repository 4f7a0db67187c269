"""Who is in which split, which faces no detector found, and how masks were put on."""

from __future__ import annotations

from itertools import combinations

import pandas as pd

from fer_bench.audit.section import AuditedFaces, Section, plural, share, table
from fer_bench.labels import Expression

MUCH = 0.05
"""A person with a larger share of a class is counted in the audit."""


def people_section(faces: AuditedFaces) -> Section:
    """Persons who stand in more than one split or fold."""
    known = faces.rows["subject"].notna()
    if not known.any():
        return Section("People", "Who is shown is not published, so whether a person stands in "
                       "several splits cannot be seen.")  # fmt: skip
    rows = faces.rows[known].assign(place=faces.places)
    places = rows.groupby("subject")["place"].agg(frozenset)
    several = places[places.map(len) > 1]
    text = [f"{plural(len(places), 'person', 'people')} in {plural(len(rows), 'face')}."]
    if missing := int((~known).sum()):
        text.append(f"Of {plural(missing, 'face')} the person is not known.")
    what = f"two or more {faces.place}s"
    text.append(f"In {what}: {len(several):,}.")
    much = holding_much(rows if faces.folds else rows[rows["split"] == "test"])
    text += much
    if not len(several):
        return Section("People", " ".join(text), much)
    worries = (f"{share(len(several), len(places))} people stand in {what}.", *much)
    if faces.folds:
        return Section("People", " ".join(text), worries)
    body = []
    for one, other in combinations(faces.splits, 2):
        both = places[places.map(lambda p, a=one, b=other: a in p and b in p)].index
        theirs = rows["subject"].isin(both)
        counts = [int((theirs & (rows["place"] == split)).sum()) for split in (one, other)]
        body.append([f"{one} and {other}", len(both), *counts])
    head = ["in both", "people", "their faces in the first", "in the second"]
    return Section("People", " ".join(text) + "\n\n" + table(head, body), worries)


def holding_much(tested: pd.DataFrame) -> tuple[str, ...]:
    """A sentence on classes of which one person has over 5 % of the test faces; none otherwise.

    How well such a class is read is known for few people, however many faces it has.
    """
    said = []
    for _, rows in tested.groupby("label"):
        counts = rows["subject"].value_counts()
        if many := int((counts > MUCH * len(rows)).sum()):
            said.append(
                (int(counts.iloc[0]), len(rows), many, Expression(int(rows["label"].iloc[0])).name)
            )
    if not said:
        return ()
    classes = "; ".join(
        f"{name}: {plural(many, 'person', 'people')}, the most {share(most, n)}"
        for most, n, many, name in sorted(said, key=lambda one: -one[0] / one[1])
    )
    return (f"People with over {100 * MUCH:.0f} % of the test faces of a class: {classes}.",)


def detection_section(faces: AuditedFaces) -> Section:
    """Faces the detector did not find, by split and by class of the test faces."""
    rows = faces.rows
    looked = rows["pack"].map(rows.groupby("pack")["detection"].apply(lambda d: d.notna().any()))
    title, text = "Detection", []
    if skipped := list(dict.fromkeys(rows.loc[~looked, "pack"])):
        text.append(
            f"No face was looked for in {', '.join(skipped)}: the published alignment or the whole "
            "picture was taken."
        )
    rows = rows[looked]
    if not len(rows):
        return Section(title, text[0])
    unseen = rows["detection"].isna()
    text.append("Undetected faces are kept: the middle of the picture stands for them.")
    body = [_undetected(split, unseen[rows["split"] == split]) for split in faces.splits]
    test = rows["split"] == "test"
    for label in sorted(rows.loc[test, "label"].unique()):
        name = f"test, {Expression(label).name}"
        body.append(_undetected(name, unseen[test & (rows["label"] == label)]))
    text.append(table(["faces", "looked for", "not found", "%"], body))
    if "faces_found" in rows and (many := int((rows["faces_found"] > 1).sum())):
        text.append(f"In {plural(many, 'picture')} more than one face was found.")
    lost, tests = int(unseen[test].sum()), int(test.sum())
    worries = (f"{share(lost, tests)} test faces were not found by the detector.",) if lost else ()
    return Section(title, "\n\n".join(text), worries)


def _undetected(name: str, unseen: pd.Series) -> list[object]:
    percent = f"{100 * unseen.mean():.1f}" if len(unseen) else None
    return [name, len(unseen), int(unseen.sum()), percent]


def mask_section(faces: AuditedFaces) -> Section | None:
    """How the masks of a masked set were put on; None for other sets."""
    if "mask_status" not in faces.rows:
        return None
    rows = faces.rows[faces.rows["mask_status"].notna()]
    counts = rows.groupby(["mask_status", "split"]).size().unstack(fill_value=0)  # noqa: PD010
    counts = counts.reindex(columns=faces.splits, fill_value=0)
    body = [[str(status), *map(int, line)] for status, line in zip(counts.index, counts.to_numpy(),
                                                                   strict=True)]  # fmt: skip
    text = (
        "`worn`: by the face's landmarks. `worn_steep_yaw`: the face is turned by more than about "
        "30°, so that the mask's place is approximate. `centre_fallback`: no face was found, and "
        "the mask sits where an aligned face would have it.\n\n"
        "Equal faces are those whose unmasked pictures are equal."
    )
    if "worn_mean_face" in counts.index:
        text += (
            " `worn_mean_face`: 68 points were looked for and contradicted the detector's five, so "
            "that the mean face's jaw was taken."
        )
    return Section("Masks", text + "\n\n" + table(["mask", *faces.splits], body))
