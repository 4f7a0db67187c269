"""`fer-bench check`: is params.yaml right?"""

from __future__ import annotations


def check() -> None:
    """Validate params.yaml: every key, value and name, and that each enabled model can be built.

    Example: fer-bench check
    """
    from fer_bench import params, specs
    from fer_bench.receiving import empty_classes
    from fer_bench.rules import read_protocol

    loaded = params.load()
    specs.resolve(loaded)
    protocol = read_protocol()
    print(f"protocol: version {protocol.version}, {protocol.sha256}")
    used: dict[str, None] = {}
    for name, enabled in loaded.enabled.items():
        print(f"{name}: {enabled.cells} cells" if enabled.cells else f"{name}: disabled")
        if enabled.cells:
            used |= dict.fromkeys([name, *enabled.evaluate_on])
    for name in used:
        for sentence in empty_classes(name):
            print(f"{name}: {sentence}")
