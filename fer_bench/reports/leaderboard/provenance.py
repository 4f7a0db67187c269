"""Where a row's numbers come from (hashes, versions, command), and what its network costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fer_bench.reports import describe
from fer_bench.reports.cost_results import count_text, memory_text, rate_text, time_text
from fer_bench.reports.leaderboard.extras import Extras
from fer_bench.reports.row import Row


def provenance(row: Row) -> dict[str, Any]:
    """The provenance block of a row."""
    environments = [cell.training.environment for cell in row.cells]
    keys = sorted({k for e in environments for k in e} - {"device"})
    return {
        "dataset": row.dataset,
        "model": row.model,
        "command": command(row),
        "disabled": row.elsewhere,
        "device": _values(environments, "device"),
        "versions": ", ".join(f"{key} {_values(environments, key)}" for key in keys),
        "trained_on": describe.trained_on(row),
        "hashes": list(_hashes(row)),
    }


def command(row: Row) -> str:
    """The command that trains and scores the row's first seed again."""
    model, source, seed = row.method, row.init_from, row.cells[0].training.seed
    stage = f"score_transfer@{model}-{source}-{seed}" if source else f"score@{model}-{seed}"
    return f"dvc --wait-for-lock repro benchmarks/{row.dataset}/dvc.yaml:{stage}"


def costs(rows: Sequence[Row], extras: Extras) -> list[dict[str, str]]:
    """What the rows' networks cost on each device, every network once."""
    found = {}
    for row in rows:
        for device, one in extras.costs_of(row):
            found[device.slug, one.key] = {
                "device": device.label,
                "network": f"{one.backbone} at {one.size} px",
                "flops": count_text(one.flops),
                "latency": time_text(one.latency),
                "batch": str(one.throughput.batch),
                "rate": rate_text(one.throughput),
                "memory": memory_text(one.memory.batch),
            }
    return list(found.values())


def _hashes(row: Row) -> Iterator[tuple[int, str, str | None]]:
    for cell in row.cells:
        seed = cell.training.seed
        yield seed, "spec", cell.training.spec_sha256
        for name, value in sorted(cell.predictions_sha256.items()):
            yield seed, f"predictions {name.replace('on_', 'on ', 1)}", value


def _values(environments: list[dict[str, Any]], key: str) -> str:
    return " or ".join(dict.fromkeys(str(e.get(key, "not stated")) for e in environments))
