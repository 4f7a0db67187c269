"""What every speed script takes."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch
from report import OUT

from fer_bench.cores import cores
from fer_bench.device import check_kind
from fer_bench.errors import FerBenchError


def common_options(documentation: str | None, rounds: int | None) -> argparse.ArgumentParser:
    """A parser with `--rounds` (unless None) and `--out`, explained by the script's docstring."""
    parser = argparse.ArgumentParser(
        description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if rounds is not None:
        parser.add_argument(
            "--rounds", type=int, default=rounds,
            help="timed visits to every version, in turns (default: %(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--seconds", type=float, metavar="S",
            help="begin no further round that would not end within S seconds of timing",
        )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, default=OUT, help="folder of the report (default: %(default)s)"
    )
    return parser


def device_options(documentation: str | None, rounds: int | None) -> argparse.ArgumentParser:
    """The same, and `--device` and `--threads`."""
    parser = common_options(documentation, rounds)
    parser.add_argument(
        "--device", default="cuda" if torch.cuda.is_available() else "cpu",
        help="cpu or cuda (here: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--threads", type=int, default=cores(), help="of torch on a CPU (here: %(default)s)"
    )
    return parser


def network_options(documentation: str | None, batch: int, faces: int) -> argparse.ArgumentParser:
    """The same, and what every script takes that times a network on invented faces."""
    parser = device_options(documentation, rounds=8)
    parser.add_argument("--backbone", default="resnet50")
    parser.add_argument("--size", type=int, default=224, help="side of the faces in pixels")
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--faces", type=int, default=faces, help="invented faces in the pack")
    parser.add_argument("--workers", type=int, default=16, help="of the straightforward loader")
    return parser


def given_device(given: argparse.Namespace) -> torch.device:
    """The device asked for; ends the script in one line where there is none."""
    try:
        check_kind(given.device)
    except FerBenchError as error:
        raise SystemExit(f"error: {error}") from None
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what determinism needs on a GPU
    torch.set_num_threads(given.threads)
    torch.use_deterministic_algorithms(False)  # as torch is out of the box, also after another
    torch.backends.cudnn.benchmark = False  # script in the same process
    torch.manual_seed(0)
    return torch.device(given.device)
