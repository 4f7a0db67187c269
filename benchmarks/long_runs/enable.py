"""Write a block's rows into params.yaml's `enabled`, everything else of it as it is.

python benchmarks/long_runs/enable.py first_line_1     in a clone of its own: `git restore
params.yaml` brings the committed rows back. It prints the targets of the block's sweep.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from fer_bench import params
from fer_bench.errors import FerBenchError, nearest
from fer_bench.files import write_text
from fer_bench.params import Enabled

BLOCKS = Path(__file__).with_name("blocks.yaml")
PARAMS = Path("params.yaml")
SECTION = "\nenabled:"


def enabled_of(block: dict[str, Any], known: list[str]) -> dict[str, Any]:
    """`enabled` with the block's rows, every other dataset disabled."""
    return {name: Enabled.nothing() | block.get(name, {}) for name in known}


def with_block(text: str, block: dict[str, Any]) -> str:
    """params.yaml's text with the block's rows in the place of its own.

    Raises:
        FerBenchError: `enabled` is not its last section.
    """
    above, found, below = text.partition(SECTION)
    if not found or any(line[:1].isalpha() for line in below.splitlines()[1:]):
        raise FerBenchError(f"{PARAMS}: `enabled` must be its last section")
    own = enabled_of(block, list(params.load(PARAMS).enabled))
    return above + "\n" + yaml.dump({"enabled": own}, sort_keys=False, default_flow_style=None)


def targets_of(block: dict[str, Any]) -> list[str]:
    """What to give `fer-bench sweep` or `dvc repro`: the scores of the block's cells."""
    kinds = {name: ["score"] + ["score_transfer"] * bool(c.get("transfer_models"))
             for name, c in block.items()}  # fmt: skip
    return [f"benchmarks/{name}/dvc.yaml:{kind}" for name, both in kinds.items() for kind in both]


def main(names: list[str]) -> None:
    """Enable the block that is named."""
    blocks = yaml.safe_load(BLOCKS.read_text())
    if len(names) != 1 or names[0] not in blocks:
        asked = " ".join(names)
        raise SystemExit(f"Error: name one block of {BLOCKS}; {nearest(asked, blocks)}")
    block = blocks[names[0]]
    write_text(PARAMS, with_block(PARAMS.read_text(), block))
    params.load(PARAMS)
    print(" ".join(targets_of(block)))


if __name__ == "__main__":
    main(sys.argv[1:])
