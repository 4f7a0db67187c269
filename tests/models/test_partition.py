import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.models.partition import blocks, can_cut, partition, regions, valid_m


def numbered(side):
    return torch.arange(side * side, dtype=torch.float32).view(1, 1, side, side)


def test_valid_m_at_the_papers_map_and_at_the_small_one():
    assert valid_m(28) == [1, 4, 9, 16, 25, 36, 49, 100, 196]
    assert valid_m(10) == [1, 4, 9, 16, 25]


def test_the_papers_25_patches():
    pieces = partition(numbered(28), 5)
    assert [tuple(p.shape[1:]) for p in pieces] == [
        (16, 1, 6, 6),
        (4, 1, 6, 4),
        (4, 1, 4, 6),
        (1, 1, 4, 4),
    ]
    image = numbered(28)[0, 0]
    assert torch.equal(pieces[0][0, 5, 0], image[6:12, 6:12])
    assert torch.equal(pieces[1][0, 2, 0], image[12:18, 24:])
    assert torch.equal(pieces[2][0, 1, 0], image[24:, 6:12])
    assert torch.equal(pieces[3][0, 0, 0], image[24:, 24:])


def test_even_maps_are_cut_row_by_row():
    (pieces,) = partition(numbered(10), 5)
    assert pieces.shape == (1, 25, 1, 2, 2)
    image = numbered(10)[0, 0]
    for k in range(25):
        i, j = divmod(k, 5)
        assert torch.equal(pieces[0, k, 0], image[2 * i : 2 * i + 2, 2 * j : 2 * j + 2])


def test_patches_side_by_side_are_a_map_with_channels_last():
    last = torch.randn(2, 8, 28, 28).contiguous(memory_format=torch.channels_last)
    for x in (last, last.contiguous()):
        for pieces in partition(x, 5):
            assert pieces.flatten(1, 2).is_contiguous(memory_format=torch.channels_last)
            assert pieces.flatten(1, 2).data_ptr() == pieces.data_ptr()  # no copy


@given(side=st.integers(1, 40), g=st.integers(1, 14), channels=st.integers(1, 3))
def test_patches_cover_the_map_once(side, g, channels):
    if blocks(side, g)[1] <= 0:
        return
    x = torch.arange(2 * channels * side * side).view(2, channels, side, side)
    pieces = partition(x, g)
    assert [p.shape[1] for p in pieces] == regions(side, g)
    assert sum(p.shape[1] for p in pieces) == g * g
    cells = torch.cat([p.transpose(1, 2).flatten(2) for p in pieces], 2)
    assert torch.equal(cells.sort(2).values, x.flatten(2))


def test_the_released_bottom_strip_is_rows_folded():
    strip = numbered(28)[0, 0, 24:, :24]
    right, wrong = partition(numbered(28), 5), partition(numbered(28), 5, folded_strip=True)
    assert wrong[2].shape == right[2].shape
    for j in range(4):
        assert torch.equal(wrong[2][0, j, 0], strip[j].view(4, 6))
    assert not torch.equal(wrong[2], right[2])
    for k in (0, 1, 3):
        assert torch.equal(wrong[k], right[k])


def test_folding_keeps_channels_and_images_apart():
    x = torch.arange(2 * 3 * 28 * 28).view(2, 3, 28, 28)
    folded = partition(x, 5, folded_strip=True)[2]
    for batch in range(2):
        for channel in range(3):
            for j in range(4):
                row = x[batch, channel, 24 + j, :24]
                assert torch.equal(folded[batch, j, channel].flatten(), row)


def test_without_a_strip_folding_does_nothing():
    assert torch.equal(partition(numbered(10), 5)[0], partition(numbered(10), 5, True)[0])


@pytest.mark.parametrize("m", [0, -4, 2, 24, 64, 81, 121, 144, 169, 225, 784, 900])
def test_other_m_are_refused_at_28(m):
    assert not can_cut(28, m)
    with pytest.raises(FerBenchError, match=f"m={m} does not cut the 28x28"):
        models.build("scan_cci", m=m)


def test_refusal_names_what_would_do():
    with pytest.raises(FerBenchError, match="nearest valid m at 224 px: 36, 49, 100") as caught:
        models.build("scan_cci", m=64)
    # 8 a side cuts 24 cells (block 3) and 29 (block 4, last 1).
    assert "nearest sizes for m=64: 192 or 232" in str(caught.value)
    with pytest.raises(FerBenchError, match="m=36 does not cut the 10x10"):
        models.build("scan_cci", backbone="resnet18_slim", size=80, m=36)


@pytest.mark.parametrize("m", [1, 4, 9, 16, 25])
def test_every_valid_m_runs_at_80(m, small):
    output = small("scan_cci", m=m).eval()(torch.rand(1, 3, 80, 80))
    assert output.logits.isfinite().all()


@pytest.mark.parametrize("m", [1, 4, 9, 16, 25, 36, 49, 100, 196])
def test_every_valid_m_builds_at_224(m):
    with torch.device("meta"):
        model = models.build("scan_cci", m=m)
        assert model(torch.zeros(2, 3, 224, 224)).logits.shape == (2, 7)


def test_no_partition_no_check(small):
    # GA and no_scan look at whole maps, so m says nothing to them.
    small("scan_cci_ga", m=26)
    small("scan_cci_no_scan", m=26)


def test_folded_strip_where_it_has_no_meaning_is_refused():
    with pytest.raises(FerBenchError, match="folded_strip is not defined for m=25 on a 14x14"):
        models.build("scan_cci_released", size=112)


def test_wrong_image_size_is_explained(small):
    with pytest.raises(FerBenchError, match="built for 80x80 images and got 96x96"):
        small("scan_cci")(torch.rand(1, 3, 96, 96))
