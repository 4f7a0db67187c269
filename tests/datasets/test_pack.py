"""What a pack's manifest must have before it is written."""

import pandas as pd
import pytest

from fer_bench.datasets.pack import REQUIRED, write_manifest
from fer_bench.errors import FerBenchError

ROWS = pd.DataFrame({name: [f"{name} {k}" for k in range(3)] for name in REQUIRED})


def test_a_manifest_is_written_as_it_is(tmp_path):
    write_manifest(tmp_path / "manifest.parquet", ROWS.assign(crc32=7))
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "manifest.parquet"), ROWS.assign(crc32=7)
    )


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (ROWS.drop(columns=["fold", "box"]), "the manifest lacks the columns fold, box"),
        (ROWS.assign(sample_id=["a", "b", "a"]), "1 sample ids occur twice"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_not_written(rows, says, tmp_path):
    with pytest.raises(FerBenchError, match=rf"manifest\.parquet: {says}"):
        write_manifest(tmp_path / "manifest.parquet", rows)
    assert list(tmp_path.iterdir()) == []
