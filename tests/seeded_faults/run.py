"""Do the tests find what they are there for? Seeded faults, one at a time, in a copy of the code.

    python tests/seeded_faults/run.py                      every fault, only the tests it names
    python tests/seeded_faults/run.py --only lambda_swapped --only statistics
    python tests/seeded_faults/run.py --checkout ../older --at 5db5706
                                                           the same faults in an older checkout
    python tests/seeded_faults/run.py --whole --only ...   every test, for what the named ones miss

The faults stand beside this file, a file a package: what is replaced where, which test files should
find it, and why it would matter. They are silent: nothing crashes, a number is wrong. A fault is
found when a test fails with it and passes without it. Not part of CI: it takes an hour or more.
Where code or tests have moved since a commit, the fault's `at` says what it was there; with `--at`
that holds. What was found is in results.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from compileall import compile_dir
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LONGEST = 600.0
"""Seconds after which tests count as hanging."""

HANGING = "they hang"
OPTIONS = ["-q", "-x", "-p", "no:cacheprovider", "-p", "xdist.plugin"]
"""Of pytest; the plugin is the one whose marks tests/conftest.py sets."""

IMPORTED_ONCE = [
    "numpy", "pandas", "pyarrow.parquet", "pydantic", "scipy.stats", "torch",
    "hypothesis", "pytest", "xdist.plugin",
]  # fmt: skip
"""By the process that each test run is forked from; nothing of fer_bench."""


@dataclass(frozen=True)
class Fault:
    """A realistic mistake of one line.

    Attributes:
        name: of the fault.
        package: the part of the project it is in; the stem of the file that lists it.
        file: below the checkout.
        old: the text it replaces, which stands in the file exactly once.
        new: what it becomes.
        tests: the files that should find it, below tests; a checkout may lack some of them.
        why: what would be wrong, and nobody would see.
    """

    name: str
    package: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    why: str

    def __str__(self) -> str:
        return f"{self.package}/{self.name}"

    def applied(self, checkout: Path) -> str:
        """The faulty file's text; exits where the old text is not there exactly once."""
        file = checkout / self.file
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        if text.count(self.old) != 1:
            sys.exit(
                f"{self.name}: {self.old!r} stands {text.count(self.old)} times in "
                f"{self.file}, not once: correct tests/seeded_faults/{self.package}.yaml"
            )
        return text.replace(self.old, self.new)


def listed(at: str | None = None) -> Iterator[Fault]:
    """Every fault, package by package; as it was at an older commit, where it says so."""
    for file in sorted(HERE.glob("*.yaml")):
        for entry in yaml.safe_load(file.read_text(encoding="utf-8")):
            entry |= entry.pop("at", {}).get(at, {})
            yield Fault(package=file.stem, **entry | {"tests": tuple(entry["tests"])})


def copied(checkout: Path, to: Path) -> Path:
    """The checkout's files as they are now, with a git history as some tests want one."""
    git = ("git", "-C", str(checkout), "ls-files", "-co", "--exclude-standard")
    for name in subprocess.run(git, check=True, capture_output=True, text=True).stdout.splitlines():
        if (checkout / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, to / name)
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "copy"]):
        subprocess.run(["git", *command], cwd=to, check=True)
    # Checked by hash: a fault as long as what it replaces, a second later, is compiled again.
    checked = PycInvalidationMode.CHECKED_HASH
    compile_dir(to / "fer_bench", quiet=1, invalidation_mode=checked)
    return to


def failing(copy: Path, tests: list[str]) -> str:
    """The first test that fails, or that they hang; empty when all pass."""
    forks = get_context("forkserver")
    forks.set_forkserver_preload(IMPORTED_ONCE)
    log, failed = copy / ".pytest_said", copy / ".pytest_failed"
    failed.unlink(missing_ok=True)
    process = forks.Process(target=_test, args=(copy, [*OPTIONS, *tests], log, failed))
    process.start()
    process.join(LONGEST)
    if process.exitcode is None:
        process.kill()
        return HANGING
    if process.exitcode and not failed.exists():
        said = log.read_text(encoding="utf-8", errors="replace")
        sys.exit(f"pytest could not run {' '.join(tests)}:\n{said}")
    return failed.read_text(encoding="utf-8").splitlines()[0] if process.exitcode else ""


class _Failed:
    """A plugin of pytest that writes down what failed: tests, and files that are not imported."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.failed:
            with self.file.open("a", encoding="utf-8") as stream:
                stream.write(f"{report.nodeid}\n")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)


def _test(copy: Path, arguments: list[str], log: Path, failed: Path) -> None:
    """Run pytest on the copy's package, in a process of its own."""
    sys.dont_write_bytecode = True
    os.environ |= {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # what is installed beside it takes seconds
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    with log.open("w") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
        import pytest

        os._exit(pytest.main(arguments, [_Failed(failed)]))


def tried(fault: Fault, copy: Path, whole: bool) -> tuple[str, str]:
    """Whether a fault is found, and by which test; what hangs with it is found by its tests.

    Args:
        fault: what is tried.
        copy: a project without faults; it is one again afterwards.
        whole: run every test.

    Returns:
        `found`, `missed`, or `unsound` where the test fails without the fault, too.
    """
    there = [f"tests/{name}" for name in fault.tests if (copy / "tests" / name).is_file()]
    if not there and not whole:
        sys.exit(f"{fault.name}: none of its test files is there")
    file = copy / fault.file
    right, wrong = file.read_text(encoding="utf-8"), fault.applied(copy)
    file.write_text(wrong, encoding="utf-8")
    try:
        test = failing(copy, ["tests"] if whole else there)
    finally:
        file.write_text(right, encoding="utf-8")
    if not test:
        return "missed", ""
    return "unsound" if failing(copy, there if test == HANGING else [test]) else "found", test


def main() -> None:
    """Print a line a fault and the counts; exits with 1 unless every one was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--checkout", type=Path, default=ROOT, help="whose package and tests")
    parser.add_argument("--at", help="the older commit that it is, where faults were otherwise")
    parser.add_argument("--only", action="append", help="a fault or a package; may be repeated")
    parser.add_argument("--whole", action="store_true", help="run every test, not only the named")
    parser.add_argument("--list", action="store_true", help="only see that all can be applied")
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    faults = [
        f for f in listed(given.at) if not given.only or {f.name, f.package} & set(given.only)
    ]
    for fault in faults:
        fault.applied(given.checkout)
    if given.list:
        print(*(f"{f.package:12} {f.name:40} {f.why}" for f in faults), sep="\n")
        return
    found = 0
    with tempfile.TemporaryDirectory(prefix="seeded_faults_") as folder:
        copy = copied(given.checkout.resolve(), Path(folder))
        for fault in faults:
            verdict, test = tried(fault, copy, given.whole)
            found += verdict == "found"
            print(f"{verdict:7} {fault}  {test}", flush=True)
    print(f"{found} of {len(faults)} found")
    sys.exit(found != len(faults))


if __name__ == "__main__":
    main()
