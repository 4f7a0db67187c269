"""7z, RAR, AES zips and archives in parts: read through libarchive, under the same guards."""

import io
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import PurePosixPath

import pytest
from receiving_miniature import folder, members, zipped

from fer_bench.errors import FerBenchError
from fer_bench.receiving import foreign, guards
from fer_bench.receiving.volumes import JoinedFiles, whole

libarchive = pytest.importorskip("libarchive", exc_type=(ImportError, OSError, AttributeError))


def packed(path, kind="7zip", files=None, **options):
    """An archive written by libarchive."""
    with libarchive.file_writer(str(path), kind, **options) as archive:
        for name, content in (members("set-5fb9c13/") if files is None else files).items():
            archive.add_file_from_memory(name, len(content), content)
    return path


def rar(path, files):
    """A RAR 4 archive whose members are stored; a link is `("link", target)`."""

    def block(kind, flags, body, data=b""):
        head = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
        return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head + data

    out = b"Rar!\x1a\x07\x00" + block(0x73, 0, b"\0" * 6)
    for name, content in files if isinstance(files, list) else files.items():
        mode, linked = (0o100644, content)
        if isinstance(content, tuple):
            mode, linked = 0o120777, content[1].encode()
        body = struct.pack(
            "<IIBIIBBHI", len(linked), len(linked), 3, zlib.crc32(linked), 0, 20, 0x30,
            len(name.encode()), mode,
        )  # fmt: skip
        out += block(0x74, 0x8000, body + name.encode(), linked)
    path.write_bytes(out + block(0x7B, 0x4000, b""))
    return path


def cut(path, pieces, name):
    """The bytes of a file in several others."""
    data = path.read_bytes()
    size = -(-len(data) // pieces)
    made = []
    for number in range(pieces):
        made.append(path.with_name(name.format(number + 1)))
        made[-1].write_bytes(data[number * size : (number + 1) * size])
    path.unlink()
    return made


def same_as_folder(added, house, tmp_path):
    reference = house.__class__(tmp_path / "reference").add(folder(tmp_path / "reference_set"))
    return added.receipt["tree_sha256"] == reference.receipt["tree_sha256"]


def test_7z(tmp_path, house):
    assert same_as_folder(house.add(packed(tmp_path / "a.7z")), house, tmp_path)


def test_rar(tmp_path, house):
    archive = rar(tmp_path / "a.rar", members("set-5fb9c13/"))
    assert same_as_folder(house.add(archive), house, tmp_path)


def test_a_7z_inside_a_folder_is_unpacked(tmp_path, house):
    (tmp_path / "given").mkdir()
    packed(tmp_path / "given/a.7z")
    assert same_as_folder(house.add(tmp_path / "given"), house, tmp_path)


def test_parts_of_a_7z_in_any_order(tmp_path, house):
    one, two, three = cut(packed(tmp_path / "a.7z"), 3, "a.7z.{:03}")
    with pytest.raises(FerBenchError, match=r"of a\.7z, which comes in parts, number 2 is missing"):
        house.add(three, one)
    assert house.files() == []
    assert same_as_folder(house.add(three, one, two), house, tmp_path)


def test_parts_of_a_zip_that_was_cut(tmp_path, house):
    parts = cut(zipped(tmp_path / "a.zip"), 3, "a.zip.{:03}")
    assert same_as_folder(house.add(*parts), house, tmp_path)


@pytest.mark.skipif(not shutil.which("zip"), reason="needs Info-ZIP's zip to write one")
def test_a_split_zip(tmp_path, house):
    import random

    noise = random.Random(0).randbytes(200_000)
    given = folder(tmp_path / "mine", members() | {"images/noise.bin": noise})
    subprocess.run(["zip", "-qr", "-s", "64k", "../a.zip", "."], cwd=given, check=True)
    parts = sorted(tmp_path.glob("a.z*"))
    assert len(parts) > 2
    with pytest.raises(FerBenchError, match="is the last of several parts"):
        house.add(tmp_path / "a.zip")
    assert same_as_folder(house.add(*parts), house, tmp_path)


def aes_zip(path):
    options = {"options": "encryption=aes256", "passphrase": "geheim"}
    try:
        return packed(path, "zip", **options)
    except libarchive.exception.ArchiveError:
        pytest.skip("this libarchive cannot encrypt")


def test_an_aes_zip(tmp_path, house):
    archive = aes_zip(tmp_path / "a.zip")
    with pytest.raises(FerBenchError, match=r"a\.zip needs a password"):
        house.add(archive)
    with pytest.raises(FerBenchError, match=r"does not open a\.zip"):
        house.add(archive, password="wrong")
    assert house.files() == []
    assert same_as_folder(house.add(archive, password="geheim"), house, tmp_path)


HOSTILE = {
    "7z: up": (lambda p: packed(p / "a.7z", files={"../evil": b"x"}), "leads out"),
    "7z: absolute": (lambda p: packed(p / "a.7z", files={"/evil": b"x"}), "absolute"),
    "7z: cut": (lambda p: cut_short(packed(p / "a.7z")), "could not be read.*`7z x`"),
    "rar: up": (lambda p: rar(p / "a.rar", {"a/../../evil": b"x"}), "leads out"),
    "rar: absolute": (lambda p: rar(p / "a.rar", {"/evil": b"x"}), "absolute"),
    "rar: link": (lambda p: rar(p / "a.rar", {"l": ("link", "/etc/passwd")}), "a link"),
    "rar: twice": (
        lambda p: rar(p / "a.rar", [("one", b"x"), ("one", b"y")]), "twice|cannot be read",
    ),
    "rar: cut": (lambda p: cut_short(rar(p / "a.rar", {"one": b"x" * 99})), "read.*`unrar x`"),
}  # fmt: skip


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-40])
    return path


@pytest.mark.parametrize("case", HOSTILE)
def test_refused_with_a_reason_and_nothing_left(case, tmp_path, house):
    make, message = HOSTILE[case]
    with pytest.raises(FerBenchError, match=message):
        house.add(make(tmp_path))
    assert house.files() == []
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("kind", ["7z", "zip parts"])
def test_bomb(kind, tmp_path, house, monkeypatch):
    monkeypatch.setattr(guards, "SMALL", 2**20)
    files = {"images/a_1.jpg": b"\0" * (40 * 2**20)}
    if kind == "7z":
        given = [packed(tmp_path / "bomb.7z", files=files)]
    else:
        given = cut(zipped(tmp_path / "bomb.zip", files), 2, "bomb.zip.{:03}")
    assert sum(part.stat().st_size for part in given) < 100_000
    with pytest.raises(FerBenchError, match="decompression bomb"):
        house.add(*given)
    assert house.files() == []


def test_limits_hold_for_them_too(tmp_path, house, monkeypatch):
    from fer_bench.datasets.facial_expressions import FacialExpressions

    monkeypatch.setattr(FacialExpressions, "max_files", 3)
    with pytest.raises(FerBenchError, match="more files than"):
        house.add(packed(tmp_path / "a.7z"))
    assert house.files() == []


def test_without_the_library_the_tool_is_named(tmp_path, house, monkeypatch):
    archive = packed(tmp_path / "a.7z")
    monkeypatch.setitem(sys.modules, "libarchive", None)
    assert not foreign.have_library()
    with pytest.raises(FerBenchError, match=r"needs the library libarchive.*`7z x`"):
        house.add(archive)
    assert house.files() == []


def test_parts_are_put_together_by_their_names(tmp_path):
    names = ["b.part2.rar", "b.part1.rar", "c.rar", "c.r00", "c.r01", "d.z01", "d.zip", "e.zip",
             "f.7z.002", "f.7z.001"]  # fmt: skip
    found = whole((PurePosixPath("x", name), tmp_path / name) for name in names)
    assert {archive.name: [p.name for p in archive.parts] for _, archive in found} == {
        "b.rar": ["b.part1.rar", "b.part2.rar"], "c.rar": ["c.rar", "c.r00", "c.r01"],
        "d.zip": ["d.z01", "d.zip"], "e.zip": ["e.zip"], "f.7z": ["f.7z.001", "f.7z.002"],
    }  # fmt: skip
    with pytest.raises(FerBenchError, match=r"d\.zip is missing"):
        whole([(PurePosixPath("d.z01"), tmp_path)])


def test_joined_files_are_read_as_one(tmp_path):
    for number, content in enumerate((b"xxabc", b"", b"defg")):
        (tmp_path / str(number)).write_bytes(content)
    with io.BufferedReader(JoinedFiles([tmp_path / str(n) for n in range(3)], skip=2)) as stream:
        assert stream.read() == b"abcdefg"
    with JoinedFiles([tmp_path / str(n) for n in range(3)]) as stream:
        for place in (6, 1, 8, 0, 5):
            stream.seek(place)
            assert stream.read(2) == b"xxabcdefg"[place : place + 2][: len(stream_piece(place))]
        assert stream.seek(-1, io.SEEK_END) == 8


def stream_piece(place):
    """What one read gives: never more than the part that is open holds."""
    return b"xxabc"[place : place + 2] or b"defg"[place - 5 : place - 3]
