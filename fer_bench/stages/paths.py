"""Where everything of the pipeline lies; no other module of the stages spells a path.

Functions give texts with forward slashes; DVC's `${item.model}` may stand in a name's place.
"""

from __future__ import annotations

PARAMS = "params.yaml"
RAW, ALIGNED = "data/raw", "data/aligned"
CHALLENGE_LISTS = f"{RAW}/challenge_lists"

BENCHMARKS = "benchmarks"
PAPER, REPORTED = f"{BENCHMARKS}/paper", f"{BENCHMARKS}/reported"
MODEL_FILES = f"{BENCHMARKS}/model_files"

RUNS = "runs"
SPECS, LISTS = f"{RUNS}/specs", f"{RUNS}/lists"
STATISTICS = f"{RUNS}/.statistics"
"""Resampled comparisons; no out: deleting it changes nothing."""

FACES, PREDICTIONS = "results/faces", "results/predictions"
TUNING = "results/tuning"
SCORES, ROBUSTNESS, EXPLAIN = "results/scores", "results/robustness", "results/explain"
COST, EXTERNAL = "results/cost", "results/external"
RELIABILITY = "results/label_reliability"
TABLES, FIGURES, GALLERIES = "results/tables", "results/figures", "results/galleries"
LEADERBOARD, METRICS, HISTORY = "results/leaderboard", "results/metrics.json", "results/history.csv"


def receipt(source: str) -> str:
    """What was received of a source: hashes and counts."""
    return f"{BENCHMARKS}/{source}/source.json"


def own_set(source: str) -> str:
    """What somebody said of a set of their own."""
    return f"{BENCHMARKS}/{source}/source.yaml"


def pack(name: str) -> str:
    """Aligned faces and their manifest."""
    return f"{ALIGNED}/{name}"


def manifest(name: str) -> str:
    """One row a face of a pack."""
    return f"{pack(name)}/manifest.parquet"


def spec(kind: str, name: str) -> str:
    """A spec below `runs/specs`: of a pack, view, audit, row, ... ; see `fer_bench.specs`."""
    return f"{SPECS}/{kind}/{name}.json"


def view(dataset: str) -> str:
    """A dataset's packs, classes and the hashes of its faces."""
    return f"{RUNS}/views/{dataset}.json"


def faces(dataset: str) -> str:
    """A set's faces as scoring sees them, without names."""
    return f"{FACES}/{dataset}.parquet"


def lists(dataset: str) -> str:
    """Which of a set's faces the challenge lists name; git does not hold it."""
    return f"{LISTS}/{dataset}.parquet"


def audit_page(dataset: str) -> str:
    """What the audit found, to read."""
    return f"results/audit/{dataset}.md"


def identity(dataset: str) -> str:
    """Backbones pre-trained on a dataset's train people."""
    return f"{RUNS}/{dataset}/identity"


def starts(dataset: str) -> str:
    """What each row's weights start from."""
    return f"{RUNS}/{dataset}/starts"


def start(dataset: str, row: str) -> str:
    """What one row's weights start from."""
    return f"{starts(dataset)}/{row}.json"


def cell(dataset: str, row: str, seed: int | str) -> str:
    """`<dataset>/<row>/<seed>`."""
    return f"{dataset}/{row}/{seed}"


def run(dataset: str, row: str, seed: int | str) -> str:
    """Everything of one cell that git does not hold."""
    return f"{RUNS}/{cell(dataset, row, seed)}"


def trained(dataset: str, row: str, seed: int | str) -> str:
    """A cell's predictions, history and weights."""
    return f"{run(dataset, row, seed)}/train"


def weights(dataset: str, row: str, seed: int | str) -> str:
    """The weights of a cell's selections."""
    return f"{trained(dataset, row, seed)}/weights"


def predicted(dataset: str, row: str, seed: int | str, on: str) -> str:
    """A cell's predictions on another set."""
    return f"{run(dataset, row, seed)}/on_{on}"


def score(dataset: str, row: str, seed: int | str) -> str:
    """A cell's score file."""
    return f"{SCORES}/{cell(dataset, row, seed)}.json"


def robustness(dataset: str, row: str, seed: int | str) -> str:
    """A cell's accuracies on corrupted faces."""
    return f"{ROBUSTNESS}/{cell(dataset, row, seed)}.json"


def explained(dataset: str, row: str, seed: int | str) -> str:
    """Numbers about a cell's Grad-CAM maps."""
    return f"{EXPLAIN}/{cell(dataset, row, seed)}"


def maps(dataset: str, row: str, seed: int | str) -> str:
    """A cell's Grad-CAM maps and the faces below them."""
    return f"{RUNS}/explain/{cell(dataset, row, seed)}"
