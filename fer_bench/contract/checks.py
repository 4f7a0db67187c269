"""What a model states and returns; a check raises `BrokenError` with reason and next step."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from fer_bench import datasets, models
from fer_bench.contract.subject import (
    CLASSES,
    DATASET,
    BrokenError,
    NotCheckedError,
    Subject,
    forward,
)
from fer_bench.errors import FerBenchError
from fer_bench.model_texts import FILE as CARDS
from fer_bench.model_texts import load_texts
from fer_bench.models import FERModel, outside
from fer_bench.specs.options import identity_of
from fer_bench.specs.row_specs import row_spec

Check = Callable[[Subject], str]
"""Returns what was seen, in a few words."""


def card(subject: Subject) -> str:
    """What a reader must know beside a number is stated."""
    try:
        stated = outside.card(subject.name)
    except FerBenchError as error:
        raise BrokenError(
            str(error),
            "Write a dictionary CARD at the top of the file, as `fer-bench models new` does.",
        ) from error
    if stated is not None:
        return f"year {stated['year']}"
    if (family := load_texts().family_of(subject.name)) is None:
        raise BrokenError(
            f"no family of {CARDS.name} begins its name",
            f"Write its card into {CARDS}, as docs/add_a_model.md says.",
        )
    return f"{family}, in {CARDS.name}"


def options(subject: Subject) -> str:
    """It is built from its options, on any number of classes, and says what it is."""
    preset = models.preset(subject.name)
    if not preset.summary.endswith("."):
        raise BrokenError(
            f"its summary is {preset.summary!r}",
            "Give the registered function a docstring whose first line is a sentence, with a dot.",
        )
    for classes in (7, 8):
        model = subject.build(classes=classes)
        if not isinstance(model, FERModel):
            raise BrokenError(
                f"the registered function gave a {type(model).__name__}",
                "Return an instance of a class that inherits fer_bench.models.base.FERModel.",
            )
    return f"{sum(p.numel() for p in subject.build().parameters()):,} parameters"


def spec(subject: Subject) -> str:
    """Its row on the embedded dataset resolves, and the spec covers its code."""
    kind = models.preset(subject.name).pretrained
    settings = subject.params.datasets.get(DATASET)
    kind = settings.weights.get(kind, kind) if settings and kind else kind
    if kind and not identity_of(datasets.get_dataset(DATASET), kind):
        try:
            models.resolve_weights(kind, str(subject.options["backbone"]))
        except FerBenchError as error:
            raise NotCheckedError(f"it starts from weights that are not here: {error}") from error
    try:
        found = row_spec(subject.params, datasets.get_dataset(DATASET), subject.name)
    except FerBenchError as error:
        raise BrokenError(str(error), "Correct that option or recipe key.") from error
    return f"code {found.code[:12]}"


def shapes(subject: Subject) -> str:
    """Logits (B, K) for any K and B; a row an image of `extra`; the images stay as given."""
    model, images = subject.build().eval(), subject.images()
    before = images.clone()
    more = subject.build(classes=CLASSES + 1).eval()
    for network, batch, classes in (
        (model, images, CLASSES), (model, images[:1], CLASSES), (more, images, CLASSES + 1),
    ):  # fmt: skip
        with torch.no_grad():
            output = forward(network, batch)
        wanted = (len(batch), classes)
        heads = {"logits": output.logits}
        heads |= {f"heads[{i}]": head for i, head in enumerate(output.heads)}
        for name, value in heads.items():
            if not isinstance(value, Tensor) or tuple(value.shape) != wanted:
                got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
                then = "Return a row an image and a column a class; do not squeeze a batch of one."
                if name != "logits" and got[:1] == (len(batch),):
                    then = (
                        "`heads` tell the dataset's classes; hand what tells something else to "
                        "your loss in `extra`: Output(logits, (logits,), {'groups': groups})."
                    )
                raise BrokenError(
                    f"{name} is {got} for {len(batch)} images and {classes} classes, expected "
                    f"{wanted}",
                    then,
                )
            if not bool(torch.isfinite(value).all()):
                raise BrokenError(
                    f"{name} holds NaN or infinity for freshly drawn weights",
                    "Look for a division by zero or a logarithm of zero, and for weights that are "
                    "never initialised (torch.empty).",
                )
        if bool((output.logits >= 0).all()) and bool(
            torch.isclose(output.logits.sum(1), torch.ones(len(batch)), atol=1e-4).all()
        ):
            raise BrokenError(
                "logits are probabilities: none is negative and each row's sum is 1",
                "Return what softmax is taken of (or its logarithm): losses, calibration and "
                "`predict` take the softmax themselves.",
            )
        for name, value in output.extra.items():
            if not isinstance(value, Tensor) or value.shape[:1] != (len(batch),):
                got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
                raise BrokenError(
                    f"extra[{name!r}] is {got} for {len(batch)} images",
                    "Hand a tensor with a row an image; keep what no image decides in the model.",
                )
    if not torch.equal(before, images):
        raise BrokenError(
            "forward changed the images it was given",
            "Work on a copy: no operation that ends in _ on `images`.",
        )
    extra = "".join(f", {name} {tuple(v.shape)}" for name, v in output.extra.items())
    return f"({len(images)}, {CLASSES}) and {len(output.heads)} heads{extra}"


def loss(subject: Subject) -> str:
    """One finite number that gradients flow from, with and without class weights."""
    model, images, target = subject.build(), subject.images(), subject.target()
    model.start_epoch(0)
    output = forward(model, images)
    plain = model.loss(output, target)
    weighted = model.loss(output, target, torch.ones(CLASSES))
    for value, how in ((plain, "without class weights"), (weighted, "with class weights")):
        if not isinstance(value, Tensor) or value.shape != ():
            got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
            raise BrokenError(f"the loss {how} is {got}, expected one number", "Take its mean.")
        if not bool(torch.isfinite(value)):
            raise BrokenError(
                f"the loss {how} is {value.item()} for freshly drawn weights",
                "Compute it from logits (F.cross_entropy), not from probabilities that may be 0.",
            )
        if not value.requires_grad:
            raise BrokenError(
                f"no gradient flows from the loss {how}",
                "Look for .detach(), .item(), torch.no_grad() or argmax on the way to it.",
            )
    if not torch.allclose(plain, weighted, rtol=1e-4, atol=1e-6):
        raise BrokenError(
            f"with equal class weights the loss is {weighted.item():.4f}, without it is "
            f"{plain.item():.4f}",
            "Hand class_weight to the cross-entropy as its `weight`, and do nothing else with it.",
        )
    return f"{plain.item():.3f}"


def modes(subject: Subject) -> str:
    """It learns in training mode and only looks in evaluation mode."""
    model, images = subject.build(), subject.images()
    model.start_epoch(0)
    if not model.training:
        raise BrokenError(
            "after start_epoch(0) it is not in training mode",
            "Call self.train() (or super().start_epoch(epoch)) in start_epoch.",
        )
    model.eval()
    if stuck := [n for n, m in model.named_modules() if m.training]:
        raise BrokenError(
            f"eval() does not reach {', '.join(stuck[:3])}",
            "Override train(mode) only to call super().train(mode) first and then what is special.",
        )
    before = {n: b.clone() for n, b in model.named_buffers()}
    with torch.no_grad():
        first, second = forward(model, images).logits, forward(model, images).logits
    if not torch.equal(first, second):
        raise BrokenError(
            "in evaluation mode two passes over the same images differ",
            "Draw nothing at random unless self.training; F.dropout needs training=self.training.",
        )
    if moved := [n for n, b in model.named_buffers() if not torch.equal(before[n], b)]:
        raise BrokenError(
            f"a pass in evaluation mode changed {', '.join(moved[:3])}",
            "Update buffers only where self.training is true.",
        )
    two_faced = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)
    if not any(isinstance(m, two_faced) for m in model.modules()):
        return "no layer that knows the difference"
    model.start_epoch(0)
    with torch.no_grad():
        trained = forward(model, images).logits
    if torch.allclose(trained, first):
        raise BrokenError(
            "its output is the same in training and evaluation mode, though it has batch norm or "
            "dropout",
            "Look for .eval() inside forward or start_epoch, and for layers that are never called.",
        )
    return "both modes"
