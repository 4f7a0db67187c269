"""What a model costs: parameters, operations, time and peak memory, on the machine at hand.

Made on demand, one committed file a device (`results/cost/<device>.json`), outside `dvc repro`:
times are never the same twice. Weights are random, because cost does not depend on their values.
Needs torch, NumPy and the models, nothing else: a GPU machine may have no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from fer_bench import models
from fer_bench.cores import cores
from fer_bench.device import check_kind, describe_device, precision, software
from fer_bench.errors import FerBenchError, nearest
from fer_bench.evaluation.peak_memory import peak_memory
from fer_bench.evaluation.timing import TimingPlan, flops, plan_for, spread, time_in_turns
from fer_bench.records.cost import Device, DeviceCost, Memory, NetworkCost, Rate, Spread

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "paper": {"backbone": "resnet50", "size": 224},
    "embedded": {"backbone": "resnet18_slim", "size": 80},
}
"""The paper's, and the one of the rendered faces that everyone can train (params.yaml)."""

DEFAULT_MODELS = (
    "baseline3", "scan_cci", "scan_cci_shared", "scan_cci_released", "scan_cci_sa", "scan_cci_spa",
    "scan_cci_eca_attention", "scan_cci_lpa", "scan_cci_ga", "scan_cci_no_scan", "scan_cci_no_cci",
    "scan_cci_no_eca",
)  # fmt: skip
"""The baseline, the paper's model, its shared and released forms and the units of Tables 7 to 9."""

CLASSES = 7
"""As RAF-DB and AffectNet-7; an eighth adds a few thousand parameters."""


@dataclass(frozen=True)
class Network:
    """A network to measure.

    Attributes:
        model: the row's name.
        base: the registered model that builds it.
        classes: width of its logits.
        options: all its options, `backbone` and `size` among them.
    """

    model: str
    base: str
    classes: int
    options: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Tells apart the networks of one file."""
        return f"{self.model} {self.options['backbone']} {self.options['size']}"

    @property
    def configuration(self) -> str:
        """`paper`, `embedded`, or `other` for any other backbone and size."""
        own = {name: self.options[name] for name in ("backbone", "size")}
        return next((name for name, c in CONFIGURATIONS.items() if c == own), "other")

    def also(self) -> list[str]:
        """Registered models that are the same network and differ only in what they start from."""
        mine = (models.preset(self.base).module, dict(self.options))
        shared = {name: self.options[name] for name in ("backbone", "size", "input")}
        found = []
        for name in models.names():
            preset = models.preset(name)
            if name != self.model and (preset.module, {**preset.defaults, **shared}) == mine:
                found.append(name)
        return found


def network(
    name: str,
    variants: Mapping[str, Mapping[str, Any]] | None = None,
    classes: int = CLASSES,
    **options: Any,
) -> Network:
    """A registered model or a declared variant, with options over its defaults.

    Args:
        name: the model's or the variant's name.
        variants: params.yaml's `variants`: name -> `base` and `model` (its options).
        classes: width of the logits.
        options: e.g. `backbone` and `size`.

    Raises:
        FerBenchError: an unknown name or option, or a network that cannot be built.
    """
    variants = variants or {}
    if not models.exists(name) and name not in variants:
        raise FerBenchError(
            f"unknown model {name!r}: {nearest(name, [*models.names(), *variants])}"
        )
    variant = variants.get(name, {"base": name, "model": {}})
    # Which weights a row starts from is no option of the network.
    own = {key: value for key, value in variant["model"].items() if key != "pretrained"}
    base = str(variant["base"])
    if models.preset(base).own_backbone:
        options.pop("backbone", None)
    return Network(name, base, classes, models.configure(base, {**own, **options}).as_dict())


def measure_cost(
    networks: Sequence[Network],
    out_folder: Path | str,
    kind: str = "cpu",
    plan: TimingPlan | None = None,
    *,
    threads: int | None = None,
    merge: bool = False,
    say: Callable[[str], None] = print,
) -> Path:
    """Measure `networks` and write `<out_folder>/<device>.json`.

    Args:
        networks: what to measure; each once.
        out_folder: `results/cost`.
        kind: `cpu` or `cuda`.
        plan: how often; None for `plan_for(kind)`.
        threads: torch's threads; None for one a core.
        merge: keep the other networks of a file that is there, instead of replacing it whole.
        say: takes a line of progress.

    Returns:
        The file written.

    Raises:
        FerBenchError: no such device, nothing to measure, or a file to merge with that was
            measured with other software.
    """
    check_kind(kind)
    chosen = {one.key: one for one in networks}
    if not chosen:
        raise FerBenchError("no network to measure: name at least one model")
    plan, threads = plan or plan_for(kind), threads or cores()
    cost = DeviceCost(Device(**describe_device(kind, threads)), software(), precision(kind), ())
    out = Path(out_folder) / f"{cost.device.slug}.json"
    kept = _kept(out, cost, chosen) if merge else []
    say(f"{cost.device.label}: {len(chosen)} networks, each in a process for its memory")
    memory = {
        key: peak_memory(
            one.base, one.classes, one.options, kind=kind, batch=plan.batch, threads=threads
        )
        for key, one in chosen.items()
    }
    say(f"timing them in {plan.rounds} rounds")
    measured = _timed(chosen, memory, kind, plan, threads)
    replace(cost, models=(*kept, *measured)).write(out)
    return out


def _timed(
    networks: Mapping[str, Network],
    memory: Mapping[str, Memory],
    kind: str,
    plan: TimingPlan,
    threads: int,
) -> list[NetworkCost]:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        torch.manual_seed(0)
        built = {key: _build(one).to(kind) for key, one in networks.items()}
        sizes = {one.options["size"] for one in networks.values()}
        batches = {size: torch.rand(plan.batch, 3, size, size, device=kind) for size in sizes}
        images = {key: batches[one.options["size"]] for key, one in networks.items()}
        counted = {key: flops(model, images[key][:1]) for key, model in built.items()}
        seconds = time_in_turns(built, images, plan)
    finally:
        torch.set_num_threads(before)
    found = []
    for key, one in networks.items():
        rates = [plan.batch / s for s in seconds[key]["batch"]]
        found.append(
            NetworkCost(
                one.model,
                one.base,
                tuple(one.also()),
                one.classes,
                one.configuration,
                dict(one.options),
                one.options["backbone"],
                one.options["size"],
                parameters=sum(p.numel() for p in built[key].parameters()),
                flops=counted[key],
                macs=counted[key] // 2,
                latency=Spread(**spread(seconds[key]["image"])),
                throughput=Rate(**spread(rates), batch=plan.batch),
                memory=memory[key],
            )
        )
    return found


def _build(one: Network) -> torch.nn.Module:
    return models.build(one.base, one.classes, **one.options).eval()


def _kept(out: Path, stated: DeviceCost, measured: Mapping[str, Network]) -> list[NetworkCost]:
    """The networks of the file there that are not measured again."""
    if not out.is_file():
        return []
    there = DeviceCost.read(out)
    if (there.software, there.precision, there.device.threads) != (
        stated.software, stated.precision, stated.device.threads,
    ):  # fmt: skip
        raise FerBenchError(
            f"{out} was measured with other software or another number of threads: run without "
            "--models, which measures every network again"
        )
    return [one for one in there.models if one.key not in measured]


def chosen_networks(
    names: Sequence[str],
    variants: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    backbone: str | None = None,
    size: int | None = None,
) -> list[Network]:
    """What the command line asks for.

    Without names: `DEFAULT_MODELS`. Without backbone and size: both configurations, otherwise the
    paper's with what is given.
    """
    given = {"backbone": backbone, "size": size}
    given = {key: value for key, value in given.items() if value is not None}
    wanted = [{**CONFIGURATIONS["paper"], **given}] if given else list(CONFIGURATIONS.values())
    return [network(name, variants, **c) for c in wanted for name in names or DEFAULT_MODELS]


def with_changes(plan: TimingPlan, **changes: Any) -> TimingPlan:
    """`plan` with what the command line sets otherwise; None leaves a value."""
    return replace(plan, **{key: value for key, value in changes.items() if value is not None})
