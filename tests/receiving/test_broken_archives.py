"""Archives broken or hostile in many ways: each has its own clear error, and nothing is left."""

import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile

import pytest
from receiving_miniature import LEGEND, folder, members, tarred, zipped

from fer_bench.errors import FerBenchError
from fer_bench.receiving import guards
from fer_bench.receiving import unpack as unpacking


def zip_with(path, name, content=b"x", mode=None, **info):
    zipped(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo(name)
        member.compress_type = zipfile.ZIP_DEFLATED
        if mode is not None:
            member.external_attr = mode << 16
        archive.writestr(member, content)
    return path


def tar_with(path, name, kind=tarfile.REGTYPE, link="", content=b""):
    with tarfile.open(path, "w:gz") as archive:
        for good, data in members().items():
            info = tarfile.TarInfo(good)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.size = kind, link, len(content)
        archive.addfile(info, io.BytesIO(content))
    return path


def cut(path, keep):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    return path


def corrupt(path):
    data = bytearray(path.read_bytes())
    for i in range(200, 260):
        data[i] ^= 0xFF
    path.write_bytes(bytes(data))
    return path


def locked(path):
    """Set the encrypted bit of every member, in both places a zip keeps it."""
    data = bytearray(zipped(path).read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(magic)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(magic, at + 4)
    path.write_bytes(bytes(data))
    return path


def other(path, content):
    path.write_bytes(content)
    return path


def huge_header(path):
    """A small tar.gz whose second member has an extended header of 40 MiB."""
    content = b"\0" * (40 * 2**20)
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, len(content)
    plain = tarred(path.with_name("plain.tar"), {"LICENSE": b"x"}, mode="w").read_bytes()[:1024]
    path.write_bytes(gzip.compress(plain + info.tobuf(tarfile.USTAR_FORMAT) + content))
    path.with_name("plain.tar").unlink()
    return path


LINK = stat.S_IFLNK | 0o777
BROKEN = {
    "cut zip": (lambda p: cut(zipped(p / "a.zip"), 0.6), "cut off"),
    "cut tar.gz": (lambda p: cut(tarred(p / "a.tgz"), 0.6), "damaged or cut off"),
    "cut tar": (lambda p: cut(tarred(p / "a.tar", mode="w"), 0.31), "damaged or cut off"),
    "corrupt zip": (lambda p: corrupt(zipped(p / "a.zip")), "damaged or cut off"),
    "corrupt xz": (lambda p: corrupt(tarred(p / "a.xz", mode="w:xz")), "damaged|damaged or cut"),
    "zero bytes": (lambda p: other(p / "a.zip", b""), "empty \\(0 bytes\\)"),
    "not an archive": (lambda p: other(p / "a.zip", b"<html>sorry</html>" * 99), "neither a zip"),
    "password": (lambda p: locked(p / "a.zip"), "needs a password"),
    "zip: up": (lambda p: zip_with(p / "a.zip", "../../evil.txt"), "leads out"),
    "zip: absolute": (lambda p: zip_with(p / "a.zip", "/evil.txt"), "absolute"),
    "zip: drive": (lambda p: zip_with(p / "a.zip", "C:/evil.txt"), "absolute or foreign"),
    "zip: backslash": (lambda p: zip_with(p / "a.zip", "..\\evil.txt"), "absolute or foreign"),
    "zip: link": (lambda p: zip_with(p / "a.zip", "l", b"/etc/passwd", LINK), "a link"),
    "zip: device": (lambda p: zip_with(p / "a.zip", "d", b"", stat.S_IFCHR), "a device"),
    "zip: file as folder": (
        lambda p: zip_with(p / "a.zip", "set-5fb9c13/LICENSE/x"), "both a file and a folder",
    ),
    "tar: up": (lambda p: tar_with(p / "a.tgz", "a/../../evil"), "leads out"),
    "tar: absolute": (lambda p: tar_with(p / "a.tgz", "/evil"), "absolute"),
    "tar: symlink": (lambda p: tar_with(p / "a.tgz", "l", tarfile.SYMTYPE, "/etc"), "a link"),
    "tar: hard link": (lambda p: tar_with(p / "a.tgz", "l", tarfile.LNKTYPE, "LICENSE"), "a link"),
    "tar: device": (lambda p: tar_with(p / "a.tgz", "d", tarfile.CHRTYPE), "a device"),
    "tar: pipe": (lambda p: tar_with(p / "a.tgz", "d", tarfile.FIFOTYPE), "a device"),
    "tar: twice": (lambda p: tar_with(p / "a.tgz", "LICENSE", content=b"x"), "comes twice"),
    "tar: folder up": (lambda p: tar_with(p / "a.tgz", "../x", tarfile.DIRTYPE), "leads out"),
    "tar: huge header": (lambda p: huge_header(p / "a.tgz"), "unreasonable size"),
    "rar": (lambda p: other(p / "a.rar", b"Rar!\x1a\x07\x01\x00rest"), "`unrar x` or `7z x`"),
    "rar without its ending": (lambda p: other(p / "a", b"Rar!\x1a\x07\x00rest"), "a RAR archive"),
    "rar of parts": (
        lambda p: other(p / "a.part2.rar", b"Rar!\x1a\x07\x00rest"), "number 1 is missing",
    ),
    "7z": (lambda p: other(p / "a.7z", b"7z\xbc\xaf\x27\x1crest"), "a 7z archive.*`7z x`"),
    "zip of parts": (
        lambda p: other(p / "a.z01", b"PK\x07\x08" + zipped(p / "b").read_bytes()[:500]),
        r"a\.zip is missing, to which a\.z01 belongs",
    ),
    "no images": (lambda p: zipped(p / "a.zip", {"data/legend.csv": b"x"}), "no images among"),
    "nothing inside": (lambda p: zipped(p / "a.zip", {}), "no files"),
    "no legend": (
        lambda p: zipped(p / "a.zip", {"images/a_1.jpg": b"x"}), "expected: one data/legend.csv",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_refused_with_a_reason_and_nothing_left(case, tmp_path, house):
    make, message = BROKEN[case]
    archive = make(tmp_path)
    around = set(tmp_path.parent.rglob("*"))
    with pytest.raises(FerBenchError, match=message) as caught:
        house.add(archive)
    assert archive.name in str(caught.value)
    assert house.files() == []
    assert set(tmp_path.parent.rglob("*")) - around <= {
        house.raw.parent, house.raw,
    }  # fmt: skip


def test_padding_is_no_way_around_the_limits(tmp_path, house, monkeypatch):
    monkeypatch.setattr(guards, "SMALL", 2**20)
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as archive:
        for i in range(9000):
            info = tarfile.TarInfo(f"{i}")
            info.type = tarfile.DIRTYPE
            archive.addfile(info)
    with pytest.raises(FerBenchError, match="more headers and padding than content"):
        house.add(tmp_path / "a.tgz")
    assert house.files() == []


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_bomb(pack, tmp_path, house, monkeypatch):
    monkeypatch.setattr(guards, "SMALL", 2**20)
    bomb = pack(tmp_path / "bomb", {"images/a_1.jpg": b"\0" * (40 * 2**20)})
    assert bomb.stat().st_size < 100_000
    with pytest.raises(FerBenchError, match="decompression bomb"):
        house.add(bomb)
    assert house.files() == []


def test_a_zip_that_lies_about_sizes_is_measured(tmp_path, house, monkeypatch):
    monkeypatch.setattr(guards, "SMALL", 2**20)
    data = bytearray(zipped(tmp_path / "a.zip", {"images/a_1.jpg": b"\0" * 2**24}).read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)  # claims ten bytes
    (tmp_path / "a.zip").write_bytes(bytes(data))
    with pytest.raises(FerBenchError, match=r"damaged|bomb"):
        house.add(tmp_path / "a.zip")
    assert house.files() == []


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [("max_files", 3, "more files than"), ("max_bytes", 1000, "expands to more than")],
)
def test_caps_hold_over_all_archives_together(limit, value, message, tmp_path, house, monkeypatch):
    from fer_bench.datasets.facial_expressions import FacialExpressions

    monkeypatch.setattr(FacialExpressions, limit, value)
    files = members()
    halves = [dict(list(files.items())[:3]), dict(list(files.items())[3:])]
    archives = [zipped(tmp_path / f"{i}.zip", half) for i, half in enumerate(halves)]
    with pytest.raises(FerBenchError, match=message):
        house.add(*archives)
    assert house.files() == []


CONTENT = {
    "unreadable image": ({"images/Bob_Roy_1.jpg": b"not a jpeg"}, "1 of 5 images.*not an image"),
    "empty image": ({"images/Bob_Roy_1.jpg": b""}, "1 of 5 images.*0 bytes"),
    "cut image": (
        {"images/Bob_Roy_1.jpg": members()["images/Bob_Roy_1.jpg"][:-90]}, "damaged or truncated",
    ),
    "label out of range": (
        {"data/legend.csv": LEGEND.replace("FEAR", "11").encode()}, "line 5: unknown emotion '11'",
    ),
    "empty legend": ({"data/legend.csv": b""}, "wrong columns"),
    "legend of other images": (
        {"data/legend.csv": b"user.id,image,emotion\n1,zoe_1.jpg,fear\n"}, "none of the 1 images",
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", [folder, zipped, tarred])
@pytest.mark.parametrize("case", CONTENT)
def test_wrong_content(case, form, tmp_path, house):
    change, message = CONTENT[case]
    given = form(tmp_path / "given", members() | change)
    with pytest.raises(FerBenchError, match=rf"(?s)was not added \(given\): .*{message}") as caught:
        house.add(given)
    assert str(house.raw) not in str(caught.value), "names a temporary place"
    assert house.files() == []


def test_many_bad_images_are_counted_not_listed(tmp_path, house):
    bad = {name: b"" for name in members() if name.startswith("images/")}
    more = {f"images/dora_{i}.jpg": b"" for i in range(9)}
    legend = LEGEND + "".join(f"7,dora_{i}.jpg,fear\n" for i in range(9))
    given = folder(tmp_path / "mine", members() | bad | more | {"data/legend.csv": legend.encode()})
    with pytest.raises(FerBenchError, match=r"14 of 14 images(?s:.*)and 9 more"):
        house.add(given)


def test_a_link_out_of_the_given_folder_is_not_followed(tmp_path, house):
    given = folder(tmp_path / "mine")
    (tmp_path / "private.jpg").write_bytes(members()["images/cleo-3.jpg"])
    os.remove(given / "images" / "cleo-3.jpg")
    os.symlink(tmp_path / "private.jpg", given / "images" / "cleo-3.jpg")
    with pytest.raises(FerBenchError, match="link that leads out"):
        house.add(given)
    assert house.files() == []


def test_a_link_to_the_folder_is_the_folder(tmp_path, house):
    os.symlink(folder(tmp_path / "mine"), tmp_path / "link", target_is_directory=True)
    assert house.add(tmp_path / "link").receipt["images"]["present"] == 5


def test_a_full_disk_is_not_blamed_on_the_archive(tmp_path, house, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(unpacking, "_write", full)
    with pytest.raises(FerBenchError, match="No space left on device"):
        house.add(zipped(tmp_path / "a.zip"))
    assert house.files() == []
