from fer_bench.training.streams import Cell


def test_streams_depend_on_cell_and_purpose_alone():
    cell = Cell("synthetic", "scan_cci", 0)
    assert cell.stream("order") == Cell("synthetic", "scan_cci", 0).stream("order")
    others = {
        cell.stream("weights"),
        Cell("synthetic", "scan_cci", 1).stream("order"),
        Cell("synthetic", "baseline1", 0).stream("order"),
        Cell("rafdb", "scan_cci", 0).stream("order"),
    }
    assert len(others) == 4
    assert cell.stream("order") not in others


def test_stream_is_stable_across_machines_and_versions():
    # A changed derivation would silently change every number of the benchmark.
    assert (
        Cell("synthetic", "scan_cci", 0).stream("order")
        == int.from_bytes(
            __import__("hashlib").sha256(b"synthetic/scan_cci/0/order").digest()[:8], "big"
        )
        >> 1
    )
