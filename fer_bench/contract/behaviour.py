"""How a model learns and answers; a check raises `BrokenError` with reason and next step."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from fer_bench import datasets, models
from fer_bench.contract.subject import (
    DATASET,
    BrokenError,
    Subject,
    first_line,
    forward,
    logits_of,
)
from fer_bench.errors import FerBenchError
from fer_bench.models.base import BACKBONE_LR, HEADS_LR, FERModel
from fer_bench.specs.row_specs import row_spec

CLOSE, CLOSE_SINGLE = 1e-8, 1e-4
"""How far a face's logits may move with its neighbours, in float64 and in float32."""


def gradients(subject: Subject) -> str:
    """Every parameter has one learning rate, and learns."""
    model = subject.build()
    groups = _groups(model)
    grouped = [id(p) for group in groups.values() for p in group]
    frozen = {id(p) for part in model.frozen for p in model.get_submodule(part).parameters()}
    names = {id(p): n for n, p in model.named_parameters() if id(p) not in frozen}
    if not {*groups} <= {BACKBONE_LR, HEADS_LR} or sorted(grouped) != sorted(names):
        lost = [n for i, n in names.items() if grouped.count(i) != 1]
        raise BrokenError(
            f"parameter_groups() has {', '.join(groups)}; not in exactly one group: "
            f"{', '.join(lost[:4]) or 'none'}",
            "Leave parameter_groups as it is inherited; name the parts that train with backbone_lr "
            "in `rates`.",
        )
    model.start_epoch(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    learned: set[str] = set()
    for seed in (7, 8):  # a parameter behind one that starts at zero learns from the second step on
        optimizer.zero_grad()
        model.loss(forward(model, subject.images(seed=seed)), subject.target()).backward()  # type: ignore[no-untyped-call]
        learned |= {n for n, p in model.named_parameters() if p.grad is not None and p.grad.any()}
        optimizer.step()
    if dead := [n for n in names.values() if n not in learned]:
        raise BrokenError(
            f"{len(dead)} of {len(names)} parameters never get a gradient: {', '.join(dead[:4])}",
            "Use them in forward and in the loss, or do not create them; weights that must not "
            "learn are buffers (register_buffer), parts that must not are named in `frozen`.",
        )
    return f"{len(names)} parameters"


def parts(subject: Subject) -> str:
    """Each part has a learning rate that the recipe sets."""
    model = subject.build()
    rates = {id(p): rate for rate, group in _groups(model).items() for p in group}
    try:
        recipe = row_spec(subject.params, datasets.get_dataset(DATASET), subject.name).recipe
    except FerBenchError:  # `spec` says why
        recipe = {}
    found: dict[tuple[str, str], int] = {}
    for name, parameter in model.named_parameters():
        key = name.split(".")[0], rates.get(id(parameter), "none")
        found[key] = found.get(key, 0) + parameter.numel()
    return "; ".join(
        f"{part} {count:,} at {rate} {recipe.get(rate, '')}".rstrip()
        for (part, rate), count in found.items()
    )


def _groups(model: FERModel) -> dict[str, list[nn.Parameter]]:
    try:
        return model.parameter_groups()
    except FerBenchError as error:
        raise BrokenError(str(error), "Correct `rates` or `frozen` of the class.") from error


def independence(subject: Subject) -> str:
    """A face's logits do not depend on the faces beside it."""
    model, images = subject.build().eval(), subject.images(4)
    try:
        together = logits_of(model.double(), images.double())
        images, close = images.double(), CLOSE
    except (RuntimeError, TypeError):  # a part that only knows float32
        model = model.float()
        together, close = logits_of(model, images), CLOSE_SINGLE
    alone = torch.cat([logits_of(model, image[None]) for image in images])
    off = float((alone - together).abs().max())
    if off > close:
        raise BrokenError(
            f"a face's logits move by {off:.2g} when other faces stand in its batch",
            "Look for means, norms or softmax over dimension 0, and for batch norm used in "
            "evaluation mode with batch statistics (track_running_stats=False).",
        )
    return f"within {off:.0e}"


def state(subject: Subject) -> str:
    """Its weights can be saved, and read back into a fresh model with the same answers."""
    one, other, images = subject.build(), subject.build(seed=1), subject.images(4)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.safetensors"
        try:
            save_file(
                {k: v.detach().clone().contiguous() for k, v in one.state_dict().items()}, file
            )
            other.load_state_dict(load_file(file))
        except (AttributeError, TypeError, ValueError, RuntimeError) as error:
            raise BrokenError(
                f"its state does not survive saving: {first_line(error)}",
                "Keep weights as parameters and buffers only, of shapes that the options fix.",
            ) from error
    if not torch.equal(logits_of(one.eval(), images), logits_of(other.eval(), images)):
        raise BrokenError(
            "a fresh model with its saved weights gives other answers",
            "Keep all that the answers depend on in parameters and buffers; a plain tensor "
            "attribute is not saved (register_buffer).",
        )
    if not hasattr(one, "backbone"):
        return f"{len(one.state_dict())} tensors; no backbone"
    backbone = models.backbone_state(one)
    fresh = subject.build(seed=2)
    try:
        models.load_pretrained(fresh, backbone)
    except (FerBenchError, RuntimeError, AttributeError) as error:
        raise BrokenError(
            f"its backbone does not take its own weights: {first_line(error)}",
            "Let `self.backbone` be a fer_bench ResNet, or override load_backbone.",
        ) from error
    return f"{len(one.state_dict())} tensors"


def determinism(subject: Subject) -> str:
    """The same seed gives the same weights, and the same steps the same bits."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        first, second = _two_steps(subject), _two_steps(subject)
    except RuntimeError as error:
        if "deterministic" not in str(error):
            raise  # the model's own fault, whatever its steps run into
        raise BrokenError(
            f"an operation has no deterministic form: {first_line(error)}",
            "Replace that operation; trainings here can be repeated to the bit.",
        ) from error
    finally:
        torch.use_deterministic_algorithms(before)
    for when, a, b in zip(("fresh", "after two steps"), first, second, strict=True):
        if other := [name for name in a if not torch.equal(a[name], b[name])]:
            raise BrokenError(
                f"{when}, two models of one seed differ in {', '.join(other[:3])}",
                "Draw from torch's global generator alone, not from random or numpy, and seed "
                "nothing yourself.",
            )
    return "to the bit"


def _two_steps(subject: Subject) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    model = subject.build()
    fresh = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    model.start_epoch(0)
    for _ in range(2):
        optimizer.zero_grad()
        model.loss(forward(model, subject.images()), subject.target()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return fresh, model.state_dict()
