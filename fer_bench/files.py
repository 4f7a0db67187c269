"""Files that are either whole or absent: write to a temporary name, then replace."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fer_bench.errors import FerBenchError

WEIGHTS = Path("data/weights")
"""Where added weights lie."""
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
"""Characters that nobody sees, and that some programs take for line breaks and others do not."""


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Yield a temporary file path beside `path`; on success it replaces `path`.

    If the block raises, `path` is left as it was and the temporary file is removed. What could not
    be written is an OSError that names `path`.
    """
    path = Path(path)
    with _about(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_left_over(path.parent, path.stem)
        handle, name = tempfile.mkstemp(
            prefix=_mine(path.stem), suffix=path.suffix, dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path | str) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; on success it replaces `path` as a whole.

    Errors are as `replacing` has them.
    """
    path = Path(path)
    with _about(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_left_over(path.parent, path.name)
        temporary = Path(tempfile.mkdtemp(prefix=_mine(path.name), dir=path.parent))
        try:
            yield temporary
            _open_to_all(temporary)
            _put(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def write_text(path: Path | str, text: str) -> None:
    """Write `text` as UTF-8 with Unix line ends, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path | str, value: Any) -> None:
    """Write `value` as indented JSON with sorted keys, so that equal values give equal bytes."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path | str) -> Any:
    """Read a JSON file; raises FerBenchError when it is missing or broken."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FerBenchError(
            f"{path} is missing; an earlier stage writes it: run `fer-bench sweep`"
        ) from error
    except ValueError as error:
        raise FerBenchError(
            f"{path} is not valid JSON ({error}): delete it and run again"
        ) from error


def read_yaml(path: Path | str) -> Any:
    """Read a YAML file as `parse_yaml` does; raises FerBenchError when it is missing or broken."""
    try:
        return parse_yaml(Path(path).read_text(encoding="utf-8"), str(path))
    except FileNotFoundError as error:
        raise FerBenchError(
            f"{path} not found: run fer-bench in the folder that holds it"
        ) from error
    except UnicodeDecodeError as error:
        raise FerBenchError(f"{path} is not valid YAML, which is UTF-8: {error}") from error


def parse_yaml(text: str, where: str) -> Any:
    """A YAML text as DVC reads it, too: by version 1.2, in which 010 is ten and `yes` a word.

    Args:
        text: the document.
        where: named in the message.

    Raises:
        FerBenchError: it is none, gives a key or `<<` twice, or holds `UNSEEN` characters.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    text = text.removeprefix("\ufeff")
    if found := UNSEEN.search(text):
        lines = text.count("\n", 0, found.start())
        raise FerBenchError(f"{where} line {lines + 1}: {unseen(found)}")
    try:
        value = YAML(typ="safe").load(text)
        if found := next(filter(None, map(UNSEEN.search, _texts(value))), None):
            raise FerBenchError(f"{where}: {found.string!r}: {unseen(found)}")
        return value
    except (YAMLError, ValueError, RecursionError, TypeError) as error:
        mark = getattr(error, "problem_mark", None)
        at = f" line {mark.line + 1}" if mark else ""
        said = getattr(error, "problem", None) or error
        raise FerBenchError(f"{where}{at}: not valid YAML: {said}") from error


def unseen(found: re.Match[str]) -> str:
    """What to say of a character that `UNSEEN` found."""
    return (
        f"the invisible character U+{ord(found[0]):04X} is read as a line break by some programs "
        "and not by others: delete it"
    )


def _texts(value: Any) -> Iterator[str]:
    rest, seen = [value], set()
    while rest:
        part = rest.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict | list) and id(part) not in seen:  # aliases may go in circles
            seen.add(id(part))
            rest += [*part, *part.values()] if isinstance(part, dict) else part


def yaml_text(value: Any) -> str:
    """`value` as `parse_yaml` reads it, keys in their order."""
    from ruamel.yaml import YAML

    writer: Any = YAML(typ="safe", pure=True)
    writer.default_flow_style = writer.sort_base_mapping_type_on_output = False
    writer.width = 100
    writer.dump(value, stream := io.StringIO())
    return stream.getvalue()


def sha256_file(path: Path | str) -> str:
    """SHA-256 of a file's bytes, as hex."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_json(value: Any) -> str:
    """SHA-256 of a JSON value, independent of key order."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def check_room(folder: Path, needed: int, what: str) -> None:
    """Make sure that a disk has room before anything is written to it.

    Args:
        folder: where it goes, or the nearest folder above it that exists.
        needed: bytes, as far as is known.
        what: what needs them, for the message.

    Raises:
        FerBenchError: it is too small.
    """
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise FerBenchError(
            f"{what} takes about {needed / 2**30:,.1f} GiB, but the disk of {folder} has "
            f"{free / 2**30:,.1f} GiB left: make room, then run the same command again."
        )


def _put(made: Path, path: Path) -> None:
    """Move the folder `made` to `path`; what is there goes, as a whole, only just before."""
    if not path.exists():
        os.replace(made, path)
        return
    going = Path(tempfile.mkdtemp(prefix=_mine(path.name), dir=path.parent))
    try:
        os.replace(path, going / path.name)
        try:
            os.replace(made, path)
        except OSError:
            os.replace(going / path.name, path)
            raise
    finally:
        shutil.rmtree(going, ignore_errors=True)


@contextmanager
def _about(path: Path) -> Iterator[None]:
    """Let what could not be written be an OSError that names `path`, whatever library wrote it."""
    hidden = f"/.{path.stem}."
    try:
        yield
    except OSError as error:
        if error.filename is None or hidden in f"{error.filename} {error.filename2}":
            error.filename, error.filename2 = str(path), None
        raise
    except FerBenchError:
        raise
    except Exception as error:
        said = re.search(r"\(os error (\d+)\)", str(error))  # safetensors, which has its own class
        if said is None:
            raise
        raise OSError(int(said[1]), os.strerror(int(said[1])), str(path)) from error


def _mine(name: str) -> str:
    """How temporary names of this process for `name` begin."""
    return f".{name}.{platform.node()}-{os.getpid()}."


def _remove_left_over(folder: Path, name: str) -> None:
    """Remove what processes of this machine that are gone left half-written for `name`."""
    begin = f".{name}.{platform.node()}-"
    for entry in os.scandir(folder):
        if entry.name.startswith(begin):
            pid = entry.name.removeprefix(begin).partition(".")[0]
            if pid.isdigit() and not _is_alive(int(pid)):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    Path(entry.path).unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    if os.name != "posix":
        return True  # where signal 0 would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _open_to_all(folder: Path) -> None:
    """Give all below the usual rights: mkdtemp and safetensors keep theirs to the owner."""
    mask = _umask()
    os.chmod(folder, 0o777 & ~mask)
    for entry in folder.rglob("*"):
        if not entry.is_symlink():
            os.chmod(entry, (0o777 if entry.is_dir() else 0o666) & ~mask)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
