"""What a set of one's own needs beside its files: an entry in params.yaml, and stages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from fer_bench import datasets as registry
from fer_bench import params
from fer_bench.errors import FerBenchError
from fer_bench.files import write_text

ENTRY = """\
{indent}{name}:
{indent}  {{models: [], seeds: [], evaluate_on: [], init_from: [], transfer_models: [],
{indent}   robustness: [], explain: []}}
"""


def declare(source: str, path: Path = Path("params.yaml")) -> list[str]:
    """Enter a set's datasets, disabled, in params.yaml and write its stages.

    Returns:
        The files written, for a person.

    Raises:
        FerBenchError: params.yaml could not be added to by itself; the message holds the lines.
    """
    from fer_bench.stages.pipeline import write_pipelines

    names = [dataset.name for dataset in registry.own_sets()[source].datasets]
    known = params.load(path).enabled
    new = [name for name in names if name not in known]
    if new:
        _enter(path, new)
    write_pipelines()
    return [str(path)] * bool(new) + ["dvc.yaml", *(f"benchmarks/{n}/dvc.yaml" for n in names)]


def _enter(path: Path, names: Sequence[str]) -> None:
    text = path.read_text(encoding="utf-8")
    made = _with_entries(text, names)
    before = params.load(path).enabled
    if made is not None:
        write_text(path, made)
        try:
            if params.load(path).enabled.keys() == {*before, *names}:
                return
        except FerBenchError:
            pass
        write_text(path, text)
    lines = "".join(ENTRY.format(indent="  ", name=name) for name in names)
    raise FerBenchError(
        f"{path} is written in a way that cannot be added to by itself. Put this under `enabled`, "
        f"then run `fer-bench pipelines`:\n\n{lines}"
    )


def _with_entries(text: str, names: Sequence[str]) -> str | None:
    """`text` with disabled entries after the last one under `enabled`; None where none is found."""
    tree = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = tree.value if isinstance(tree, yaml.MappingNode) else []
    enabled = next((value for key, value in pairs if key.value == "enabled"), None)
    if not isinstance(enabled, yaml.MappingNode) or enabled.flow_style or not enabled.value:
        return None
    last = enabled.value[-1][0].start_mark
    lines = text.splitlines(keepends=True)
    end = last.line + 1
    for number in range(end, len(lines)):
        line = lines[number]
        if line.strip() and len(line) - len(line.lstrip()) <= last.column:
            break
        end = number + 1 if line.strip() else end
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    entries = [ENTRY.format(indent=" " * last.column, name=name) for name in names]
    return "".join([*lines[:end], *entries, *lines[end:]])
