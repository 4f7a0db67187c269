"""Image files as they turn up by mistake, and what reading each must say."""

import numpy as np
from miniatures.drawing import save
from PIL import Image


def animation(format: str) -> bytes:
    """Three frames in one file."""
    import io

    frames = [Image.new("RGB", (30, 30), (80 * i, 0, 0)) for i in range(3)]
    out = io.BytesIO()
    frames[0].save(out, format, save_all=True, append_images=frames[1:])
    return out.getvalue()


def noise() -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 255, (60, 60), dtype=np.uint8)
    return Image.fromarray(pixels)


REFUSED = {
    "empty": (b"", "0 bytes"),
    "truncated": (save(noise())[:-200], "damaged or truncated"),
    "text": (b"<html>not found</html>", "not an image"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "gif": (animation("GIF"), "an animation \\(3 frames\\)"),
    "apng": (animation("PNG"), "an animation \\(3 frames\\)"),
}
"""Name -> the file's bytes, and words of the error."""

TAKEN = {
    "tiny": (save(Image.new("RGB", (19, 19), (90, 90, 90)), "PNG"), 90),
    "cmyk": (save(Image.new("CMYK", (32, 32), (0, 0, 0, 165))), 90),
    "sixteen": (save(Image.fromarray(np.full((32, 32), 90 * 257, np.uint16)), "PNG"), 90),
}
"""Name -> the file's bytes, and its one grey level."""
