"""What a dataset's protocol allows: training, cross-validation or testing only."""

from __future__ import annotations

from fer_bench import datasets as registry
from fer_bench.params import Params


def check_protocols(params: Params) -> list[str]:
    """What params ask of datasets that their protocols do not allow, one sentence each."""
    wrong = []
    for name, cells in params.enabled.items():
        dataset, where = registry.get_dataset(name), f"enabled.{name}"
        if dataset.protocol == "test" and (cells.models or cells.transfer_models):
            wrong.append(
                f"{where}: {name} is only for testing, nothing is trained on it; put it into "
                "`evaluate_on` of the datasets whose cells should be tested on it"
            )
        if dataset.protocol == "folds" and cells.evaluate_on:
            wrong.append(
                f"{where}.evaluate_on: a cross-validated cell has a model a fold, so it is not "
                "evaluated on other sets; leave the list empty"
            )
        for key in ("robustness", "explain"):
            if dataset.protocol != "split" and getattr(cells, key):
                wrong.append(
                    f"{where}.{key}: {name} has no single set of trained weights to look at; "
                    "leave the list empty"
                )
        for other in cells.init_from if cells.transfer_models else ():
            start = registry.get_dataset(other)
            if start.protocol != "split":
                wrong.append(
                    f"{where}.init_from: {other} has no single set of weights to start from"
                )
            elif start.classes != dataset.classes:
                wrong.append(
                    f"{where}.init_from: {other} has {len(start.classes)} classes and {name} "
                    f"{len(dataset.classes)}; start from a dataset with the same classes"
                )
    return wrong
