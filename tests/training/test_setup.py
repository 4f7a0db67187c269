"""What the set-up of a cell changes for speed is there, and changes no number."""

import platform
import resource

import pytest
import torch
from conftest import COMPUTE

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.training.recipe import Recipe
from fer_bench.training.setup import keep_memory, place, start
from fer_bench.training.streams import CellStreams

MIB = 2**20


def faults(call) -> int:
    """Pages that the system had to hand out."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    call()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others keep memory as they like")
def test_freed_memory_is_taken_again_without_the_system():
    def work() -> None:
        for _ in range(20):
            torch.ones(16 * MIB // 4)

    keep_memory()
    work()
    assert faults(work) < 16 * MIB // 4096  # once for all would be too many


def test_new_tensors_are_not_filled_before_they_are_written():
    before = torch.are_deterministic_algorithms_enabled()
    try:
        start(COMPUTE, CellStreams("toy", "baseline1", 0))
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.utils.deterministic.fill_uninitialized_memory
    finally:
        torch.use_deterministic_algorithms(before)


@pytest.mark.parametrize(
    ("threads", "load", "said"), [(2, 9.0, True), (2, 0.5, False), (1, 9.0, False)]
)
def test_several_threads_on_a_loaded_machine_are_warned_of(
    threads, load, said, monkeypatch, caplog
):
    monkeypatch.setattr("os.getloadavg", lambda: (load, load, load))
    monkeypatch.setattr("fer_bench.training.setup.cores", lambda: 2)
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    try:
        start({**COMPUTE, "threads": threads}, CellStreams("toy", "baseline1", 0))
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1])
    assert ("compute.threads: 1 is faster here" in caplog.text) == said


@pytest.mark.parametrize("sampler", ["pairs", "quadruplets"])
def test_groups_of_faces_are_not_shared_out_among_processes(sampler):
    model, recipe = models.build("baseline1", backbone="resnet18_slim"), Recipe(sampler=sampler)
    with pytest.raises(FerBenchError, match=f"sampler: {sampler}: .*set compute.devices to 1"):
        place(None, model, recipe, {**COMPUTE, "devices": 2})
