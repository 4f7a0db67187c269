"""Who can read the pages: by keyboard, on a phone, in the dark, on paper, without scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from shown import MEASURED, PAGES, Opener, head, models


def test_by_keyboard_alone(opened: Opener) -> None:
    page = opened()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    assert skip.evaluate("e => e === document.activeElement")
    page.keyboard.press("Enter")
    assert page.locator("#main").evaluate("e => e === document.activeElement")
    page.keyboard.press("Tab")  # the link to the compare page
    page.keyboard.press("Tab")
    focused = "document.activeElement.name"
    assert page.evaluate(focused) == "track"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "selection"
    page.keyboard.press("ArrowRight")
    assert "validation faces" in page.locator(MEASURED).locator("h3").inner_text()
    page.keyboard.press("Tab")
    page.keyboard.type("twin_b")
    assert models(page) == ["twin_b"]
    head(page, "Accuracy").locator("button").focus()
    outline = head(page, "Accuracy").locator("button")
    page.keyboard.press("Enter")
    assert head(page, "Accuracy").get_attribute("aria-sort") == "descending"
    assert outline.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"


def test_every_control_and_table_has_a_name(opened: Opener) -> None:
    for address in PAGES:
        page = opened(address)
        nameless = page.evaluate(
            """() => [...document.querySelectorAll('select, input, button')].filter(e =>
                 !(e.labels && e.labels.length) && !e.textContent.trim()).map(e => e.outerHTML)"""
        )
        assert nameless == []
        assert page.locator("table:not(:has(caption))").count() == 0
        assert page.locator("thead th:not([scope])").count() == 0
        assert page.locator("h1").count() == 1
        assert page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_page_scrolls_sideways(opened: Opener, address: str, width: int) -> None:
    page = opened(address, width=width)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_rows_are_cards_and_wide_tables_say_that_they_scroll(opened: Opener) -> None:
    page = opened(width=360)
    row = page.locator(f"{MEASURED} tbody tr").first
    assert row.bounding_box()["height"] > 100
    assert row.bounding_box()["width"] <= 360
    page.locator(".filters summary").click()
    page.get_by_label("Sort by").select_option(label="Parameters")
    assert models(page)[0] == max(models(page), key=len)
    page.get_by_label("Sort by").select_option(label="Rank")
    assert page.locator(f"{MEASURED} td.rank").first.inner_text().split()[-1] == "1"
    page = opened("models/scan_cci.html", width=360)
    box = page.locator(".box:has(table.confusion)").first
    assert box.evaluate("e => e.scrollWidth > e.clientWidth")
    hint = box.evaluate("e => getComputedStyle(e, '::before').content")
    assert "Scroll sideways" in hint
    assert box.get_attribute("tabindex") == "0"


LUMINANCE = """e => {
  const rgb = (c) => { const x = document.createElement('canvas').getContext('2d');
    x.fillStyle = c; x.fillRect(0, 0, 1, 1); return [...x.getImageData(0, 0, 1, 1).data]; };
  const light = (c) => { const [r, g, b] = rgb(c).map((v) => { v /= 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  let back = e;
  while (back && rgb(getComputedStyle(back).backgroundColor)[3] < 255) back = back.parentElement;
  return [light(getComputedStyle(e).color), light(getComputedStyle(back).backgroundColor)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_text_is_readable_in_both_themes(opened: Opener, address: str, scheme: str) -> None:
    """WCAG AA: 4.5 to 1 for text."""
    page = opened(address, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    back = page.locator("body").evaluate(LUMINANCE)[1]
    assert (back < 0.05) if scheme == "dark" else (back > 0.9)
    for selector in ("p", "a", "td", "th", "caption", ".sd", ".chip", ".note", "label", "summary",
                     "small", "button", "dt", ".warnings", "h2", ".tabs input:checked + span",
                     ".confusion td.hit", ".tick"):  # fmt: skip
        for spot in page.locator(selector).locator("visible=true").all()[:12]:
            one, other = sorted(spot.evaluate(LUMINANCE))
            assert (other + 0.05) / (one + 0.05) >= 4.5, (selector, spot.inner_text())


def test_the_theme_is_switched_and_kept(opened: Opener) -> None:
    page = opened(color_scheme="light")
    button = page.locator("button.theme")
    assert button.inner_text() == "Theme: system"
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    button.click()
    assert (button.inner_text(), page.evaluate(ground)) == ("Theme: light", light)
    button.click()
    assert button.inner_text() == "Theme: dark"
    assert page.evaluate(ground) != light
    page.reload()
    assert page.locator("button.theme").inner_text() == "Theme: dark"
    assert page.evaluate(ground) != light


def test_prints_black_on_white_with_everything_open(opened: Opener, tmp_path: Path) -> None:
    page = opened("models/scan_cci.html", color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert not page.locator("button.theme").is_visible()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.pdf(path=tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    page = opened("compare.html#a=scan_cci&b=baseline1")
    page.emulate_media(media="print")
    assert page.locator(".pair").first.is_visible()
    assert not page.locator("form.controls").is_visible()


def test_everything_is_there_without_javascript(opened: Opener) -> None:
    page = opened(java_script_enabled=False)
    assert page.locator("section.board:visible").count() == 4
    assert page.locator("section.track:visible").count() == 7
    assert page.locator("section.reported:visible").count() == 2
    assert not page.locator("form.controls").is_visible()
    page.get_by_role("link", name="RAF-DB").first.click()
    page = opened("models/scan_cci.html", java_script_enabled=False)
    assert page.locator("table.confusion").first.is_visible()
    page = opened("compare.html", java_script_enabled=False)
    assert "This page needs JavaScript" in page.locator("main").inner_text()
