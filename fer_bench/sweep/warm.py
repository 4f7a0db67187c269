"""Everything that stages import, imported once: what the server of `forked` preloads.

It starts no thread and opens no device, so that processes may be forked from it.
"""

import importlib
import pkgutil

from fer_bench import datasets, models

STAGES = (
    "fer_bench.training.train", "fer_bench.training.identity", "fer_bench.evaluation.evaluate",
    "fer_bench.evaluation.robustness", "fer_bench.evaluation.explain",
    "fer_bench.evaluation.score", "fer_bench.faces.align", "fer_bench.faces.mask",
    "fer_bench.audit.audit", "fer_bench.specs", "fer_bench.faces.view",
    "fer_bench.training.starts",
    "fer_bench.reports.tables", "fer_bench.reports.pages", "fer_bench.reports.figures",
    "fer_bench.reports.figures.galleries", "fer_bench.reports.leaderboard", "fer_bench.cli",
)  # fmt: skip
LIBRARIES = ("lightning_fabric", "pyarrow.dataset", "scipy.stats")
"""What stages import where they first need it: Fabric alone takes 1.6 CPU seconds a training."""

REGISTERED = tuple(
    info.name
    for package in (datasets, models)
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
)
"""What is found by scanning, when its first name is asked for."""

for name in (*STAGES, *LIBRARIES, *REGISTERED):
    importlib.import_module(name)
