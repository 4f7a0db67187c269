"""What every speed script takes."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch

from fer_bench.cores import cores
from fer_bench.errors import FerBenchError
from fer_bench.evaluation.device import check_kind


def device_options(documentation: str | None) -> argparse.ArgumentParser:
    """A parser with `--device`, `--threads` and `--out`, explained by the script's docstring."""
    parser = argparse.ArgumentParser(
        description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=cores(), help="of torch on a CPU")
    parser.add_argument("--out", type=Path, help="folder of the report (default: results/speed)")
    return parser


def given_device(given: argparse.Namespace) -> torch.device:
    """The device asked for; ends the script in one line where there is none."""
    try:
        check_kind(given.device)
    except FerBenchError as error:
        raise SystemExit(f"error: {error}") from None
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what determinism needs on a GPU
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    return torch.device(given.device)
