"""The audit of the paper: its data files, its arithmetic and its page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from audit import OUT, PAPER, page
from claims import TEXT_ONLY, Claim, claims
from printed import collect, load_sizes, load_tables
from spread import deviations, leads, maxima, runs_needed, sampling_error

from fer_bench.errors import FerBenchError
from fer_bench.reports.paper import load_paper, load_said

SIZES = PAPER.parent / "paper_audit" / "sizes.csv"
TABLES = load_tables(PAPER)


def claim(words: str, tables: dict = TABLES) -> Claim:
    (found,) = [c for c in claims(tables) if words in c.says]
    return found


def values(found: Claim) -> list[float]:
    return [float(v) for v in found.values.values()]


def test_every_table_of_the_paper_is_there() -> None:
    assert list(TABLES) == [str(n) for n in range(1, 12)]
    assert {n: len(TABLES[n]) for n in ("2", "4", "5", "6")} == {"2": 30, "4": 4, "5": 18, "6": 6}


def test_one_number_is_printed_alike_in_all_tables() -> None:
    best: dict[tuple[str, str], set[str]] = {}
    for places in TABLES.values():
        for p in places:
            if p.model.split("_from_")[0] == "scan_cci" and p.statistic == "max":
                if p.dataset == "affectnet7" and p.set != "affectnet7":
                    continue  # cross-evaluation
                if "Pre-trained" in p.row:
                    continue
                best.setdefault((p.set, p.subset), set()).add(p.printed)
    assert all(len(printed) == 1 for printed in best.values())


@pytest.mark.parametrize(
    ("words", "low", "high", "verdict"),
    [
        ("minimum of around 9%", 7.28, 27.84, "**does not agree**"),
        ("without CCI, the performance drops", 12.21, 21.40, "agrees: inside"),
        ("2 to 5% gains", 1.55, 5.19, "agrees"),
        ("1 to 7% gains", 0.23, 7.67, "**does not agree**"),
        ("13 to 14%", 11.38, 14.73, "**does not agree**"),
        ("gain of 2% over", 0.71, 2.68, "**agrees for 2 of 4**"),
        ("0.3 to 1.2%", 0.38, 1.14, "agrees: inside"),
        ("factor of 25", 61_389_832 / 4_729_864, 25, "**agrees for 1 of 2**"),
        ("between 0.2 and 0.5", 0.2, 0.6, "**does not agree**"),
    ],
)
def test_known_claims(words: str, low: float, high: float, verdict: str) -> None:
    found = claim(words)
    assert min(values(found)) == pytest.approx(low)
    assert max(values(found)) == pytest.approx(high)
    assert found.verdict == verdict


def test_a_changed_table_changes_the_verdict(tmp_path: Path) -> None:
    for path in PAPER.iterdir():
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    text = (tmp_path / "table10.csv").read_text(encoding="utf-8")
    text = text.replace("77.64", "76.02").replace("74.69", "75.42")
    (tmp_path / "table10.csv").write_text(text, encoding="utf-8")
    assert claim("13 to 14%", load_tables(tmp_path)).verdict == "agrees"


def test_runs_behind_a_maximum() -> None:
    z, least = deviations("89.02", "88.50±0.16")
    assert z == pytest.approx(3.25)
    assert (runs_needed(least), runs_needed(least, 0)) == (12, 11)
    assert len(maxima(TABLES)) == 16
    # n - 1 equal values and one other: the bound is reached
    assert runs_needed(10 / 11**0.5 - 1e-9) == 11
    assert runs_needed(10 / 11**0.5 + 1e-9) == 12


def test_sampling_error_of_one_run() -> None:
    errors = {"ferplus": (89.42, 3137, 1.1), "rafdb": (89.02, 3068, 1.1), "sfew": (58.93, 431, 4.6),
              "fedro": (73.5, 400, 4.3), "affectnet8": (61.73, 4000, 1.5)}  # fmt: skip
    for percent, n, error in errors.values():
        assert sampling_error(percent, n) == pytest.approx(error, abs=0.05)
    lines = leads(TABLES, load_sizes(SIZES))
    assert len(lines) == 18
    assert all(line[-1] == "inside" for line in lines if not str(line[0]).startswith("Table 3"))


def test_every_number_has_a_size_and_is_read() -> None:
    numbers = collect(TABLES, load_sizes(SIZES), [("text 6.9", "affectnet8", "61.93")])
    by = {(n.set, n.subset, n.printed, n.own): n for n in numbers}
    assert by["ferplus", "all", "89.42", True].tables == ("1", "2", "8", "9", "11")
    assert by["ferplus", "all", "89.42", True].reading == "**only an actual N**"
    assert by["ckplus7", "all", "91.04", True].actual == (636,)
    assert by["ckplus7", "all", "97.31", True].folded
    assert by["ferplus", "pose_gt_45", "83.63", False].reading == "impossible"
    assert by["rafdb_masked", "all", "74.41", True].stated == (3068,)  # RAN, run by the authors
    assert by["affectnet8", "all", "61.93", True].tables == ("text 6.9",)
    assert not any("±" in n.printed for n in numbers)


def test_a_set_without_a_size_is_named(tmp_path: Path) -> None:
    text = SIZES.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith("jaffe")]
    (tmp_path / "sizes.csv").write_text("\n".join(kept), encoding="utf-8")
    with pytest.raises(FerBenchError, match="jaffe all in table 6"):
        collect(TABLES, load_sizes(tmp_path / "sizes.csv"), [])
    (tmp_path / "sizes.csv").write_text(
        text.replace(",stated,3589", ",said,3589"), encoding="utf-8"
    )
    with pytest.raises(FerBenchError, match="cannot read the line of ferplus"):
        load_sizes(tmp_path / "sizes.csv")


def test_the_page() -> None:
    text = page()
    assert "| FERPlus " in text
    assert "2805/3137 (31 %)" in text
    assert "3.25 standard deviations above its mean" in text
    assert "none can (fewer than 11" in text
    assert page() == text
    assert OUT.read_text(encoding="utf-8") == text, "run `python benchmarks/paper_audit/audit.py`"


def test_what_stands_in_the_text_only_is_a_row() -> None:
    """Here or in the supplement's first table."""
    rows = {s.printed for s in load_said(PAPER)} | {p.printed for p in load_paper(PAPER, "S1")}
    numbers = {number for _, _, number, _ in TEXT_ONLY if re.fullmatch(r"[\d.]+", number)}
    assert numbers == {"65.3", "61.93", "62.57"}
    assert numbers <= rows


def test_the_script_runs_by_itself(tmp_path: Path) -> None:
    before = OUT.read_bytes()
    script = [sys.executable, str(SIZES.with_name("audit.py"))]
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(OUT)
    assert OUT.read_bytes() == before
