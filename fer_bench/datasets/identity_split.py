"""Who is in a photograph, read from its file name, and the split that person belongs to.

Sets collected from the web often carry no list of people, but name their files after them
(`Given_Family_0003.jpg`). Splitting such a set by image would put the same person in train and
test; here the whole person goes to one split, decided by a hash, so that adding or losing images
never moves anybody else.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

NAMELESS = "nameless"
"""The identity of files whose name is nothing but a number.

Nothing tells such people apart, so they share one identity: a lopsided group is harmless, the same
face in train and test is not.
"""

_NUMBER = re.compile(r"[\W_]*\d+[a-z]?$")
_SEPARATORS = re.compile(r"[\W_]+")


def identity_of(file_name: str) -> str:
    """The person a file is named after: its name without extension and trailing number.

    Case and separators are ignored (`Ann_Lee_0001.jpg`, `ann-lee-12.JPG` and `AnnLee 3.jpg` are one
    person), and one letter may follow the number (`group_1234567k.jpg`).

    >>> identity_of("Ann_Lee_0001.jpg")
    'annlee'
    """
    stem = file_name.rsplit("/", 1)[-1]
    stem = stem.rsplit(".", 1)[0] if "." in stem[1:] else stem
    stem = unicodedata.normalize("NFKC", stem).casefold()
    return _SEPARATORS.sub("", _NUMBER.sub("", stem)) or NAMELESS


def split_of(identity: str, salt: str, train: float = 0.7, val: float = 0.1) -> str:
    """The split of a person: `train`, `val` or `test`, by SHA-256 of salt and identity.

    Args:
        identity: what `identity_of` returned.
        salt: names the set, and changes every draw when changed.
        train: expected share of people in train.
        val: expected share of people in val; the rest is test.
    """
    digest = hashlib.sha256(f"{salt}:{identity}".encode()).digest()
    position = int.from_bytes(digest[:8], "big") / 2**64
    if position < train:
        return "train"
    return "val" if position < train + val else "test"


def pseudonym(prefix: str, text: str) -> str:
    """`<prefix>_<12 hex>`, a stable name that does not print the person's.

    A pseudonym, not anonymity: whoever knows the name can compute the hash.
    """
    return f"{prefix}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"
