"""Comparing two models in a real browser."""

from __future__ import annotations

from shown import Opener


def test_a_deep_link_compares_two_models(opened: Opener) -> None:
    page = opened("compare.html#a=scan_cci&b=baseline1&track=synthetic")
    assert page.get_by_label("Model A").input_value() == "scan_cci"
    assert page.get_by_label("Model B").input_value() == "baseline1"
    pair = page.locator(".pair")
    assert pair.count() == 1
    text = pair.inner_text()
    assert "Too few seeds for a verdict on the models." in text  # three of each
    assert "p, not corrected: this one pair" in text
    assert "McNemar" in text
    difference = pair.locator(".sides").nth(1).locator(".num").inner_text()
    assert difference.startswith("+")
    page.get_by_role("button", name="Swap A and B").click()
    assert "a=baseline1&b=scan_cci" in page.url
    assert "Too few seeds for a verdict on the models." in pair.inner_text()
    swapped = pair.locator(".sides").nth(1).locator(".num").inner_text()
    mean, low, _, high = difference.split()
    turned = {"+": "−", "−": "+"}
    expected = [turned[v[0]] + v[1:] for v in (mean, high, low)]
    assert swapped.split() == [expected[0], expected[1], "to", expected[2]]


def test_compare_shows_every_common_track_and_says_what_was_not_tested(opened: Opener) -> None:
    page = opened("compare.html#a=scan_cci&b=twin_a")
    titles = page.locator(".pair h2").all_inner_texts()
    assert len(titles) == 2
    assert "Not tested" in page.locator(".pair").nth(1).inner_text()
    page.get_by_label("Model B").select_option("baseline3")
    assert page.locator(".pair").count() == 1
    assert page.locator("[role=status]").inner_text() == "One common track."
    page.get_by_label("Model A").select_option("baseline3")
    assert page.locator("[role=status]").inner_text() == "Choose two different models."
