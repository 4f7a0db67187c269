"""Many cells on many machines: every stale cell in a clone of its own, DVC's cache shared.

`cells` asks DVC what is stale and what needs what, `schedule` decides what runs where, `worker`
runs `dvc repro` in one clone, `local` and `on_ray` are the places workers live in, `drive` runs a
schedule in places, `here` restores the results in the main checkout, `run` is all of it.
"""
