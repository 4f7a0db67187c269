"""`fer-bench data add|status|verify|remove`: from somebody's archive to `data/raw/<source>`.

Nothing is trusted and nothing half-done is left: what is given is unpacked under limits into a
temporary folder, counted and decoded there, and renamed into place only when it passed. What was
received is recorded in a receipt, `benchmarks/<source>/source.json`, which git keeps; it holds
hashes and counts, never a file name.
"""

from fer_bench.receiving.adding import Added, add
from fer_bench.receiving.overview import StatusRow, status
from fer_bench.receiving.receipt import empty_classes, is_partial
from fer_bench.receiving.removing import remove
from fer_bench.receiving.verifying import accept, verify

__all__ = [
    "Added",
    "StatusRow",
    "accept",
    "add",
    "empty_classes",
    "is_partial",
    "remove",
    "status",
    "verify",
]
