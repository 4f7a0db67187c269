"""Measure everything that a GPU is needed for, in one visit of a few minutes.

    python benchmarks/speed/gpu_visit.py [--minutes 8] [--parts step resume scan evaluate align
                                         loader] [--device cuda|cpu] [--tiny] [--out FOLDER]

Each part is one of this folder's scripts with sizes that fit: the whole training step against the
reference in turns, and from 200 steps in a row how long 60 epochs of RAF-DB take; prediction;
SCAN's forms; the bits of a resumed training; alignment against facenet-pytorch; loading. It needs
no network, and of packages torch, torchvision, numpy, pandas, pillow, safetensors and tqdm;
facenet-pytorch for `align` alone. A part whose package is missing is left out, and says so.

The visit ends within --minutes. A part is begun only if the time it needs at least is left, and is
cut off where it takes more than its share; both are said. After every part what was found so far
is written to results/speed/gpu_visit_<device>.json and .md, so that a visit that is cut off keeps
it. --tiny takes the smallest sizes: enough to see on a CPU that everything runs.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import multiprocessing
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BEGUN = time.monotonic()  # before torch is imported, which is part of the visit
PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(PROJECT)]  # also where fer_bench is not installed
try:
    import torch
    from options import device_options, given_device
    from report import Page, write_page
    from timed import OutOfTime, at_most
except ModuleNotFoundError as error:
    raise SystemExit(
        f"error: a visit needs the package {error.name}, which is not installed here; carry its "
        "wheel along"
    ) from None

SPARE = 10.0
"""Seconds for ending: processes, files."""
CUT_OFF = 3
"""Exit status of a visit that had to end in the middle of a part."""
TINY = "The sizes are tiny: this shows that every part runs, and no figure is one to quote."


@dataclass(frozen=True)
class Part:
    """One script of this folder.

    Attributes:
        script: its name.
        least: seconds it needs for something worth keeping, on an H100.
        most: after which it is cut off.
        options: of its command line.
        tiny: the same for a look at whether it runs.
    """

    script: str
    least: float
    most: float
    options: str
    tiny: str


NETWORK = "--backbone resnet18_slim --size 80 --batch 4 --rounds 1 --workers 0"
PARTS = (
    Part("step", 90, 230, "--rounds 5 --calls 8 --seconds 180 --steps 200",
         f"{NETWORK} --faces 8 --calls 1 --agree 4 --steps 2 --no-compile"),
    Part("resume", 30, 75, "--batches 3", f"{NETWORK} --batches 2 --precisions 32-true"),
    Part("scan", 15, 60, "--rounds 8 --seconds 30",
         "--channels 16 --side 6 --m 4 --batch 2 --rounds 1"),
    Part("evaluate", 40, 90, "--rounds 3 --faces 4096 --seconds 60",
         f"{NETWORK} --faces 4 --no-compile"),
    Part("align", 45, 90, "--source synthetic --images 128 --rounds 3 --seconds 55",
         "--source synthetic --images 64 --rounds 1"),
    Part("loader", 30, 75, "--rounds 4 --seconds 45", f"{NETWORK} --faces 8 --calls 1"),
)  # fmt: skip


@dataclass
class Visit:
    """What was found so far.

    Attributes:
        given: the arguments.
        device: that is visited.
        parts: by script: what its page holds, or why there is none.
        pages: of the parts that were measured.
        current: the part that is being measured.
    """

    given: argparse.Namespace
    device: torch.device
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    current: Part | None = None

    def left(self) -> float:
        """Seconds until the visit has to end."""
        return 60 * float(self.given.minutes) - SPARE - (time.monotonic() - BEGUN)

    def do(self, part: Part) -> None:
        """Measure one part, and write."""
        begun = time.monotonic()
        least = 0 if self.given.tiny else part.least
        if self.left() <= least:
            left = max(0, self.left())
            self.say(part, f"not begun: it needs {least:.0f} s, {left:.0f} s were left")
            self.write()
            return
        limit, self.current = min(part.most, self.left()), part
        try:
            with at_most(limit):
                self.pages.append(page := self.measured(part))
        except OutOfTime:
            self.say(part, f"cut off after {limit:.0f} s")
        except ModuleNotFoundError as error:
            self.say(part, f"needs the package {error.name}, which is not installed here")
        except (Exception, SystemExit) as error:  # the next part may still be measured
            self.say(part, f"failed: {type(error).__name__}: {error}")
        else:
            took = round(time.monotonic() - begun, 1)
            self.parts[part.script] = {"seconds": took, "settings": page.settings, **page.content()}
        self.current = None
        self.write()

    def measured(self, part: Part) -> Page:
        """The part's page."""
        script = importlib.import_module(part.script)
        options = part.tiny if self.given.tiny else part.options
        threads = ["--threads", str(self.given.threads)]
        given = script.arguments([*threads, *options.split(), "--device", self.device.type])
        given.out = self.given.out
        try:
            page: Page = script.measure(given, given_device(given))
            return page
        finally:
            gc.collect()  # loaders' processes and the networks of this part
            if self.device.type == "cuda":
                torch.cuda.empty_cache()

    def say(self, part: Part, why: str) -> None:
        """Record why a part is left out."""
        print(f"{part.script}: {why}", file=sys.stderr, flush=True)
        self.parts[part.script] = {"left_out": why}

    def write(self) -> Path:
        """JSON and page of everything so far; returns the latter."""
        reached = targets(self.parts)
        left_out = {n: p["left_out"] for n, p in self.parts.items() if "left_out" in p}
        lines = [
            *([TINY, ""] if self.given.tiny else []),
            *(f"* {what}: {said}" for what, said in reached.items()),
            *(f"* `{name}` is left out: {why}" for name, why in left_out.items()), "",
        ]  # fmt: skip
        for page in self.pages:
            shown = ", ".join(f"{key} {value}" for key, value in page.settings.items())
            lines += [f"## {page.title}", "", f"{shown}.", "", *page.lines(), ""]
        settings = {"minutes": self.given.minutes, "tiny": self.given.tiny}
        content = {"targets": reached, "parts": self.parts}
        packages = ("facenet-pytorch", "torchvision", "numpy")
        return write_page("gpu_visit", "A visit to a GPU", lines[:-1], self.device, settings,
                          content, self.given.out, packages, printed=False)  # fmt: skip


def targets(parts: dict[str, dict[str, Any]]) -> dict[str, str]:
    """What the step should reach, and whether it does; only of what was measured."""
    step, bits = parts.get("step", {}), parts.get("resume", {})
    found = {}
    ratios = [
        row["ratio"]["median"]
        for row in step.get("rows", [])
        if "ratio" in row and not row["version"].startswith("straightforward")
    ]
    if ratios:
        found["the whole training step, at least 4 times the reference"] = _met(
            max(ratios) >= 4, f"{max(ratios):.3g} times"
        )
    minutes = [v for key, v in step.get("found", {}).items() if key.startswith("minutes of 60")]
    for most in (4, 3) if minutes else ():
        what = f"60 epochs of 12,271 faces in less than {most} minutes"
        found[what] = _met(minutes[0] < most, f"{minutes[0]:g} min")
    equal = [v for key, v in bits.get("found", {}).items() if key != "Fabric"]
    if equal:
        found["a resumed training ends with the same bits"] = _met(
            all(v == "equal to the bit" for v in equal), f"{len(equal)} number formats"
        )
    return found


def _met(reached: bool, said: str) -> str:
    return f"{'met' if reached else '**missed**'} ({said})"


def leave(visit: Visit) -> None:
    """End a visit whose part does not let itself be cut off, with all processes it started."""
    if visit.current:
        visit.say(visit.current, "cut off at the end of the visit")
    visit.write()
    for child in multiprocessing.active_children():
        child.kill()
        child.join(1)
    os._exit(CUT_OFF)


def main() -> None:
    """Visit."""
    given = _arguments()
    visit = Visit(given, given_device(given))
    page = visit.write()
    watchdog = threading.Timer(visit.left() + SPARE / 2, leave, (visit,))
    watchdog.daemon = True
    watchdog.start()
    for part in PARTS:
        if part.script in given.parts:
            visit.do(part)
    watchdog.cancel()
    print(page.read_text(encoding="utf-8"))


def _arguments() -> argparse.Namespace:
    parser = device_options(__doc__, rounds=None)
    names = [part.script for part in PARTS]
    parser.add_argument("--minutes", type=float, default=8, help="(default: %(default)s)")
    parser.add_argument("--parts", nargs="+", choices=names, default=names)
    parser.add_argument("--tiny", action="store_true", help="the smallest sizes; give --out, too")
    given = parser.parse_args()
    if given.tiny:
        given.threads = 1
    return given


if __name__ == "__main__":
    main()
