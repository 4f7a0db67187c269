import pytest

from fer_bench.fingerprint import closure, code_hash


@pytest.fixture
def package(tmp_path):
    root = tmp_path / "fer_bench"
    files = {
        "__init__.py": "",
        "a.py": "from fer_bench.sub import c\n\n\ndef f():\n    import fer_bench.b\n",
        "b.py": '"""Doc."""\n\nX = 1  # comment\n',
        "unused.py": "X = 1\n",
        "sub/__init__.py": "from . import d\n",
        "sub/c.py": "from ..b import X\n",
        "sub/d.py": "import numpy\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def hashed(root):
    from fer_bench import fingerprint

    fingerprint._imports.cache_clear()
    fingerprint._normalised.cache_clear()
    return code_hash("fer_bench.a", root=root)


def test_closure_follows_every_kind_of_import(package):
    assert closure("fer_bench.a", root=package) == {
        "fer_bench", "fer_bench.a", "fer_bench.b", "fer_bench.sub", "fer_bench.sub.c",
        "fer_bench.sub.d",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "text", "changes"),
    [
        ("b.py", "X = 2\n", True),
        ("sub/d.py", "import scipy\n", True),
        ("unused.py", "X = 2\n", False),
        ("new.py", "X = 2\n", False),
        ("b.py", '"""Other doc."""\n\n\nX = 1\n', False),
    ],
)
def test_only_code_that_runs_changes_the_hash(package, file, text, changes):
    before = hashed(package)
    (package / file).write_text(text)
    assert (hashed(package) != before) is changes


def test_a_model_family_does_not_depend_on_another():
    family = closure("fer_bench.training.train", "fer_bench.models.scan_cci")
    assert "fer_bench.models.attention" in family
    assert "fer_bench.training.loop" in family
    assert "fer_bench.models.baseline" not in family
    assert not {m for m in family if m.startswith(("fer_bench.reports", "fer_bench.params"))}
    assert "fer_bench.models.scan_cci" not in closure("fer_bench.evaluation.score")
