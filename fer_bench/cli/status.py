"""`fer-bench status`: what is stale, why, and how long it takes."""

from __future__ import annotations


def status() -> None:
    """Say which enabled cells are not up to date, which key or code changed, how long it takes.

    Compares each cell's own spec with what params.yaml, the code and the installed libraries ask
    for now. Faces that changed are DVC's to find: `dvc status`.

    Example: fer-bench status
    """
    from fer_bench import params
    from fer_bench.cores import cores
    from fer_bench.status import pending

    loaded = params.load()
    found = pending(loaded)
    for one in found:
        seeds = ", ".join(map(str, one.seeds))
        print(f"{one.dataset}/{one.row}, seed{'s' * (len(one.seeds) > 1)} {seeds}:")
        for reason in one.why:
            print(f"  {reason}")
    if not found:
        print("Every enabled cell is up to date.")
        return
    cells = sum(len(one.seeds) for one in found)
    known = [one.seconds * len(one.seeds) for one in found if one.seconds is not None]
    minutes = sum(known) / min(cores(), cells) / 60
    time = f"about {minutes:.0f} min of training on {cores()} cores"
    if len(known) < len(found):
        time = "nobody can say for how long: nothing like it was trained here"
    print(f"\n{cells} cells, {time}; then their predictions on other sets, scores and the reports.")
    print("`fer-bench sweep` runs them.")
