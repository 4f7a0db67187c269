"""The leaderboard: `results/leaderboard/`, one static, self-contained set of files.

`README.md`, `index.html` (every track), `models/<model>.html`, `compare.html`, `leaderboard.csv`,
`style.css` and `page.js`. They open from disk, load nothing from the network, and can be read
without JavaScript, which only sorts, filters, searches and compares.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from fer_bench.errors import FerBenchError
from fer_bench.files import replacing_folder, write_text
from fer_bench.model_texts import load_texts
from fer_bench.reports.enabled import Enabled
from fer_bench.reports.leaderboard.as_csv import leaderboard_csv
from fer_bench.reports.leaderboard.boards import boards
from fer_bench.reports.leaderboard.compare_page import comparison
from fer_bench.reports.leaderboard.extras import load_extras
from fer_bench.reports.leaderboard.face_intervals import Intervals
from fer_bench.reports.leaderboard.html import STATIC, write_compare, write_index, write_model
from fer_bench.reports.leaderboard.model_page import context
from fer_bench.reports.leaderboard.ranking import ranked
from fer_bench.reports.leaderboard.readme import markdown
from fer_bench.reports.parallel import in_parallel
from fer_bench.reports.reported import load_reported
from fer_bench.reports.scores import load_external, load_scores

__all__ = ["build_leaderboard", "ranked"]

WRITTEN = frozenset(
    {"README.md", "index.html", "compare.html", "leaderboard.csv", "models", *STATIC}
)


def build_leaderboard(
    scores_dir: Path,
    params_enabled: Enabled,
    out_dir: Path,
    *,
    robustness_dir: Path | None = None,
    explain_dir: Path | None = None,
    cost_dir: Path | None = None,
    reported_dir: Path | None = None,
    paper_dir: Path | None = None,
    external_dir: Path | None = None,
    cache_dir: Path | None = None,
) -> None:
    """Write the folder `out_dir`, as a whole.

    Args:
        scores_dir: `results/scores`.
        params_enabled: params.yaml's `enabled`.
        out_dir: `results/leaderboard`; replaced, so it may hold nothing else.
        robustness_dir: `results/robustness`.
        explain_dir: `results/explain`.
        cost_dir: `results/cost`.
        reported_dir: `benchmarks/reported`.
        paper_dir: `benchmarks/paper`, for SCAN-CCI's own reported numbers.
        external_dir: `results/external`, the scores of submitted predictions.
        cache_dir: `runs/.statistics`; results never depend on it.

    Raises:
        FerBenchError: an input is malformed, or `out_dir` holds files of something else.
    """
    _check_ours(out_dir)
    scores = load_scores(scores_dir, params_enabled)
    texts = load_texts()
    extras = load_extras(params_enabled, robustness_dir, explain_dir, cost_dir)
    reported = load_reported(reported_dir, paper_dir)
    intervals = Intervals(scores, cache_dir)
    found = boards(scores, reported, extras, texts, intervals, load_external(external_dir))
    data = comparison(found, scores, cache_dir)
    with replacing_folder(out_dir) as folder:
        write_text(folder / "README.md", markdown(found, scores))
        write_text(folder / "leaderboard.csv", leaderboard_csv(found))
        write_index(folder, found, scores)
        write_compare(folder, data)
        models = sorted({row.model for row in scores if row.cells})
        about = partial(context, boards=found, scores=scores, extras=extras, texts=texts,
                        intervals=intervals)  # fmt: skip
        in_parallel([partial(_model_page, folder, model, about) for model in models])


def _model_page(folder: Path, model: str, about: Callable[[str], dict[str, Any]]) -> None:
    write_model(folder, about(model))


def _check_ours(out_dir: Path) -> None:
    """Replacing a folder deletes what is in it."""
    if out_dir.exists() and (strange := sorted({p.name for p in out_dir.iterdir()} - WRITTEN)):
        raise FerBenchError(
            f"{out_dir} holds {', '.join(strange[:3])}, which no leaderboard wrote; it would be "
            "deleted: move it, or give a folder of the leaderboard's own"
        )
