import numpy as np
import pytest
from PIL import Image
from tiny_source import TinySource, spec

from fer_bench.datasets.pack import Pack
from fer_bench.errors import FerBenchError
from fer_bench.faces import align as align_module
from fer_bench.faces.align import align
from fer_bench.faces.face_frame import FaceFrame, estimate_yaw, jaw_points
from fer_bench.faces.geometry import apply
from fer_bench.faces.mask import mask
from fer_bench.faces.mask_art import KINDS, WEIGHTS, draw_mask, flat_picture
from fer_bench.faces.sheet import CAPTION, CELL, contact_sheet
from fer_bench.faces.wear_mask import STYLES, wear_mask

BOX = (0.0, 0.0, 300.0, 300.0)


def _changed(image, worn):
    return np.abs(worn.image.astype(int) - image.astype(int)).max(axis=2) > 25


def _turned(landmarks, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    middle = landmarks.mean(axis=0)
    return (landmarks - middle) @ np.array([[c, s], [-s, c]]) + middle


def _yawed(landmarks, shift):
    """The nose moved along the eyes by `shift` eye distances, as in a turned face."""
    moved = landmarks.copy()
    moved[2] += shift * (landmarks[1] - landmarks[0])
    return moved


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("sample", [f"s{i}" for i in range(12)])
def test_mouth_nose_and_chin_are_covered_and_the_eyes_are_not(plain_face, style, sample):
    image, landmarks = plain_face
    worn = wear_mask(image, landmarks, BOX, sample, style)
    assert worn.status == "worn"
    shift = np.abs(worn.image.astype(int) - image.astype(int)).mean(axis=2)

    def around(point, reach):
        x, y = np.round(point).astype(int)
        return shift[y - reach : y + reach + 1, x - reach : x + reach + 1]

    points = jaw_points(landmarks)
    chin = 0.05 * points.bridge + 0.95 * points.chin
    cheeks = [0.7 * side + 0.3 * points.chin for side in (points.left, points.right)]
    inside = [*landmarks[2:], chin, *cheeks]
    for point in inside:
        assert around(point, 2).mean() > 5
    for eye in landmarks[:2]:
        assert around(eye, 5).max() == 0
    assert shift[: int(landmarks[:2, 1].min()) - 12].max() == 0


@pytest.mark.parametrize("style", STYLES)
def test_the_same_sample_always_gets_the_same_mask(plain_face, style):
    image, landmarks = plain_face
    before = image.copy()
    first = wear_mask(image, landmarks, BOX, "s7", style)
    draw_mask.cache_clear()
    np.random.seed(3)  # noqa: NPY002 - the global state must not matter
    again = wear_mask(image, landmarks, BOX, "s7", style)
    np.testing.assert_array_equal(first.image, again.image)
    assert first.kind == again.kind
    np.testing.assert_array_equal(image, before)


def test_mixed_varies_by_sample_and_blue_does_not(plain_face):
    image, landmarks = plain_face
    mixed = {wear_mask(image, landmarks, BOX, f"s{i}", "mixed").kind for i in range(40)}
    assert len(mixed) >= 6
    assert {k.split("_")[0] for k in mixed} == {"surgical", "cloth", "n95"}
    blue = [wear_mask(image, landmarks, BOX, f"s{i}", "blue") for i in range(2)]
    assert blue[0].kind == "surgical_blue"
    np.testing.assert_array_equal(blue[0].image, blue[1].image)


def _tilt(changed):
    """Slope in degrees of the mask's widest direction, from its second moments."""
    ys, xs = np.nonzero(changed)
    _, vectors = np.linalg.eigh(np.cov(xs, ys))
    x, y = vectors[:, 1]
    return np.degrees(np.arctan(y / x))


@pytest.mark.parametrize("degrees", [-20, 20])
def test_mixed_tilts_with_the_face_and_blue_stays_upright(plain_face, degrees):
    image, landmarks = plain_face
    tilted = _turned(landmarks, degrees)
    sample = next(
        s for s in map(str, range(99))
        if wear_mask(image, landmarks, BOX, s, "mixed").kind == "surgical_black"
    )  # fmt: skip
    mixed = _tilt(_changed(image, wear_mask(image, tilted, BOX, sample, "mixed")))
    assert mixed == pytest.approx(degrees, abs=4)
    art = np.asarray(flat_picture("surgical_blue", (220, 203)))[..., 3] > 128
    blue = _changed(image, wear_mask(image, tilted, BOX, sample, "blue"))
    ys, xs = np.nonzero(blue)
    cut = blue[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    same = Image.fromarray(art).resize(cut.shape[::-1])
    # upright: the very outline of the flat picture, though its halves may differ in width
    assert (np.asarray(same) == cut).mean() > 0.93


def test_blue_has_the_size_the_tool_gives_it(plain_face):
    image, landmarks = plain_face
    points = jaw_points(landmarks)
    changed = _changed(image, wear_mask(image, landmarks, BOX, "s", "blue"))
    ys, xs = np.nonzero(changed)
    assert ys.max() - ys.min() + 1 == pytest.approx(points.chin[1] - points.bridge[1], abs=5)
    width = 1.2 * (points.right[0] - points.left[0])
    assert xs.max() - xs.min() + 1 == pytest.approx(width, abs=5)
    assert ys.min() == pytest.approx(points.bridge[1], abs=3)


@pytest.mark.parametrize("shift", [-0.25, 0.25])
def test_the_half_turned_away_is_narrower(plain_face, shift):
    _, landmarks = plain_face
    frame = FaceFrame.of(_yawed(landmarks, shift))
    left = np.hypot(*(frame.to_image(-0.9, 0.6) - frame.to_image(0, 0.6)))
    right = np.hypot(*(frame.to_image(0.9, 0.6) - frame.to_image(0, 0.6)))
    near, far = (left, right) if shift > 0 else (right, left)
    assert near > 1.5 * far
    even = FaceFrame.of(landmarks)
    halves = [np.hypot(*(even.to_image(s * 0.9, 0.6) - even.to_image(0, 0.6))) for s in (-1, 1)]
    assert halves[0] == pytest.approx(halves[1], rel=0.1)


@pytest.mark.parametrize("shift", [-0.2, 0.0, 0.1])
def test_image_and_mask_coordinates_are_inverse(plain_face, shift):
    _, landmarks = plain_face
    frame = FaceFrame.of(_turned(_yawed(landmarks, shift), 15))
    frame = FaceFrame(frame.bridge, frame.across, frame.down, frame.yaw, (0.0, 0.3))  # no bulge
    for a, b in ((0, 0), (0, 1), (-0.7, 0.4), (0.6, 0.8)):
        a_back, b_back, _ = frame.to_mask(frame.to_image(a, b))
        assert (float(a_back), float(b_back)) == pytest.approx((a, b), abs=1e-9)


def test_yaw_has_a_sign_and_ignores_tilt_size_and_place(plain_face):
    _, landmarks = plain_face
    assert abs(estimate_yaw(landmarks)) < 3
    turned = _yawed(landmarks, 0.2)
    assert 20 < estimate_yaw(turned) < 35
    similar = apply(np.array([[2.0, -1, 40], [1, 2, 9]]), turned)
    assert estimate_yaw(similar) == pytest.approx(estimate_yaw(turned))


def test_statuses(plain_face):
    image, landmarks = plain_face
    for style in STYLES:
        steep = wear_mask(image, _yawed(landmarks, 0.4), BOX, "s", style)
        assert steep.status == "worn_steep_yaw"
        fallback = wear_mask(image, None, BOX, "s", style)
        assert fallback.status == "centre_fallback"
        y, x = int(300 * 92.3 / 112), 150  # the mouth of an aligned face
        assert (
            fallback.image[y - 9 : y + 9, x - 9 : x + 9] != image[y - 9 : y + 9, x - 9 : x + 9]
        ).mean() > 0.8


def test_a_face_at_or_over_the_border_is_clipped_not_an_error(plain_face):
    image, landmarks = plain_face
    for offset in ([-170, 0], [160, 0], [0, 120], [0, 400], [-900, -900]):
        for style in STYLES:
            worn = wear_mask(image, landmarks + offset, BOX, "s", style)
            assert worn.image.shape == image.shape


def test_a_grey_photograph_stays_grey(plain_face):
    image, landmarks = plain_face
    grey = image.mean(axis=2).astype(np.uint8)[..., None].repeat(3, axis=2)
    for i in range(6):
        worn = wear_mask(grey, landmarks, BOX, f"s{i}", "mixed").image.astype(int)
        assert (worn.max(axis=2) - worn.min(axis=2)).max() <= 1
        assert (worn != grey).any()


def test_a_mask_is_darker_in_the_dark(plain_face):
    image, landmarks = plain_face
    dark = (image * 0.3).astype(np.uint8)
    mouth = landmarks[3:].mean(axis=0).astype(int)
    day = wear_mask(image, landmarks, BOX, "s0", "mixed").image[mouth[1], mouth[0]].mean()
    night = wear_mask(dark, landmarks, BOX, "s0", "mixed").image[mouth[1], mouth[0]].mean()
    assert night < 0.8 * day


def test_unknown_style_and_kind_name_the_nearest(plain_face):
    image, landmarks = plain_face
    with pytest.raises(FerBenchError, match="did you mean 'blue'"):
        wear_mask(image, landmarks, BOX, "s", "blu")
    with pytest.raises(FerBenchError, match="did you mean"):
        draw_mask("surgical_bleu")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_opaque_in_the_middle_and_clear_outside(kind):
    art = draw_mask(kind)
    assert art.texture.dtype == np.float32
    assert 0 <= art.texture.min() <= art.texture.max() <= 1
    alpha = art.texture[..., 3]
    np.testing.assert_allclose(alpha, alpha[:, ::-1], atol=1e-5)
    assert alpha[alpha.shape[0] // 2, alpha.shape[1] // 2] == 1
    assert alpha[0].max() == alpha[:, 0].max() == 0
    assert 0.35 < (alpha > 0.5).mean() < 0.85
    assert len(WEIGHTS) == len(KINDS)


@pytest.fixture
def base(tmp_path, monkeypatch, drawn_faces):
    """A base pack of drawn faces and one picture without a face; the source can be changed."""

    class Faces(TinySource):
        brightness = 0

        def load(self, root, row, options):
            number = int(row["sample_id"][1:])
            if number == 3:
                return np.full((50, 70, 3), 140, np.uint8)
            return drawn_faces[number][0] + np.uint8(self.brightness)

    source = Faces(rows=4)
    monkeypatch.setattr(align_module, "get_source", lambda name: source)
    align(spec("mtcnn", size=96), tmp_path / "tiny", workers=1, work=tmp_path / "work")
    return source, tmp_path / "tiny"


def _mask_spec(style, **more):
    return spec("mtcnn", **{"size": 96, "pack": "tiny_masked", "mask_style": style, **more})


@pytest.mark.parametrize("style", STYLES)
def test_masked_pack_is_the_base_pack_with_masks(base, tmp_path, style):
    _, folder = base
    out = tmp_path / "tiny_masked"
    mask(_mask_spec(style), folder, out, workers=1, work=tmp_path / "work")
    plain, masked = Pack.open(folder), Pack.open(out)
    assert list(masked.manifest.columns) == [
        *plain.manifest.columns, "mask_status", "mask_kind",
    ]  # fmt: skip
    assert list(masked.manifest["sample_id"]) == list(plain.manifest["sample_id"])
    status = list(masked.manifest["mask_status"])
    assert status == ["worn", "worn", "worn", "centre_fallback"]
    for i in range(3):
        before, after = plain.faces[i].astype(int), masked.faces[i].astype(int)
        # the same crop: nothing differs above the eyes; the mouth does
        np.testing.assert_array_equal(after[:38], before[:38])
        assert np.abs(after[72:88, 36:60] - before[72:88, 36:60]).mean() > 8
    assert list((tmp_path / "work").iterdir()) == []


def test_masks_refuse_images_that_changed_since_alignment(base, tmp_path):
    source, folder = base
    source.brightness = 3
    with pytest.raises(FerBenchError, match="'t000' of tiny has changed"):
        mask(_mask_spec("blue"), folder, tmp_path / "m", workers=1, work=tmp_path / "work")


def test_masks_refuse_another_size_style_or_source(base, tmp_path):
    source, folder = base
    with pytest.raises(FerBenchError, match=r"holds faces of 96 pixels but .* asks for 80"):
        mask(_mask_spec("blue", size=80), folder, tmp_path / "m", workers=1, work=tmp_path / "w")
    with pytest.raises(FerBenchError, match="mask_style is None"):
        mask(_mask_spec(None), folder, tmp_path / "m", workers=1, work=tmp_path / "w")
    source.rows = 3
    with pytest.raises(FerBenchError, match=r"4 and 3.*Align source tiny again"):
        mask(_mask_spec("blue"), folder, tmp_path / "m", workers=1, work=tmp_path / "w")


def test_contact_sheet_shows_the_faces_of_a_pack(base, tmp_path):
    _, folder = base
    out = tmp_path / "m"
    mask(_mask_spec("mixed"), folder, out, workers=1, work=tmp_path / "work")
    contact_sheet(out, tmp_path / "sheet.png", n=40)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (4 * CELL, CELL + CAPTION)
        face = Image.fromarray(np.asarray(Pack.open(out).faces[1]))
        large = face.resize((CELL, CELL), Image.Resampling.LANCZOS)
        np.testing.assert_array_equal(np.asarray(sheet)[:CELL, CELL : 2 * CELL], np.asarray(large))
    with pytest.raises(FerBenchError, match="at least one face"):
        contact_sheet(out, tmp_path / "sheet.png", n=0)


def _official_spec(style):
    return spec("official", **{"size": 96, "pack": "tiny_masked", "mask_style": style})


@pytest.mark.parametrize("style", STYLES)
def test_masks_find_their_place_where_the_pack_has_no_landmarks(official, tmp_path, style, capsys):
    _, folder = official
    out = tmp_path / "tiny_masked"
    counts = mask(_official_spec(style), folder, out, workers=1, work=tmp_path / "work")
    assert counts == {"worn": 3, "centre_fallback": 1}
    assert "1 centre_fallback, 3 worn" in capsys.readouterr().out
    plain, masked = Pack.open(folder), Pack.open(out)
    assert list(masked.manifest["mask_status"]) == ["worn"] * 3 + ["centre_fallback"]
    assert masked.manifest["landmarks"].isna().all()  # the crop is the owner's
    assert list(masked.manifest["box"][0]) == [0, 0, 48, 48]
    for i in range(3):
        before, after = plain.faces[i].astype(int), masked.faces[i].astype(int)
        assert np.abs(after[:24] - before[:24]).max() < 3  # no more than the edge of a shadow
        assert np.abs(after[62:80, 36:60] - before[62:80, 36:60]).mean() > 8
