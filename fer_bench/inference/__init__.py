"""Using what was trained: a run's network on pictures it has not seen."""
