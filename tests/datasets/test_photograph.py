"""Reading image files of every kind that turns up in face sets."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from fer_bench.datasets.photograph import read_rgb
from fer_bench.errors import FerBenchError

RAMP = np.linspace(0, 65535, 19 * 19).reshape(19, 19).astype(np.uint16)


def test_a_tiny_image_is_read(tmp_path):
    Image.new("RGB", (19, 19), (10, 20, 30)).save(tmp_path / "x.png")
    pixels = read_rgb(tmp_path / "x.png")
    assert pixels.shape == (19, 19, 3)
    assert (pixels == [10, 20, 30]).all()


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path, suffix):
    Image.fromarray(RAMP).save(tmp_path / f"x.{suffix}")
    pixels = read_rgb(tmp_path / f"x.{suffix}")
    assert pixels.dtype == np.uint8
    for channel in range(3):
        assert np.abs(pixels[..., channel] - RAMP / 257.0).max() <= 0.51
    assert (pixels[0, 0, 0], pixels[-1, -1, 0]) == (0, 255)


def test_sixteen_bit_pgm_is_scaled_too(tmp_path):
    (tmp_path / "x.pgm").write_bytes(b"P5 19 19 65535\n" + RAMP.astype(">u2").tobytes())
    assert np.abs(read_rgb(tmp_path / "x.pgm")[..., 1] - RAMP / 257.0).max() <= 0.51


def test_sixteen_bit_colour_is_scaled(tmp_path):
    """A PNG of one pixel, written by hand: Pillow cannot write this kind."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    pixel = struct.pack(">3H", 0, 128 * 257, 65535)
    (tmp_path / "x.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" + pixel))
        + chunk(b"IEND", b"")
    )
    assert read_rgb(tmp_path / "x.png").tolist() == [[[0, 128, 255]]]


def test_floating_point_pixels_have_no_agreed_range(tmp_path):
    Image.fromarray(RAMP.astype(np.float32) / 65535).save(tmp_path / "x.tiff")
    with pytest.raises(FerBenchError, match=r"x\.tiff has pixels of an unusual kind \(float32"):
        read_rgb(tmp_path / "x.tiff")


@pytest.mark.parametrize(
    ("ink", "colour"),
    [((0, 0, 0, 0), (255, 255, 255)), ((0, 0, 0, 255), (0, 0, 0)), ((0, 255, 255, 0), (255, 0, 0))],
)
def test_cmyk_becomes_rgb(tmp_path, ink, colour):
    Image.new("CMYK", (16, 16), ink).save(tmp_path / "x.jpg", quality=95)
    assert np.abs(read_rgb(tmp_path / "x.jpg").astype(int) - colour).max() <= 6


def test_a_damaged_description_of_the_camera_does_not_cost_the_picture(tmp_path):
    said = PngInfo()
    said.add_text("Raw profile type exif", "\nexif\n4\nzz")  # no hexadecimal number
    ramp = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 6))
    ramp.save(tmp_path / "x.png", pnginfo=said)
    with (
        pytest.raises(ValueError, match="non-hexadecimal"),
        Image.open(tmp_path / "x.png") as image,
    ):
        image.getexif()
    assert np.array_equal(read_rgb(tmp_path / "x.png")[..., 0], np.asarray(ramp))


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_an_animation_is_named_as_such(tmp_path, suffix):
    frames = [Image.new("RGB", (20, 20), (80 * i, 0, 0)) for i in range(3)]
    path = tmp_path / f"x.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with pytest.raises(FerBenchError, match=rf"x\.{suffix} is an animation \(3 frames\)"):
        read_rgb(path)


def test_several_pages_are_no_photograph(tmp_path):
    pages = [Image.new("L", (20, 20), 80 * i) for i in range(2)]
    pages[0].save(tmp_path / "x.tiff", save_all=True, append_images=pages[1:])
    with pytest.raises(FerBenchError, match=r"several pages \(2 frames\)"):
        read_rgb(tmp_path / "x.tiff")


def test_a_still_gif_and_a_camera_file_with_a_preview_are_photographs(tmp_path):
    Image.new("RGB", (20, 20), (0, 0, 255)).save(tmp_path / "x.gif")
    assert (read_rgb(tmp_path / "x.gif") == [0, 0, 255]).all()
    photograph, preview = Image.new("L", (20, 20), 200), Image.new("L", (10, 10), 0)
    photograph.save(tmp_path / "x.mpo", save_all=True, append_images=[preview])
    assert np.abs(read_rgb(tmp_path / "x.mpo").astype(int) - 200).max() <= 2


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_other_kinds_of_pixels(tmp_path, mode):
    Image.new("RGB", (20, 20), (255, 255, 255)).convert(mode).save(tmp_path / "x.png")
    assert (read_rgb(tmp_path / "x.png") == 255).all()


def with_exif(path, entries):
    """An asymmetric grey picture with EXIF tags as (tag, type, count, four bytes)."""
    tags = b"".join(struct.pack("<HHI", *head) + value for *head, value in sorted(entries))
    ifd = struct.pack("<H", len(entries)) + tags + bytes(4)
    picture = Image.fromarray(
        np.kron([[0, 90, 140], [200, 230, 255]], np.ones((8, 8))).astype("u1")
    )
    picture.save(path, exif=b"Exif\0\0II*\0" + struct.pack("<I", 8) + ifd, quality=100)


@pytest.mark.parametrize("lies", range(10))
def test_photographs_are_turned_as_pillow_turns_them(tmp_path, lies):
    with_exif(tmp_path / "x.jpg", [(0x112, 3, 1, struct.pack("<HH", lies, 0))])
    with Image.open(tmp_path / "x.jpg") as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    assert (read_rgb(tmp_path / "x.jpg") == expected).all()


def test_a_photograph_is_turned_though_another_tag_cannot_be_written_again(tmp_path):
    resolution = (0x11A, 2, 4, b"300\0")  # text, where two whole numbers belong
    with_exif(tmp_path / "x.jpg", [(0x112, 3, 1, struct.pack("<HH", 6, 0)), resolution])
    with Image.open(tmp_path / "x.jpg") as image, pytest.raises(TypeError):
        ImageOps.exif_transpose(image)
    assert read_rgb(tmp_path / "x.jpg").shape == (24, 16, 3)
