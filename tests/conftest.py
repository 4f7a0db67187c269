"""Settings that must stand before torch is imported."""

import os

# As the command line sets it: threads that spin long are many times slower on a busy machine.
os.environ.setdefault("GOMP_SPINCOUNT", "100000")
