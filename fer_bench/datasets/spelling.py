"""Which expression or split somebody's own word means, and None where that is not certain."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from fer_bench.labels import Expression

_EXPRESSIONS = {
    Expression.neutral: "neutral neutrality neural neu ne",
    Expression.happiness: "happiness happy joy joyful hap ha",
    Expression.surprise: "surprise surprised suprise suprised sur su",
    Expression.sadness: "sadness sad sa",
    Expression.anger: "anger angry ang an",
    Expression.disgust: "disgust disgusted dis di",
    Expression.fear: "fear fearful afraid scared fea fe",
    Expression.contempt: "contempt contemptuous con co",
}
_EXPRESSION_OF = {word: label for label, words in _EXPRESSIONS.items() for word in words.split()}

_SPLITS = {
    "train": "train training trainset",
    "val": "val valid validation validationset valset dev publictest",
    "test": "test testing testset eval evaluation privatetest",
}
_SPLIT_OF = {word: split for split, words in _SPLITS.items() for word in words.split()}

_AROUND = re.compile(r"^[\d\W_]+|[\d\W_]+$")
_AND_WHAT = re.compile(r"[\W_]+(?:faces?|people|persons?|images?|imgs?|pictures?|pics?|photos?)$")


def expression_of(name: str, among: Iterable[Expression] = Expression) -> Expression | None:
    """The expression that a class or folder means, or None where that is not certain.

    Case, numbers around it, and faces or images behind do not matter. A bare number means nothing:
    sets count their classes in different orders.

    Args:
        name: of the class.
        among: the expressions that the set has.

    >>> expression_of("3_Happy").name, expression_of("joy faces").name, expression_of("3")
    ('happiness', 'happiness', None)
    """
    found = _EXPRESSION_OF.get(_AND_WHAT.sub("", _plain(name)))
    return found if found in set(among) else None


def split_of_name(name: str) -> str | None:
    """The split that a folder, file or cell names, or None.

    >>> split_of_name("Training"), split_of_name("valid"), split_of_name("happy")
    ('train', 'val', None)
    """
    return _SPLIT_OF.get(re.sub("[-_ ]", "", _plain(name)))


def split_of_file(stem: str) -> str | None:
    """The split that a list's or Parquet file's name tells, or None.

    >>> split_of_file("train-00000-of-00002"), split_of_file("labels_test"), split_of_file("faces")
    ('train', 'test', None)
    """
    found = {split for word in re.split(r"[\W_\d]+", stem) if (split := split_of_name(word))}
    return found.pop() if len(found) == 1 else None


def _plain(name: str) -> str:
    return _AROUND.sub("", unicodedata.normalize("NFKC", name).casefold())
