"""Peak memory of a forward pass, each model in a fresh process of its own.

On a CPU it is the growth of the resident set over a process that has loaded torch and run one
small convolution, so that what the libraries themselves take is not counted. On a GPU it is what
torch's allocator handed out at most; the CUDA context is not in it.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models import outside
from fer_bench.records.cost import Memory


def peak_memory(
    base: str, classes: int, options: Mapping[str, Any], *, kind: str, batch: int, threads: int
) -> Memory:
    """Bytes that building the model and predicting take at most, weights included.

    Args:
        base: a registered model.
        classes: width of the logits.
        options: the model's options; `size` among them.
        kind: `cpu` or `cuda`.
        batch: images of the larger pass.
        threads: torch's threads.

    Raises:
        FerBenchError: the process failed; most likely memory ran out.
    """
    asked = {"base": base, "classes": classes, "options": dict(options), "kind": kind,
             "batch": batch, "threads": threads,
             "where": outside.recorded(base).get("outside")}  # fmt: skip
    command = [sys.executable, "-m", "fer_bench.evaluation.peak_memory", json.dumps(asked)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing: memory ran out?"])[-1]
        raise FerBenchError(
            f"{base} with a batch of {batch}: the process that measures its memory ended with "
            f"status {done.returncode}: {last}"
        )
    return Memory(**json.loads(done.stdout.splitlines()[-1]))


def _measure(
    base: str,
    classes: int,
    options: dict[str, Any],
    kind: str,
    batch: int,
    threads: int,
    where: dict[str, str] | None,
) -> dict[str, Any]:
    torch.set_num_threads(threads)
    if where is not None:
        outside.register(where)
    models.configure(base, options)  # imports every model's file, which must not count
    with torch.inference_mode():
        torch.nn.Conv2d(3, 8, 3).to(kind)(torch.zeros(1, 3, 32, 32, device=kind))
    meter = _Allocated() if kind == "cuda" else _Resident()
    model = models.build(base, classes, **options).eval().to(kind)
    images = torch.zeros(batch, 3, options["size"], options["size"], device=kind)
    found: dict[str, Any] = {"of": "cuda" if kind == "cuda" else "resident"}
    with torch.inference_mode():
        for name, count in (("image", 1), ("batch", batch)):
            model(images[:count])
            found[name] = meter.grown()
    return found


class _Allocated:
    """torch's own count on a GPU."""

    def __init__(self) -> None:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        self._start = torch.cuda.memory_allocated()

    def grown(self) -> int:
        torch.cuda.synchronize()
        return int(torch.cuda.max_memory_allocated()) - self._start


class _Resident:
    """The operating system's count of a process's own memory."""

    def __init__(self) -> None:
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # peak := now
        self._peak, self._start = _high_water(), _now()

    def grown(self) -> int | None:
        """None where nothing is known: the peak may still be that of loading torch."""
        peak = _high_water()
        if peak is None or self._peak is None or peak <= self._peak:
            return None
        return peak - (self._start if self._start is not None else self._peak)


def _high_water() -> int | None:
    if (found := _status("VmHWM")) is not None:
        return found
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _now() -> int | None:
    return _status("VmRSS")


def _status(key: str) -> int | None:
    # Not getrusage where this exists: its peak is inherited from the process that started this one.
    try:
        text = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(rf"{key}:\s*(\d+) kB", text)
    return int(found.group(1)) * 1024 if found else None


if __name__ == "__main__":
    print(json.dumps(_measure(**json.loads(sys.argv[1]))))
