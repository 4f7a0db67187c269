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
    def folder(module: str) -> str:
        parts = module.split(".")
        inside = parts[:2] == ["fer_bench", "reports"] and len(parts) > 2
        return parts[2] if inside and parts[2] in REPORTS else ""

    for one, other in graph().edges:
        if folder(one) and folder(other):
            assert REPORTS.index(folder(other)) <= REPORTS.index(folder(one)), f"{one}: {other}"
