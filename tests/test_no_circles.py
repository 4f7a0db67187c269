"""No module of the package needs itself, however far round, and reports point one way."""

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx as nx

PACKAGE = Path(__file__).parents[1] / "fer_bench"
REPORTS = ["compare", "tables", "pages", "figures", "leaderboard"]


def imports(path: Path, known: set[str]) -> Iterator[str]:
    """The modules of the package that a file imports, at its top or inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fer_bench"):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in known else str(node.module) for name in names)


def graph() -> nx.DiGraph:
    files = {}
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        files[name.removesuffix(".__init__")] = path
    arrows = nx.DiGraph()
    for name, path in files.items():
        arrows.add_edges_from((name, other) for other in imports(path, set(files)) if other != name)
    return arrows


def test_no_circle_of_imports() -> None:
    circles = [sorted(c) for c in nx.strongly_connected_components(graph()) if len(c) > 1]
    assert circles == []


def test_folders_of_reports_import_only_from_those_before_them() -> None:
    """What they share, the files beside them, is before all."""

    def place(module: str) -> int | None:
        parts = module.split(".")
        if parts[:2] != ["fer_bench", "reports"]:
            return None
        return REPORTS.index(parts[2]) if len(parts) > 2 and parts[2] in REPORTS else -1

    for one, other in graph().edges:
        here, there = place(one), place(other)
        if here is not None and there is not None:
            assert there <= here, f"{one} imports {other}"


def test_no_circle_of_packages() -> None:
    """Between packages arrows point one way as well, whatever the order of layers says."""
    packages = nx.DiGraph()
    for one, other in graph().edges:
        ends = [".".join(name.split(".")[:2]) for name in (one, other)]
        if ends[0] != ends[1] and "fer_bench" not in ends:
            packages.add_edge(*ends)
    assert packages.number_of_edges() > 100
    assert list(nx.simple_cycles(packages)) == []
