from fer_bench.training.streams import CellStreams


def test_streams_depend_on_cell_and_purpose_alone():
    cell = CellStreams("synthetic", "scan_cci", 0)
    assert cell.stream("order") == CellStreams("synthetic", "scan_cci", 0).stream("order")
    others = {
        cell.stream("weights"),
        CellStreams("synthetic", "scan_cci", 1).stream("order"),
        CellStreams("synthetic", "baseline1", 0).stream("order"),
        CellStreams("rafdb", "scan_cci", 0).stream("order"),
    }
    assert len(others) == 4
    assert cell.stream("order") not in others


def test_stream_is_stable_across_machines_and_versions():
    # A changed derivation would silently change every number of the benchmark.
    assert (
        CellStreams("synthetic", "scan_cci", 0).stream("order")
        == int.from_bytes(
            __import__("hashlib").sha256(b"synthetic/scan_cci/0/order").digest()[:8], "big"
        )
        >> 1
    )
