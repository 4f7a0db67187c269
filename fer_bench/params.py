"""params.yaml, validated strictly before any work: unknown keys, wrong types, impossible values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    create_model,
)

from fer_bench.errors import FerBenchError, nearest
from fer_bench.files import read_yaml
from fer_bench.model_texts import FILE as CARDS
from fer_bench.model_texts import load_texts
from fer_bench.row_names import JOINT, MOST_SEED, REFERENCE
from fer_bench.training.recipe import Recipe

RESERVED = ("identity", "starts")
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]
Start = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+(\([a-z0-9_]+\))?$")]
Overrides = dict[str, Any]


def _limited(hint: Any, limits: Mapping[str, Any]) -> Any:
    """A recipe's field as pydantic takes it."""
    low, high = limits.get("ge"), limits.get("le")
    if get_origin(hint) is not tuple:
        return Annotated[hint, Field(ge=low, le=high)]
    kinds = get_args(hint)
    if kinds[-1] is ...:
        parts: Any = (Annotated[kinds[0], Field(ge=low, le=high)], ...)
    else:
        most = limits.get("most", [high] * len(kinds))
        parts = tuple(Annotated[float, Field(ge=low, le=value)] for value in most)
    return Annotated[tuple[parts], Field(strict=False)]


def _inside(path: str) -> str:
    """A model file's path: below the project, so that it means the same on every machine."""
    parts = Path(path).parts
    if not re.fullmatch(r"[\w./-]+", path) or Path(path).is_absolute() or {"..", ""} & {*parts}:
        raise ValueError(
            "give a path below the folder of params.yaml, in letters, digits, _ - . and /; copy "
            "the file there, or install it as a package with the entry point group fer_bench.models"
        )
    return Path(path).as_posix()


ModelFile = Annotated[str, AfterValidator(_inside)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


_HINTS = get_type_hints(Recipe)
_KEYS: dict[str, Any] = {
    f.name: (_limited(_HINTS[f.name], f.metadata), f.default)
    for f in fields(Recipe)
    if f.name != "teacher"  # `students` say it
}
RecipeKeys: Any = create_model("RecipeKeys", __base__=_Strict, **_KEYS)
"""What params may say of a recipe: keys of `training.recipe.Recipe`, within its limits."""
if TYPE_CHECKING:
    RecipeOverrides = Overrides
else:
    RecipeOverrides = Annotated[
        RecipeKeys, AfterValidator(lambda keys: keys.model_dump(exclude_unset=True)),
        PlainSerializer(dict),
    ]  # fmt: skip


class Compute(_Strict):
    """Where and how everything is computed; part of every cell's spec.

    Attributes:
        device: `auto` is cuda where a cell runs on a machine that has one.
        precision: a Lightning Fabric precision; `32-true` is the reference.
        threads: of PyTorch on the CPU; another number gives other last bits.
        compile: train with `torch.compile`.
        fused: update all weights in one kernel (the optimizer's `fused`).
        devices: how many processes train one cell, each on its share of every batch.
        sync_bn: batch statistics over all processes (GPUs only); without, each process has its own.
        tf32: GPUs may round the factors of float32 products to ten bits.
        deterministic: two runs on one machine give the same bits; without, a GPU may choose faster
            convolutions anew in every run.
    """

    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    threads: int = Field(1, ge=1, le=256)
    compile: bool = False
    fused: bool = False
    devices: int = Field(1, ge=1, le=64)
    sync_bn: bool = False
    tf32: bool = False
    deterministic: bool = True


class Align(_Strict):
    """How a source becomes a pack: crop size in pixels, which pixels, the detector's options.

    Without `pixels` the source's own default holds (docs/our_reading.md). With `points` landmarks
    are looked for in pictures that are taken as they are, too (`faces/small_faces.py`). With
    `points: face_landmark_68` and `masks` a network of 68 points takes the mean face's place
    (`faces/face_landmarks.py`).
    """

    size: int = Field(224, ge=32, le=1024)
    pixels: Literal["mtcnn", "resize", "official"] | None = None
    thresholds: tuple[float, float, float] = Field((0.6, 0.7, 0.8), strict=False)
    min_face: int = Field(20, ge=12)
    factor: float = Field(0.709, gt=0.1, lt=1)
    points: Literal["detected", "face_landmark_68"] | None = None
    masks: Literal["dlib_like"] | None = None

    @property
    def by_network(self) -> bool:
        """Whether the network of 68 points is asked for."""
        return self.points == "face_landmark_68" or self.masks is not None


class Tuned(_Strict):
    """Recipe keys that a search chose, and its log, `results/tuning/<dataset>/<log>.json`."""

    log: Name
    recipe: RecipeOverrides


class DatasetOptions(_Strict):
    """What differs from dataset to dataset.

    Attributes:
        model: options of every model on this dataset (backbone, ...).
        weights: stand-ins for pre-trained weights, e.g. `{vggface2: identity}`, or of another
            dataset's people: `{vggface2: identity(facial_expressions)}`.
        recipe: recipe keys that differ from the paper's.
        tuned: of single models and their variants, or of a variant, what a search on validation
            chose (benchmarks/tuning).
        transfer: recipe keys that differ further for cells started from another dataset's.
        identity: recipe keys of the identity pre-training, which shares none with `recipe`.
    """

    model: Overrides = {}
    weights: dict[Name, Start] = {}
    recipe: RecipeOverrides = {}
    tuned: dict[Name, Tuned] = {}
    transfer: RecipeOverrides = {}
    identity: RecipeOverrides = {}


class Variant(_Strict):
    """A declared row: a base model with some options and recipe keys replaced."""

    base: Name
    model: Overrides = {}
    recipe: RecipeOverrides = {}


class Enabled(_Strict):
    """The cells of one dataset; every key is required because DVC reads each.

    Attributes:
        models: rows to train.
        seeds: of every row.
        evaluate_on: further sets that the trained rows are tested on.
        init_from: datasets whose trained rows `transfer_models` start from.
        transfer_models: rows to train from another dataset's weights.
        robustness: those of `models` and `students` that are tested on corrupted faces.
        explain: those of them whose decisions Grad-CAM explains.
        students: further rows to train, and which of `models` teaches each; DVC does not read it,
            `fer-bench pipelines` does, so that it may be left out.
    """

    models: list[Name]
    seeds: list[Annotated[int, Field(ge=0, le=MOST_SEED)]]
    evaluate_on: list[Name]
    init_from: list[Name]
    transfer_models: list[Name]
    robustness: list[Name]
    explain: list[Name]
    students: dict[Name, Name] = {}

    @property
    def trained(self) -> list[str]:
        """The rows that are trained on this dataset from its own start: `models`, `students`."""
        return [*self.models, *self.students]

    @property
    def cells(self) -> int:
        """How many cells there are, a seed of a row each."""
        return len(self.seeds) * (
            len(self.trained) + len(self.init_from) * len(self.transfer_models)
        )

    @classmethod
    def nothing(cls) -> dict[str, list[Any]]:
        """What params.yaml says of a disabled dataset: every key that it needs, empty."""
        return {key: [] for key, field in cls.model_fields.items() if field.is_required()}


class Explain(_Strict):
    """What Grad-CAM looks at.

    Attributes:
        layers: the layer by row or base model, a dotted module name; without an entry Conv_3x's
            output, as in the paper.
    """

    layers: dict[Name, str] = {}


class Params(_Strict):
    """The whole of params.yaml.

    Attributes:
        model_files: Python files, or packages' folders, that register further models.
        reference: the row that further models are paired with in Table 2.
    """

    compute: Compute = Compute()
    data: dict[Name, Overrides] = {}
    align: dict[Name, Align] = {}
    datasets: dict[Name, DatasetOptions] = {}
    model_files: list[ModelFile] = []
    reference: Name = REFERENCE
    models: dict[Name, Overrides] = {}
    variants: dict[Name, Variant] = {}
    explain: Explain = Explain()
    enabled: dict[Name, Enabled]

    @property
    def every_variant(self) -> dict[str, Variant]:
        """These and those that cards of models declare."""
        return card_variants() | self.variants


@cache
def card_variants() -> dict[str, Variant]:
    """The variants that cards declare, by name.

    Raises:
        FerBenchError: a key or value of theirs is wrong.
    """
    found = {}
    for name, row in load_texts().rows.items():
        if said := {key: value for key, value in row.items() if key != "label"}:
            try:
                found[name] = Variant.model_validate(said)
            except ValidationError as error:
                lines = [_explain(dict(item), name, Variant) for item in error.errors()]
                raise FerBenchError(f"{CARDS}: rows: {'; '.join(lines)}") from error
    return found


def load(path: Path | str = "params.yaml") -> Params:
    """Read and validate `path`.

    Raises:
        FerBenchError: the message names each wrong key, its value and the nearest valid name.
    """
    found = read_yaml(path)
    if not isinstance(found, dict):
        what = "is empty" if found is None else f"holds {found!r:.40} instead of sections"
        raise FerBenchError(f"{path} {what}: write at least `enabled:`, or `git checkout` the file")
    try:
        return Params.model_validate(found)
    except ValidationError as error:
        lines = [_explain(dict(item)) for item in error.errors()]
        raise FerBenchError(f"{path}:\n  " + "\n  ".join(lines)) from error


def recipe_keys(keys: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Checked keys of a recipe that does not stand in params.yaml, such as a model's own.

    Raises:
        FerBenchError: names each wrong key (under `where`), its value and the nearest valid name.
    """
    try:
        return dict(RecipeKeys.model_validate(dict(keys)).model_dump(exclude_unset=True))
    except ValidationError as error:
        lines = [_explain(dict(item), where, RecipeKeys) for item in error.errors()]
        raise FerBenchError("; ".join(lines)) from error


def _explain(item: dict[str, Any], above: str = "", schema: Any = None) -> str:
    place = item["loc"]
    where = ".".join([above] * bool(above) + [str(part) for part in place])
    kind, value = item["type"], item["input"]
    if kind == "extra_forbidden":
        return f"{where}: unknown key; {nearest(str(place[-1]), _fields_at(schema, place[:-1]))}"
    if kind == "missing" and isinstance(place[-1], int):
        return f"{where}: missing; write as many numbers as docs/our_reading.md has"
    if kind == "missing" and place[0] == "enabled":
        return f"{where}: missing; every dataset needs it (an empty list [] disables it)"
    if kind == "missing":
        return f"{where}: missing; it has no default"
    if kind == "model_type":
        keys = ", ".join(_fields_at(schema, place))
        return f"{where}: {value!r} stands where keys are wanted, of these: {keys}"
    if kind == "string_pattern_mismatch":
        said = f"{where}: {value!r} may hold only lower-case letters, digits and underscores"
        named = len(place) > 2 and place[-2] == "weights"
        return said + ("; or write identity(<dataset>)" if named else "")
    return f"{where}: {value!r}: {item['msg']}"


def _fields_at(kind: Any, place: tuple[Any, ...]) -> list[str]:
    """The valid keys at a place of a schema, by default of all of params.yaml."""
    kind = kind or Params
    for part in place:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = kind.model_fields[str(part)].annotation
        elif get_origin(kind) in (dict, Mapping, list, Union):
            kind = get_args(kind)[-1]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return list(kind.model_fields)
    return []


def check_names(
    params: Params, datasets: list[str], sources: list[str], models: list[str]
) -> list[str]:
    """What is wrong with the names params uses, one sentence each; empty when all is well."""
    wrong = []
    rows = [*models, *params.every_variant]

    def check(where: str, name: str, valid: list[str], kind: str) -> None:
        if name not in valid:
            wrong.append(f"{where}: unknown {kind} {name!r}; {nearest(name, valid)}")

    for section in ("data", "align"):
        for name in getattr(params, section):
            check(f"{section}.{name}", name, sources, "source")
    for name in (*params.datasets, *params.enabled):
        check(f"datasets/enabled.{name}", name, datasets, "dataset")
    for name, options in params.datasets.items():
        for row in options.tuned:
            check(f"datasets.{name}.tuned", row, rows, "model or variant")
    check("reference", params.reference, rows, "model or variant")
    for name in params.models:
        check(f"models.{name}", name, models, "model")
    for name in params.explain.layers:
        check(f"explain.layers.{name}", name, rows, "model or variant")
    for name, variant in params.variants.items():
        check(f"variants.{name}.base", variant.base, models, "model")
        if name in models:
            wrong.append(f"variants.{name}: a model of this name exists; choose another name")
        if name in card_variants():
            wrong.append(f"variants.{name}: a model's card has this row; choose another name")
    for name in rows:
        if JOINT in name or name in RESERVED:
            kind = "variants" if name in params.every_variant else "models"
            wrong.append(
                f"{kind}.{name}: names with {JOINT!r} are of rows that start from another "
                f"dataset's cell, {' and '.join(RESERVED)} are folders of each dataset; choose "
                "another name"
            )
    for name, cells in params.enabled.items():
        where = f"enabled.{name}"
        for model in (*cells.models, *cells.transfer_models):
            check(f"{where}.models", model, rows, "model or variant")
        for row, teacher in cells.students.items():
            check(f"{where}.students", row, rows, "model or variant")
            if row in cells.models:
                wrong.append(f"{where}.students: {row} is in enabled.{name}.models too; remove it")
            if teacher not in cells.models:
                wrong.append(f"{where}.students: {teacher}, which teaches {row}, is not in "
                             f"enabled.{name}.models")  # fmt: skip
        for other in (*cells.evaluate_on, *cells.init_from):
            check(f"{where}.evaluate_on/init_from", other, datasets, "dataset")
        for key in ("robustness", "explain"):
            for model in getattr(cells, key):
                if model not in cells.trained:
                    wrong.append(f"{where}.{key}: {model} is in neither enabled.{name}.models nor "
                                 "its students")  # fmt: skip
        for key in Enabled.model_fields:
            values = list(getattr(cells, key))
            if len(set(values)) != len(values):
                wrong.append(f"{where}.{key}: {values} names something twice")
        if name in cells.evaluate_on:
            wrong.append(f"{where}.evaluate_on: {name} is evaluated by training itself; remove it")
        for other in cells.init_from:
            start = params.enabled.get(other)
            for model in cells.transfer_models:
                if start is None or model not in start.models:
                    wrong.append(
                        f"{where}.transfer_models: {model} starts from {other}, but is not in "
                        f"enabled.{other}.models"
                    )
                elif not set(cells.seeds) <= set(start.seeds):
                    wrong.append(f"{where}.seeds: {other} lacks some of the seeds {cells.seeds}")
    return wrong
