"""Specs: what each stage will do, resolved to the last option, with a hash of the code it runs.

DVC stages depend on their spec file, so a cell is stale exactly when its own options, its own
code or the library versions change. `runs/specs/` holds:

    packs/<pack>.json      align and mask
    views/<dataset>.json   which faces an evaluation reads
    audit/<dataset>.json   what an audit looks at, challenge lists included
    <dataset>/<row>.json   one row of the benchmark (model, variant or transfer)
    robustness.json, explain/<dataset>.json   how trained rows are examined
    identity/<dataset>.json, scores/<dataset>.json
    cards/<row>.json       what is said of a row whose model is not of this package
    reports.json           what is enabled, and the code of tables, pages, figures, leaderboard
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from PIL import features

from fer_bench import datasets, models, reports
from fer_bench import datasets as registry
from fer_bench.errors import FerBenchError
from fer_bench.evaluation import corruptions
from fer_bench.faces.face_landmarks import FILE as LANDMARKS
from fer_bench.files import replacing_folder, sha256_file, write_json
from fer_bench.fingerprint import code_hash
from fer_bench.models import outside
from fer_bench.models.weights import recorded_sha256
from fer_bench.params import Params, check_names
from fer_bench.receiving.receipt import read_receipt
from fer_bench.records.base import to_json
from fer_bench.specs.declared import check_declared
from fer_bench.specs.options import (
    Spec,
    align_options,
    identity_homes,
    module_of,
    versions,
    view,
)
from fer_bench.specs.protocols import check_protocols
from fer_bench.specs.row_specs import row_specs

RECEIPTS = Path("benchmarks")
REPORTS = ("tables", "pages", "figures", "figures.galleries", "leaderboard", "metrics")


def resolve(params: Params) -> dict[str, Spec]:
    """Every spec by its path below `runs/specs`, without the ending.

    Raises:
        FerBenchError: one line for each name or option of params that is wrong.
    """
    outside.register_everything(params.model_files)
    known = [*models.names(), *filter(models.exists, _of_families(params))]
    wrong = check_names(params, list(registry.datasets()), list(registry.sources()), known)
    wrong = wrong or check_protocols(params) + _not_declared(params)
    specs: dict[str, Spec] = {}
    if not wrong:
        parts = [_pack_specs(params), _view_specs(), _audit_specs(), _examinations(params)]
        parts += [_report_spec(params)]
        wrong += check_declared(params)
        enabled = [] if wrong else [registry.get_dataset(name) for name in params.enabled]
        homes = {dataset.name: identity_homes(params, dataset) for dataset in enabled}
        parts += [row_specs(params, dataset, homes) for dataset in enabled]
        for part in parts:
            try:
                specs.update(part)
            except FerBenchError as error:
                wrong.append(str(error))
    if wrong:
        raise FerBenchError("params.yaml:\n  " + "\n  ".join(wrong))
    return specs


def _of_families(params: Params) -> set[str]:
    """The names in params that may be models which are not listed: `timm_<name>`."""
    cells = params.enabled.values()
    used = {name for cell in cells for name in (*cell.trained, *cell.transfer_models)}
    used |= {*params.models, *(variant.base for variant in params.variants.values())}
    return used - {*models.names(), *params.every_variant}


def write_specs(params: Params, out: Path) -> None:
    """Write every spec below `out`, replacing what was there as a whole."""
    specs = resolve(params)
    with replacing_folder(out) as folder:
        for name, spec in specs.items():
            write_json(folder / f"{name}.json", spec)


def _not_declared(params: Params) -> list[str]:
    """Sets of one's own whose stages DVC cannot read, because params.yaml lacks their entry."""
    return [
        f"enabled.{dataset.name}: missing; `fer-bench data add` wrote it once. Put it back (empty "
        f"lists disable it), or delete {RECEIPTS / name} if the set is given up"
        for name, family in registry.own_sets(RECEIPTS).items()
        for dataset in family.datasets
        if dataset.name not in params.enabled
    ]


def _pack_specs(params: Params) -> Iterator[tuple[str, Spec]]:
    installed = versions("torch", "facenet-pytorch", "pillow", "numpy")
    installed["libjpeg"] = str(features.version("jpg"))  # decodes photographs; Pillow brings it
    for pack in registry.packs().values():
        source = registry.get_source(pack.source)
        options = dict(params.data.get(pack.source, {}))
        source.check(options)
        align = align_options(params, pack.source)
        if "official" in source.pixels:
            options["pixels"] = align.pixels
        entry = "fer_bench.faces.align" if pack.mask_style is None else "fer_bench.faces.mask"
        yield (
            f"packs/{pack.name}",
            {
                "pack": pack.name,
                "source": pack.source,
                "mask_style": pack.mask_style,
                "root": f"data/raw/{pack.source}",
                "source_options": options,
                "options": align.model_dump(mode="json", exclude_none=True),
                **({"landmarks": recorded_sha256(LANDMARKS)} if align.by_network else {}),
                **({} if source.rendered else {"receipt": f"{RECEIPTS}/{pack.source}/source.json"}),
                **({"decides": dict(source.decides)} if source.decides else {}),
                "code": code_hash(entry, type(source).__module__),
                "versions": installed,
            },
        )


def _view_specs() -> Iterator[tuple[str, Spec]]:
    code = code_hash("fer_bench.evaluation.evaluate")
    for dataset in registry.datasets().values():
        yield f"views/{dataset.name}", to_json(replace(view(dataset), code=code))


def _audit_specs() -> Iterator[tuple[str, Spec]]:
    receipt = read_receipt(RECEIPTS, "challenge_lists")
    for dataset in registry.datasets().values():
        challenge = None
        if dataset.challenge and receipt:
            challenge = {"which": dataset.challenge, "lists": receipt["tree_sha256"]}
        yield (
            f"audit/{dataset.name}",
            {
                "dataset": dataset.name,
                "view": to_json(view(dataset)),
                "sizes": dict(dataset.sizes),
                "printed": dict(dataset.printed),
                "challenge": challenge,
                "code": code_hash("fer_bench.audit.audit", module_of(dataset.name)),
            },
        )


def _examinations(params: Params) -> Iterator[tuple[str, Spec]]:
    """What is done with trained weights beyond predicting a set."""
    yield (
        "robustness",
        {
            "code": code_hash("fer_bench.evaluation.robustness"),
            "versions": versions("torch", "numpy", "scipy", "pillow", "opencv-python-headless"),
        },
    )
    explain: Spec = {
        "layers": dict(params.explain.layers),
        "source_options": {
            name: dict(params.data.get(name, {}))
            for name, source in registry.sources().items()
            if source.rendered
        },
        "code": code_hash("fer_bench.evaluation.explain"),
        "versions": versions("torch", "numpy", "scipy", "grad-cam"),
    }
    for name, cells in params.enabled.items():
        yield f"explain/{name}", {**explain, "sets": [name, *cells.evaluate_on]}


def _report_spec(params: Params) -> Iterator[tuple[str, Spec]]:
    """One spec of all reports: they look at every dataset's titles, and share most code."""
    modules = [f"fer_bench.reports.{part}" for part in REPORTS]
    for package in (datasets, corruptions):  # found by scanning, not by imports
        names = (info.name for info in pkgutil.iter_modules(package.__path__))
        modules += [f"{package.__name__}.{name}" for name in names]
    drawn = ("matplotlib", "seaborn", "numpy", "pandas", "scipy", "statsmodels", "tabulate")
    yield (
        "reports",
        {
            "enabled": {name: cells.model_dump() for name, cells in params.enabled.items()},
            "reference": params.reference,
            "code": code_hash(*modules),
            "files": _report_files(),
            "versions": versions(*drawn),
        },
    )


def _report_files() -> dict[str, str]:
    """What the reports read of the package that is no code: templates, styles, cards."""
    root = Path(reports.__file__).parent
    files = (p for p in root.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc"))
    return {file.relative_to(root).as_posix(): sha256_file(file) for file in sorted(files)}
