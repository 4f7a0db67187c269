"""Comparisons as tables, CSV, JSON and plain text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from compared_rows import part, row

from fer_bench.errors import FerBenchError
from fer_bench.reports.compare.blocks import OTHER_MACHINES, STRANGERS, written
from fer_bench.reports.compare.in_words import compare_text
from fer_bench.reports.compare.same_faces import (
    judged,
    labels_of,
    left_out,
    row_intervals,
    row_key,
    subset_gap,
)
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.statistics.corrections import MARGIN
from fer_bench.statistics.wording import Judged, sentence

GOOD, BAD = "synthetic/good", "synthetic/bad"
PAIR = (GOOD, BAD)


def rows(n: int = 400, seeds: int = 2) -> list[Row]:
    """`good` is wrong on 40 faces, `bad` on these and 40 more, `twin` on others than `good`."""
    return [
        row("good", [{"all": part(range(40), n, "faces")}] * seeds),
        row("bad", [{"all": part(range(80), n, "faces")}] * seeds),
        row("twin", [{"all": part(range(n - 40, n), n, "faces")}] * seeds),
        row("old", [{"all": part(range(40), n, None)}] * seeds),
        row("elsewhere", [{"all": part(range(40), n, "other faces")}] * seeds),
    ]


def every_pair(rows, set_, pairs=None, cache=None) -> list[Judged]:
    return judged(rows, set_, "all", pairs, MARGIN, cache)


def compared(rows, pairs, set_, part="all", labels=None) -> list[str]:
    found = judged(rows, set_, part, pairs, MARGIN, None, "the {} of Table 7")
    return written(found, rows, pairs, set_, part, labels=labels)


class TestTable:
    def test_a_pair_worked_by_hand(self) -> None:
        heading, table, power, explanation, said, strangers = compared(rows(), [PAIR], "synthetic")
        assert heading == "### Compared on the same faces (synthetic)"
        cells = [cell.strip() for cell in table.splitlines()[2].strip("|").split("|")]
        # 40 of 400 faces differ, all one way: 10 points, exact p 2 * 0.5 ** 40.
        assert cells[:5] == ["good − bad", "400", "–", "2", "10.0"]
        low, high = map(float, cells[5].split(" to "))
        assert low == pytest.approx(10 - 196 * (0.09 / 400) ** 0.5, abs=0.3)
        assert high == pytest.approx(10 + 196 * (0.09 / 400) ** 0.5, abs=0.3)
        assert cells[6:] == [
            "< 0.001, < 0.001", "< 0.001", "< 0.001", "12.5",
            "these networks differ by +10.0; too few seeds for a verdict on the models",
        ]  # fmt: skip
        assert "corrected for the 1 pair of Table 7" in explanation
        assert power.startswith("With 80 % power these pairs could have shown ")
        assert said.count("With 2 seeds (fewer than 5)") == 1
        assert strangers == STRANGERS
        assert "- On these 400 faces these trained networks of good score higher" in said
        assert said.count("not about training again") == 1  # said once for all pairs

    def test_labels_and_order_are_the_tables(self) -> None:
        labels = {GOOD: "Good | ours", BAD: "Bad"}
        blocks = compared(rows(seeds=5), [(BAD, GOOD)], "synthetic", labels=labels)
        assert "| Bad − Good \\| ours" in blocks[1]
        assert "−10.0" in blocks[1]
        assert "Good \\| ours is better" in blocks[1]
        assert "Good \\| ours" in blocks[4]

    def test_five_seeds_are_over_faces_and_seeds(self) -> None:
        _, table, _, _, said, _ = compared(rows(seeds=5), [PAIR], "synthetic")
        assert "*" in table.splitlines()[2]
        assert "fewer than 5" not in said
        assert said.splitlines()[2].startswith(
            "- good is better than bad by 10.0 points of accuracy"
        )
        assert "over 400 faces and 5 seeds" in said

    def test_holm_is_over_the_pairs_given(self) -> None:
        # 12 faces against none favour `near`: McNemar's p is 2 * 0.5 ** 12 = 0.0005.
        near = row("near", [{"all": part(range(12, 40), 400, "faces")}])
        found = rows(seeds=1)[:3]
        pairs = [("synthetic/near", GOOD), PAIR, (GOOD, "synthetic/twin")]
        exact, _, last = every_pair([*found, near], "synthetic", pairs)
        p = exact.comparison.main.p
        assert exact.comparison.mcnemar[0].p == pytest.approx(2 * 0.5**12)
        assert 2 * 0.5**12 <= p < 0.002
        assert exact.holm_p == pytest.approx(2 * p)  # the second smallest of three
        assert exact.pairs == 3
        assert last.holm_p == 1
        (alone,) = every_pair([*found, near], "synthetic", pairs[:1])
        assert alone.holm_p == alone.comparison.main.p

    def test_pairs_that_share_no_faces_are_explained(self) -> None:
        pairs = [(GOOD, "synthetic/old"), (GOOD, "synthetic/elsewhere"), ("synthetic/x", GOOD)]
        blocks = compared(rows(), pairs, "synthetic", labels={GOOD: "Good|"})
        assert blocks[1:] == [
            "Not compared, scores without single answers (an earlier version made them: score "
            "again): Good\\| and old.",
            "Not compared, scored on different faces: Good\\| and elsewhere.",
        ]

    def test_nothing_measured_is_nothing_said(self) -> None:
        assert compared(rows(), [], "synthetic") == []
        assert compared(rows(), [("synthetic/x", GOOD)], "synthetic") == []
        assert compared(rows(), [PAIR], "synthetic_masked") == []
        assert compared(rows(), [PAIR], "synthetic", "occluded") == []

    def test_pairs_from_different_machines_are_marked(self) -> None:
        def trained(**other: str) -> list[Row]:
            good, bad = rows()[:2]
            here = {"torch": "2.14.1", "numpy": "2.4.6", "processor": "a CPU", "threads": "1"}
            made = []
            for one, said in ((good, here), (bad, here | other)):
                cells = [replace(c, training=replace(c.training, environment=said))
                         for c in one.cells]  # fmt: skip
                made.append(replace(one, cells=tuple(cells)))
            return made

        assert OTHER_MACHINES not in str(compared(trained(), [PAIR], "synthetic"))
        assert OTHER_MACHINES not in str(compared(trained(threads="4"), [PAIR], "synthetic"))
        for key in ("processor", "torch", "numpy"):
            apart = trained(**{key: "another"})
            text = "\n".join(compared(apart, [PAIR], "synthetic"))
            assert f"{OTHER_MACHINES} good − bad ({key} " in text
            assert OTHER_MACHINES in compare_text(Scores(apart), "synthetic", "good", "bad")

    def test_parts_and_sets_are_named(self) -> None:
        found = [
            row(name, [{"all": part([], 400, "x"), "pose_gt_30": part(range(k), 60, "faces")}])
            for name, k in (("good", 6), ("bad", 30))
        ]
        blocks = compared(found, [PAIR], "synthetic", "pose_gt_30")
        assert blocks[0] == "### Compared on the same faces (synthetic, pose > 30° faces)"
        assert "|      60 |" in blocks[1]


class TestEveryPair:
    def test_pairs_are_made_inside_tracks(self) -> None:
        found = every_pair(rows(), "synthetic")
        compared = [p.comparison for p in found]
        assert [(c.one, c.other) for c in compared] == [
            PAIR, (GOOD, "synthetic/twin"), (BAD, "synthetic/twin"),
        ]  # fmt: skip
        test = compared[0].mcnemar[1]
        assert (test.seed, test.one_only, test.other_only) == (1, 40, 0)
        assert test.p == pytest.approx(2 * 0.5**40)
        assert [p.verdict for p in found] == ["too_few_seeds"] * 3
        assert [p.of_networks for p in found] == ["better", "undecided", "worse"]
        assert [c.differing for c in compared] == [40, 80, 120]
        assert not any(c.both for c in compared)
        assert sentence(found[0], "good", "bad").count("not about training again") == 1

    def test_old_and_other_scores_are_named(self) -> None:
        assert left_out(rows(), "synthetic") == [
            "Not compared, scores without single answers (an earlier version made them: score "
            "again): old.",
            "Compared among themselves only, scored on other faces than the rest: elsewhere.",
        ]
        assert left_out(rows()[:2], "synthetic") == []

    def test_rows_of_several_datasets_are_told_apart(self) -> None:
        found = [
            row("good", [{"all": part(range(k), 400, "faces")}], dataset=name, set_="fedro")
            for name, k in (("rafdb", 40), ("synthetic", 80))
        ]
        (pair,) = every_pair(found, "fedro")
        called = labels_of(found)
        assert [called[name] for name in (pair.comparison.one, pair.comparison.other)] == [
            "good (rafdb)", "good (synthetic)",
        ]  # fmt: skip
        assert pair.comparison.difference == pytest.approx(0.1)

    def test_the_cache_changes_nothing(self, tmp_path: Path) -> None:
        fresh = every_pair(rows(), "synthetic")
        for _ in range(2):
            assert every_pair(rows(), "synthetic", cache=tmp_path) == fresh
        assert len(list(tmp_path.iterdir())) == 1


def test_intervals_of_rows_come_by_key() -> None:
    found = row_intervals(rows(), "synthetic")
    assert set(found) == {GOOD, BAD, "synthetic/twin", "synthetic/elsewhere"}
    accuracy = found[GOOD]["accuracy"]
    assert accuracy["mean"] == 0.9
    assert accuracy["low"] == pytest.approx(0.9 - 1.96 * (0.09 / 400) ** 0.5, abs=0.004)
    assert row_key(rows()[0]) == GOOD


class TestSubsetGap:
    def test_by_hand(self) -> None:
        # All: 200 neutral (40 wrong) and 200 happy. Occluded: 60 neutral (30 wrong), 20 happy.
        whole, some = part(range(40), 400, "faces"), part(range(30), 80, "covered", happy=20)
        gap = subset_gap(row("m", [{"all": whole, "occluded": some}]), "synthetic", "occluded")
        assert gap is not None
        assert gap["part"] == "occluded"
        assert gap["accuracy"] == pytest.approx(50 / 80)
        assert gap["reweighted"] == pytest.approx(0.5 * 0.5 + 0.5)
        assert gap["gap"] == pytest.approx(0.75 - 0.9)
        assert gap["low"] < gap["gap"] < gap["high"] < 0
        assert gap["missing"] == gap["thin"] == []
        assert "m: on the 80 occluded faces accuracy is 15.0 points lower" in gap["sentence"]

    def test_where_nothing_can_be_said(self) -> None:
        old = row("m", [{"all": part([], 400, None), "occluded": part([], 80, None)}])
        assert subset_gap(old, "synthetic", "occluded") is None
        assert subset_gap(rows()[0], "synthetic", "occluded") is None
        more = row("m", [{"all": part([], 40, "x"), "occluded": part([1], 80, "y")}])
        assert subset_gap(more, "synthetic", "occluded") is None


class TestText:
    def test_says_it_in_words_and_numbers(self) -> None:
        text = compare_text(Scores(rows(seeds=5)), "synthetic", "good", "bad")
        assert text.splitlines()[0].startswith("good is better than bad by 10.0 points")
        assert "set synthetic, part all: 400 faces, people not known; seeds 0 1 2 3 4" in text
        assert "p < 0.001, not corrected" in text
        assert "interval over faces and seeds" in text
        assert "seed 2: only good right on 40, only bad right on 0 faces; p < 0.001" in text
        assert "Verdict: good is better." in text
        two = compare_text(Scores(rows()), "synthetic", "good", "bad")
        assert "Verdict: these networks differ by +10.0; too few seeds for a verdict on the" in two
        again = compare_text(Scores(rows(seeds=1)), "synthetic", "good", "twin", margin=0.2)
        assert "equivalent within 20 points" in again
        assert "faces and seeds" not in again

    @pytest.mark.parametrize(
        ("asked", "options", "said"),
        [
            (("synthetik", "good", "bad"), {}, "nothing trained on 'synthetik'.*'synthetic'"),
            (("synthetic", "godo", "bad"), {}, "'godo' was not measured on synthetic.*'good'"),
            (("synthetic", "good", "good"), {}, "named twice"),
            (("synthetic", "good", "bad"), {"set_": "fedro"}, "not scored on 'fedro'.*synthetic"),
            (("synthetic", "good", "bad"), {"part": "occl"}, "no part 'occl' of synthetic"),
            (("synthetic", "good", "old"), {}, "without single answers.*good and old"),
            (("synthetic", "good", "elsewhere"), {}, "different faces: good and elsewhere"),
        ],
    )
    def test_what_cannot_be_compared_is_explained(self, asked, options, said) -> None:
        with pytest.raises(FerBenchError, match=said):
            compare_text(Scores(rows()), *asked, **options)

    def test_nothing_measured(self) -> None:
        with pytest.raises(FerBenchError, match="fer-bench sweep"):
            compare_text(Scores([]), "synthetic", "good", "bad")
