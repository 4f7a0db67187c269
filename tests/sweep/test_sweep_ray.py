"""A sweep on a Ray cluster that loses a node."""

import os
import re

import pytest
from ray.cluster_utils import Cluster
from tiny import (
    CELLS,
    TARGET,
    broken_objects,
    checkout,
    copy,
    results,
    sweep,
    swept,
    trains,
    wait_for,
)  # fmt: skip

# A cluster of three nodes, three cells and a node's death: about 90 s on two cores.
pytestmark = pytest.mark.slow

QUICK = {  # to notice a death in a second
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 500,
    "health_check_failure_threshold": 2,
}
NODE = {"num_cpus": 1, "object_store_memory": 80 << 20, "include_dashboard": False}
SYNTHETIC = "benchmarks/synthetic/dvc.yaml"
# A fork of Python 3.13 frees what atexit alone holds, and the client of a node crashes at that.
held = []


@pytest.fixture(scope="module")
def cluster():
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    made = Cluster(initialize_head=True, head_node_args=NODE | {"_system_config": QUICK})
    for _ in range(2):
        made.add_node(**NODE)
    made.wait_for_nodes()
    held.extend(made.list_all_nodes())
    yield made
    made.shutdown()


def running_elsewhere(cluster: Cluster, made, log) -> "tuple[str, object] | None":
    """A cell whose training is under way on a node that is not the head."""
    for cell, short in re.findall(r"^started (\S+/\d+) on (\w+)$", log.read_text(), re.MULTILINE):
        for node in cluster.worker_nodes:
            if node.node_id.startswith(short) and trains(made, cell):
                return cell, node
    return None


def test_more_than_a_node_has_is_refused(serial, cluster, tmp_path):
    made = copy(serial.begun, tmp_path / "main")
    asked = ["fer-bench", "sweep", TARGET, "--ray", cluster.address, "--cpus", "1", "--gpus", "0.5"]
    assert "has 1 CPUs and 0.5 GPUs" in made.refused(*asked)


def test_a_dirty_tree_is_refused(serial, cluster, tmp_path):
    made = copy(serial.begun, tmp_path / "main")
    (made.folder / "fer_bench/models/new.py").write_text("x = 1\n")
    said = swept(made, "--ray", cluster.address, status=1)
    assert "the tree is dirty" in said
    assert "  fer_bench/models/new.py" in said
    assert "dvc.lock" not in said


def test_a_remote_takes_the_place_of_a_shared_folder(serial, cluster, tmp_path):
    made = checkout(tmp_path / "main")  # nothing has run in it
    made("dvc", "remote", "add", "store", str(tmp_path / "store"), "--local")
    target = f"{SYNTHETIC}:score@baseline1-0"
    elsewhere = tmp_path / "elsewhere"
    said = swept(
        made, target, "--ray", cluster.address, "--remote", "store", "--folder", str(elsewhere),
        "--jobs", "1",
    )  # fmt: skip
    ran = set(re.findall(r"^  ran (.+)$", said, re.MULTILINE))  # here: what reads raw data
    assert ran == {"specs", *(f"{SYNTHETIC}:{kind}" for kind in ("align", "mask_blue", "audit")),
                   "benchmarks/synthetic_masked/dvc.yaml:audit"}  # fmt: skip
    assert not (made.folder / "runs/.sweep/workers").exists()
    assert len(list((elsewhere / "workers").glob("*/.dvc/cache"))) == 1
    score = made.folder / "results/scores/synthetic/baseline1/0.json"
    name = score.relative_to(made.folder)
    assert score.read_bytes() == (serial.whole.folder / name).read_bytes()
    # A row from scratch waits for no pre-training, neither there nor when it is restored here.
    assert not [*elsewhere.glob("workers/*/runs/synthetic/identity"),
                *made.folder.glob("runs/synthetic/identity")]  # fmt: skip
    assert "synthetic/dvc.yaml:train@baseline1-0" in made.locked()
    assert "synthetic/dvc.yaml:starts" not in made.locked()


def test_a_cluster_that_loses_a_node_ends_with_the_bytes_of_a_serial_run(serial, cluster, tmp_path):
    made = copy(serial.begun, tmp_path / "main")
    log = tmp_path / "said.txt"
    process = sweep(
        made, TARGET, "--ray", cluster.address, "--cpus", "1", FER_BENCH_TEST_PAUSE="0.15", to=log
    )
    try:
        cell, node = wait_for(lambda: running_elsewhere(cluster, made, log))
        cluster.remove_node(node, allow_graceful=False)
        status = process.wait(timeout=240)
    finally:
        process.kill()
    said = log.read_text()
    assert status == 0, said
    assert f"failed {cell} on {node.node_id[:8]}, again in 5 s" in said
    again = re.search(rf"^started {cell} on (\w+) \(try 2\)$", said, re.MULTILINE)
    assert again, said
    assert not node.node_id.startswith(again[1])
    second = made.folder / f"runs/.sweep/logs/{cell.replace('/', '_')}.2.log"
    assert "goes on from epoch" in second.read_text()  # the kill fell inside its training

    assert f"{len(CELLS)} cells done" in said
    assert re.findall(r"^  ran (.+)$", said, re.MULTILINE) == [TARGET]
    assert results(made) == results(serial.whole)
    assert broken_objects(made) == []
    assert "Running stage" not in made("dvc", "repro", TARGET)
