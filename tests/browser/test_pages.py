"""The leaderboard in a real browser: ranks, sorting, filters, search, reported numbers."""

from __future__ import annotations

import made_board
import pytest
from shown import MEASURED, REPORTED, Opener, choose, head, models


def test_ranks_by_the_last_epoch_and_ties_share_a_rank(opened: Opener) -> None:
    page = opened()
    assert models(page)[0] in ("scan_cci", "scan_cci_shared")
    ranks = page.locator(f"{MEASURED} tbody td.rank").all_inner_texts()
    names = models(page)
    assert [int(r) for r in ranks] == sorted(int(r) for r in ranks)
    first = names.index("twin_a")
    assert names[first + 1] == "twin_b"
    assert ranks[first] == ranks[first + 1]
    assert int(ranks[first + 2]) == int(ranks[first]) + 2


def test_sorts_by_a_column_both_ways_and_says_so(opened: Opener) -> None:
    page = opened()
    ranked = models(page)
    column = head(page, "Parameters")
    column.locator("button").click()
    assert column.get_attribute("aria-sort") == "descending"
    assert head(page, "Rank").get_attribute("aria-sort") is None
    falling = models(page)
    assert falling[0] == max(ranked, key=len)  # the invented parameters grow with the name
    column.locator("button").click()
    assert column.get_attribute("aria-sort") == "ascending"
    assert models(page)[-1] == falling[0]
    head(page, "Model").locator("button").click()
    places = [models(page).index(m) for m in ("baseline1", "scan_cci", "twin_a", "twin_b")]
    assert places == sorted(places)
    assert models(page) != ranked
    head(page, "Rank").locator("button").click()
    assert models(page) == ranked


def test_a_missing_number_sorts_last_both_ways(opened: Opener) -> None:
    page = opened()
    for direction in ("descending", "ascending"):
        head(page, "Corrupted").locator("button").click()
        assert head(page, "Corrupted").get_attribute("aria-sort") == direction
        assert models(page)[0] == "scan_cci"  # the only one whose robustness was measured


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("pretraining", "nothing", {"baseline1"}),
        ("extra", "synthetic_masked", {"scan_cci_from_synthetic_masked"}),
        ("backbone", "resnet50", set()),
        ("year", "not stated", {"baseline1", "baseline_identity"}),
    ],
)
def test_filters_and_counts_aloud(
    opened: Opener, name: str, value: str, expected: set[str]
) -> None:
    page = opened()
    choose(page, name, value)
    assert set(models(page)) == expected
    count = page.locator("[role=status]")
    assert count.get_attribute("aria-live") == "polite"
    assert count.inner_text() == f"Showing {len(expected)} of 8 measured models."
    assert page.locator("section:not([hidden]) > .nothing").is_visible() == (not expected)
    assert f"{name}=" in page.url
    page.get_by_role("button", name="Reset").click()
    assert len(models(page)) == 8


def test_searches_names_and_sources(opened: Opener) -> None:
    page = opened()
    box = page.get_by_role("searchbox", name="Search")
    box.fill("SHARED cci")
    assert models(page) == ["scan_cci_shared"]
    choose(page, "track", "rafdb")
    box.fill("a repository")
    assert models(page, REPORTED) == ["Some Net"]


def test_reported_numbers_stand_apart_and_are_never_ranked(opened: Opener) -> None:
    page = opened("index.html#track=rafdb")
    assert set(models(page)) == {"baseline3", "scan_cci"}
    assert set(models(page, REPORTED)) == {"Some Net", "<script>alert(1)</script>"}
    section = page.locator(REPORTED)
    assert "Reported, not run here" in section.locator("h3").inner_text()
    assert "chosen on the test set" in section.inner_text()
    assert section.locator("thead th", has_text="Rank").count() == 0
    assert section.locator(".chip", has_text="reported").count() == 2
    assert section.get_by_text("recalled, check before citing").count() == 1
    stripes = section.evaluate("e => getComputedStyle(e).backgroundImage")
    assert "repeating-linear-gradient" in stripes
    choose(page, "kind", "measured")
    assert models(page, REPORTED) == []
    choose(page, "kind", "reported")
    assert models(page) == []
    assert len(models(page, REPORTED)) == 2


def test_reported_numbers_are_filtered_by_their_evidence(opened: Opener) -> None:
    page = opened("index.html#track=rafdb")
    measured = models(page)
    for evidence, expected in (("verified", {"Some Net"}), ("disputed", set())):
        choose(page, "evidence", evidence)
        assert set(models(page, REPORTED)) == expected
        assert models(page) == measured
        assert f"evidence={evidence}" in page.url
    page.get_by_role("button", name="Reset").click()
    assert len(models(page, REPORTED)) == 2


def test_a_dataset_nobody_measured_shows_what_is_reported(opened: Opener) -> None:
    page = opened("index.html#track=affectnet8")
    assert "Nothing was measured on these faces here." in page.locator("main").inner_text()
    assert len(models(page, REPORTED)) == 2
    assert not page.locator("fieldset.tabs").is_visible()


def test_selections_are_tracks_and_the_optimistic_one_says_so(opened: Opener) -> None:
    page = opened()
    page.get_by_role("radio", name="best_on_test").check()
    shown = page.locator(MEASURED)
    assert "chosen on the test set, too optimistic" in shown.locator("h3").inner_text()
    assert head(page, "Rank by last").count() == 1
    assert "selection=best_on_test" in page.url
    choose(page, "track", "synthetic:synthetic_masked")
    assert "last epoch" in page.locator(MEASURED).locator("h3").inner_text()


def test_intervals_are_drawn_and_written(opened: Opener) -> None:
    page = opened()
    row = page.locator(f"{MEASURED} tbody tr").first
    low, high = row.locator("td.ends").inner_text().split(" to ")
    mean = float(row.locator("td.main").inner_text().split()[0])
    assert float(low) < mean < float(high)
    box = row.locator("svg.bar").bounding_box()
    dot = row.locator("svg.bar .dot").bounding_box()
    line = row.locator("svg.bar .range").bounding_box()
    assert box["x"] <= line["x"] < dot["x"] + dot["width"] / 2 < line["x"] + line["width"]
    assert line["x"] + line["width"] <= box["x"] + box["width"] + 1


def test_warnings_are_seen(opened: Opener) -> None:
    page = opened("index.html#track=rafdb")
    text = page.locator("section.board:not([hidden])").inner_text()
    assert "Measured elsewhere" in text
    assert "Partial: images of rafdb are missing" in text
    assert page.locator(f"{MEASURED} .chip", has_text="partial data").count() == 2


def test_the_link_to_a_model_opens_its_page(opened: Opener) -> None:
    page = opened()
    page.locator(MEASURED).get_by_role("link", name="scan_cci", exact=True).click()
    assert page.url.endswith("models/scan_cci.html")
    assert page.locator("h1").inner_text() == "scan_cci"
    text = page.locator("main").inner_text()
    for words in ("Confusion matrices", "Robustness", "Explanations", "Some CPU, 2 cores",
                  "Possible overlap with test faces", "Licence notes",
                  "dvc --wait-for-lock repro benchmarks/synthetic/dvc.yaml:score@scan_cci-0",
                  "git log -- results/scores/synthetic/scan_cci"):  # fmt: skip
        assert words in text
    assert page.locator("svg.curve").count() == len(made_board.CORRUPTIONS)


def test_a_script_in_a_name_stays_text(opened: Opener) -> None:
    page = opened()
    assert made_board.EVIL in models(page)
    assert page.title() == "Leaderboard · fer_bench"
    page.locator(MEASURED).get_by_role("link", name=made_board.EVIL).click()
    assert page.locator("h1").inner_text() == made_board.EVIL
    assert page.title() == f"{made_board.EVIL} · fer_bench"
    page = opened("compare.html")
    page.get_by_label("Model A").select_option(made_board.EVIL)
    page.get_by_label("Model B").select_option("scan_cci")
    assert made_board.EVIL in page.locator(".pair").first.inner_text()
    assert page.locator("script").count() == 2  # page.js and the data
    page = opened("index.html#track=rafdb")
    assert page.locator(f"{REPORTED} b", has_text="not bold").count() == 0
    assert "<b>not bold</b>" in page.locator(REPORTED).inner_text()
