"""The network that comes with the package, so that pictures can be looked at right away.

A quarter-width SCAN-CCI trained on faces that the project draws itself: nobody's photograph is in
it, so that it may be passed on under the project's own licence. That is also its limit: it is no
model to judge photographs with. `benchmarks/shipped_network/make.py` makes it from a trained cell.
"""

from __future__ import annotations

from pathlib import Path

from fer_bench.files import read_json

FOLDER = Path(__file__).parent / "shipped_run"
"""A run's folder: spec, record and weights in half precision."""
MEASURED = "train/measured.json"


def what_it_reaches() -> str:
    """On what it was trained and how often it is right, as measured, in one paragraph."""
    said = read_json(FOLDER / MEASURED)
    reached = [
        f"{100 * found['accuracy']:.1f} % of {found['n']:,} {found['faces']} ({found['dataset']})"
        for found in said["sets"]
    ]
    classes = len(said["sets"][0]["classes"])
    return (
        f"This small network came with the package and was trained on {said['trained_on']} alone. "
        f"Of test faces it is right on {', on '.join(reached)}; guessing among {classes} classes "
        f"would be on {100 / classes:.1f} %. A try, no judgement: train one on photographs and "
        "name it by --run."
    )
