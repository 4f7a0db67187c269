"""Which expression or split somebody's own word means, and nothing where that is not certain."""

from __future__ import annotations

import re
import unicodedata

from fer_bench.labels import Expression

IGNORE = "ignore"
"""What a class is mapped to whose faces are left out."""

_SPELLINGS = {
    Expression.neutral: "neutral neutrality neu ne",
    Expression.happiness: "happiness happy joy joyful hap ha",
    Expression.surprise: "surprise surprised suprise suprised sur su",
    Expression.sadness: "sadness sad sa",
    Expression.anger: "anger angry ang an",
    Expression.disgust: "disgust disgusted dis di",
    Expression.fear: "fear fearful afraid scared fea fe",
    Expression.contempt: "contempt contemptuous con co",
}
_EXPRESSIONS = {word: label for label, words in _SPELLINGS.items() for word in words.split()}

_SPLITS = {
    "train": "train training trainset",
    "val": "val valid validation validationset valset dev publictest",
    "test": "test testing testset eval evaluation privatetest",
}
_SPLIT_OF = {word: split for split, words in _SPLITS.items() for word in words.split()}

_AROUND = re.compile(r"^[\d\W_]+|[\W_]+$")
_AND_WHAT = re.compile(r"[\W_]+(?:faces?|people|persons?|images?|imgs?|pictures?|pics?|photos?)$")


def expression_of(name: str) -> Expression | None:
    """The expression a class's name means, or None where that is not certain.

    Case, a number in front, and faces or images behind do not matter. A bare number means nothing:
    sets count their classes in different orders.

    >>> expression_of("3_Happy").name, expression_of("joy faces").name, expression_of("3")
    ('happiness', 'happiness', None)
    """
    return _EXPRESSIONS.get(_AND_WHAT.sub("", _plain(name)))


def split_of_name(name: str) -> str | None:
    """The split that a folder, file or cell names, or None.

    >>> split_of_name("Training"), split_of_name("valid"), split_of_name("happy")
    ('train', 'val', None)
    """
    return _SPLIT_OF.get(_plain(name).replace("_", "").replace("-", "").replace(" ", ""))


def split_of_file(stem: str) -> str | None:
    """The split that a list's or Parquet file's name tells, or None.

    >>> split_of_file("train-00000-of-00002"), split_of_file("labels_test"), split_of_file("faces")
    ('train', 'test', None)
    """
    found = {split for word in re.split(r"[\W_\d]+", stem) if (split := split_of_name(word))}
    return found.pop() if len(found) == 1 else None


def _plain(name: str) -> str:
    return _AROUND.sub("", unicodedata.normalize("NFKC", name).casefold())
