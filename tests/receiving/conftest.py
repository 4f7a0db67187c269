import pytest

from fer_bench.receiving import add, verify


class House:
    """Empty raw and receipts folders, and `add` into them."""

    def __init__(self, root):
        self.raw, self.receipts = root / "raw", root / "benchmarks"

    def add(self, *inputs, source="facial_expressions", **options):
        return add(
            source,
            list(inputs),
            root=self.raw,
            receipts_root=self.receipts,
            progress=False,
            **options,
        )

    def verify(self, source="facial_expressions"):
        return verify(source, root=self.raw, receipts_root=self.receipts, progress=False)

    def sources(self):
        """What lies in the raw folder, without the lists of hashes."""
        return sorted(p.name for p in self.raw.iterdir() if p.suffix != ".sha256")

    def files(self):
        """Every file and folder there is, hidden ones too."""
        return sorted(
            str(p.relative_to(top)) for top in (self.raw, self.receipts) for p in top.rglob("*")
        )


@pytest.fixture
def house(tmp_path):
    return House(tmp_path / "house")
