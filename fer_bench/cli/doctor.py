"""`fer-bench doctor`: what is missing, and how to get it."""

from __future__ import annotations


def doctor() -> None:
    """Say what is missing for what params.yaml enables (weights, data, GPU, disk), how to get it.

    Ends with status 1 when something is missing that an enabled cell needs.

    Example: fer-bench doctor
    """
    from fer_bench.doctor import examine
    from fer_bench.errors import FerBenchError

    found = examine()
    for finding in found:
        print(f"{finding.state:9} {finding.about}: {finding.said}")
        if finding.then:
            print(f"          {finding.then}")
    missing = [finding.about for finding in found if finding.state == "missing"]
    if missing:
        raise FerBenchError(f"missing for what params.yaml enables: {', '.join(missing)}")
    print("\nAll that params.yaml enables can run: fer-bench sweep")
