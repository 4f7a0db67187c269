"""What to write into params.yaml once a source is there."""

from __future__ import annotations

from fer_bench.datasets import datasets, packs
from fer_bench.datasets.challenge_lists import RECEIVABLE as CHALLENGE_LISTS

_ENTRY = """\
enabled:
  {name}:
    models: [baseline1]
    seeds: [0]
    evaluate_on: []
    init_from: []
    transfer_models: []
    robustness: []
    explain: []"""

_SMALL = """\
align:
  {source}: {{size: 80}}
datasets:
  {name}:
    model: {{backbone: resnet18_slim}}
    recipe: {{epochs: 2, batch_size: 16, backbone_lr: 0.05, heads_lr: 0.03}}"""
"""The defaults are the paper's, which take a CPU hours."""


def params_lines(source: str) -> list[str]:
    """Lines for params.yaml that use the first dataset made of this source alone."""
    names = _made_of(source)
    if not names:
        return []
    if datasets()[names[0]].protocol == "test":
        return [f"    evaluate_on: [{names[0]}]"]
    return _ENTRY.format(name=names[0]).splitlines()


def how_to_use(source: str) -> list[str]:
    """What to tell somebody who has just added `source`, the lines for params.yaml included."""
    names = _made_of(source)
    trained = bool(names) and datasets()[names[0]].protocol != "test"
    lines = []
    if names and not trained:
        lines = [f"{names[0]} is only tested on. In params.yaml, below a dataset that is trained:"]
    elif names:
        lines = [f"To use it, let params.yaml hold, in place of its line for {names[0]}:"]
    if names:
        lines += ["", *params_lines(source), ""]
        if trained:
            small = _SMALL.format(source=source, name=names[0]).splitlines()
            lines += ["On a CPU, for a first try of minutes, also, under the same keys:", ""]
            lines += [*small, ""]
    elif source == CHALLENGE_LISTS.name:
        lines = [f"It is read for {', '.join(d.name for d in datasets().values() if d.challenge)}."]
    if names[1:]:
        lines.append(f"More datasets are made of it: {', '.join(names[1:])}.")
    if not trained:
        return [*lines, "Then run: fer-bench sweep"]
    return [
        *lines,
        "Then run `fer-bench check`, and for this alone",
        f"  fer-bench sweep benchmarks/{names[0]}/dvc.yaml:score@baseline1-0",
        "or `fer-bench sweep` for all that is enabled.",
    ]


def _made_of(source: str) -> list[str]:
    """Datasets that need no other source, the one of the same name first."""
    of_source = {name for name, pack in packs().items() if pack.source == source}
    names = [d.name for d in datasets().values() if set(d.packs) <= of_source]
    return sorted(names, key=lambda name: name != source)
