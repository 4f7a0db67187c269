"""A training that draws from torch's own generator too, slowly enough to be killed in the middle.

A module of its own, so that a fork server can import it once for many processes.
"""

import logging
import os
import time
from pathlib import Path

import torch

from fer_bench.models import baseline, scan_cci  # noqa: F401  the server imports what they need
from fer_bench.training import loop
from fer_bench.training.train import train_cell


def train(arguments: tuple, checkpoints: Path, log: Path, pause: float) -> None:
    """Train a cell.

    Args:
        arguments: of `train_cell`.
        checkpoints: folder of the checkpoints; one is written after every step.
        log: file for what is said.
        pause: seconds before each step.
    """
    os.environ["FER_BENCH_CHECKPOINTS"] = str(checkpoints)
    os.environ["FER_BENCH_CHECKPOINT_SECONDS"] = "0"
    logging.basicConfig(level="INFO", filename=log, filemode="w")
    step = loop.train_step

    def noisy(model, optimizer, backward, images, *rest):
        time.sleep(pause)
        return step(model, optimizer, backward, images + 0.01 * torch.rand_like(images), *rest)

    loop.train_step = noisy
    train_cell(*arguments)
