import os
import platform
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_source import TinySource, loads, spec

from fer_bench.datasets.pack import Pack, join
from fer_bench.errors import FerBenchError
from fer_bench.faces import align as align_module
from fer_bench.faces import align_job, chunks
from fer_bench.faces.align import AlignOptions, align
from fer_bench.faces.face_points import face_points
from fer_bench.faces.geometry import centre_square, resize_box


@pytest.fixture
def use(monkeypatch):
    """Make `align` take this source; small chunks."""
    monkeypatch.setattr(chunks, "CHUNK", 4)

    def set_source(source):
        monkeypatch.setattr(align_module, "get_source", lambda name: source)
        return source

    return set_source


def _bytes(folder):
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


def test_pack_of_centre_squares(use, tmp_path):
    source = use(TinySource(rows=11))
    align(spec(), tmp_path / "out" / "tiny", workers=1, work=tmp_path / "work")
    pack = Pack.open(tmp_path / "out" / "tiny")
    assert pack.faces.shape == (11, 16, 16, 3)
    index = source.index(None, {})
    for i, row in enumerate(index.to_dict("records")):
        image = source.load(None, row, {})
        box = centre_square(image.shape[1], image.shape[0])
        np.testing.assert_array_equal(pack.faces[i], resize_box(image, box, 16))
        assert tuple(pack.manifest["box"][i]) == box
    m = pack.manifest
    assert list(m["sample_id"]) == list(index["sample_id"])
    assert "path" not in m.columns
    assert list(m.columns[:11]) == [
        "sample_id", "label", "split", "subject", "fold",
        "box", "landmarks", "points", "detection", "faces_found", "source_sha256",
    ]  # fmt: skip
    np.testing.assert_array_equal(m["light"], index["light"])
    assert m["detection"].isna().all()
    assert m["landmarks"].isna().all()
    np.testing.assert_allclose(np.stack(m["points"]), face_points([None] * 11, 16).reshape(11, 72))
    assert (m["faces_found"] == 0).all()
    assert m["source_sha256"].nunique() == 11
    assert m["subject"].isna().tolist() == index["subject"].isna().tolist()


def test_nothing_is_left_behind(use, tmp_path):
    use(TinySource(rows=5))
    kill_left = f".tiny.{platform.node()}-{2**22 + 1}.x"
    (tmp_path / "out" / kill_left).mkdir(parents=True)
    stale = tmp_path / "work" / "tiny-0123456789abcdef"
    stale.mkdir(parents=True)
    align(spec(), tmp_path / "out" / "tiny", workers=1, work=tmp_path / "work")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["tiny"]
    assert list((tmp_path / "work").iterdir()) == []


def test_official_images_are_taken_whole(use, tmp_path):
    source = use(TinySource(rows=2))
    align(spec("official"), tmp_path / "tiny", workers=1, work=tmp_path / "work")
    pack = Pack.open(tmp_path / "tiny")
    image = source.load(None, {"sample_id": "t001"}, {})
    np.testing.assert_array_equal(pack.faces[1], resize_box(image, (0, 0, 40, 31), 16))
    assert list(pack.manifest["box"][1]) == [0, 0, 40, 31]


def test_an_unreadable_image_stops_with_its_id_and_keeps_the_rest(use, tmp_path):
    log = tmp_path / "log"
    use(TinySource(rows=12, unreadable=9, log=log))
    out, work = tmp_path / "tiny", tmp_path / "work"
    with pytest.raises(FerBenchError, match=r"'t009' cannot be read .*truncated.*add the source"):
        align(spec(), out, workers=1, work=work)
    assert not out.exists()
    assert len(list(work.glob("*/chunk_*.npz"))) == 2
    log.unlink()
    use(TinySource(rows=12, log=log))
    align(spec(), out, workers=1, work=work)
    assert [s for _, s in loads(log)] == ["t008", "t009", "t010", "t011"]
    assert len(Pack.open(out).faces) == 12


def test_an_error_in_a_worker_process_reaches_the_user(use, tmp_path):
    use(TinySource(rows=12, unreadable=5))
    with pytest.raises(FerBenchError, match="'t005' cannot be read"):
        align(spec(), tmp_path / "tiny", workers=2, work=tmp_path / "work")


def test_the_number_of_workers_does_not_change_a_byte(use, tmp_path):
    use(TinySource(rows=18))
    align(spec(), tmp_path / "one" / "tiny", workers=1, work=tmp_path / "w1")
    align(spec(), tmp_path / "three" / "tiny", workers=3, work=tmp_path / "w2")
    assert _bytes(tmp_path / "one" / "tiny") == _bytes(tmp_path / "three" / "tiny")


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from tiny_source import TinySource, spec
from fer_bench.faces import align, chunks
if __name__ == "__main__":
    chunks.CHUNK = 4
    align.get_source = lambda name: TinySource(rows=40, log={log!r}, delay=0.08)
    align.align(spec(), Path({out!r}), workers=2, work=Path({work!r}))
"""


def _running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


# starts three Python processes that import pandas
@pytest.mark.slow
def test_after_kill_9_finished_chunks_are_kept_and_no_worker_lives_on(use, tmp_path):
    log, out, work = tmp_path / "log", tmp_path / "out" / "tiny", tmp_path / "work"
    script = tmp_path / "run.py"
    script.write_text(
        SCRIPT.format(tests=str(Path(__file__).parent), log=str(log), out=str(out), work=str(work))
    )
    process = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while len(list(work.glob("*/chunk_*.npz"))) < 3:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    workers = {int(pid) for pid, _ in loads(log)}
    assert process.pid not in workers
    deadline = time.monotonic() + 20
    while sys.platform == "linux" and any(_running(pid) for pid in workers):
        assert time.monotonic() < deadline, "a worker outlived its killed parent"
        time.sleep(0.05)
    assert not out.exists()
    kept = {int(p.stem[-6:]) for p in work.glob("*/chunk_*.npz")}
    assert 3 <= len(kept) < 10
    log.unlink()
    use(TinySource(rows=40, log=log))
    align(spec(), out, workers=1, work=work)
    again = [int(s[1:]) for _, s in loads(log)]
    assert again == [i for i in range(40) if i // 4 not in kept]
    align(spec(), tmp_path / "fresh", workers=1, work=tmp_path / "work2")
    assert _bytes(out) == _bytes(tmp_path / "fresh")


def test_a_half_written_chunk_is_done_again(use, tmp_path, monkeypatch):
    log = tmp_path / "log"
    use(TinySource(rows=8, log=log))
    out, work = tmp_path / "tiny", tmp_path / "work"
    with monkeypatch.context() as m:
        m.setattr(chunks, "assemble", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            align(spec(), out, workers=1, work=work)
    (second,) = work.glob("*/chunk_000001.npz")
    second.write_bytes(second.read_bytes()[:100])
    log.unlink()
    align(spec(), out, workers=1, work=work)
    assert [s for _, s in loads(log)] == ["t004", "t005", "t006", "t007"]


def test_other_options_do_not_reuse_chunks(use, tmp_path, monkeypatch):
    log, work = tmp_path / "log", tmp_path / "work"
    use(TinySource(rows=8, log=log, unreadable=7))
    with pytest.raises(FerBenchError):
        align(spec(), tmp_path / "tiny", workers=1, work=work)
    log.unlink()
    use(TinySource(rows=8, log=log))
    align(spec(size=24), tmp_path / "tiny", workers=1, work=work)
    assert len(loads(log)) == 8
    assert Pack.open(tmp_path / "tiny").faces.shape[1] == 24


def test_a_source_without_images_says_how_to_get_it(use, tmp_path):
    use(TinySource(rows=0))
    with pytest.raises(FerBenchError, match="fer-bench data add tiny"):
        align(spec(), tmp_path / "tiny", workers=1, work=tmp_path / "work")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sise": 80}, "did you mean 'size'"),
        ({"pixels": "mtcn"}, "did you mean 'mtcnn'"),
        ({"size": 4}, "at least 8"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(FerBenchError, match=message):
        AlignOptions.parse(options)


def _synthetic(pack, **options):
    return {
        "pack": pack,
        "source": "synthetic",
        "mask_style": None,
        "root": "data/raw/synthetic",
        "source_options": {"identities_train": 1, "identities_test": 1, "images_per_identity": 4},
        "options": {"size": 64, **options},
    }


def test_detected_and_undetected_faces_in_one_pack(use, tmp_path, drawn_faces, detector):
    class Two(TinySource):
        def load(self, root, row, options):
            number = int(row["sample_id"][1:])
            return drawn_faces[0][0] if number == 0 else np.full((50, 90), 77, np.uint8)

    use(Two(rows=2))
    align(spec("mtcnn", size=112), tmp_path / "tiny", workers=1, work=tmp_path / "work")
    pack = Pack.open(tmp_path / "tiny")
    seen, unseen = pack.manifest.iloc[0], pack.manifest.iloc[1]
    assert seen["detection"] > 0.8
    assert seen["faces_found"] == 1
    expected = detector.detect(drawn_faces[0][0])
    np.testing.assert_array_equal(seen["landmarks"], expected.landmarks.ravel())
    points = face_points([expected.landmarks.ravel()], 112)[0]
    np.testing.assert_allclose(np.reshape(seen["points"], (24, 3)), points)
    assert not np.allclose(seen["points"], unseen["points"])
    assert np.isnan(unseen["detection"])
    assert unseen["landmarks"] is None
    assert unseen["faces_found"] == 0
    assert list(unseen["box"]) == [20, 0, 70, 50]
    np.testing.assert_array_equal(pack.faces[1], np.full((112, 112, 3), 77))


# two worker processes import torch and load the detector
@pytest.mark.slow
def test_detection_is_the_same_in_one_and_in_two_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", 4)
    align(_synthetic("a"), tmp_path / "one", workers=1, work=tmp_path / "w1")
    align(_synthetic("a"), tmp_path / "two", workers=2, work=tmp_path / "w2")
    assert _bytes(tmp_path / "one") == _bytes(tmp_path / "two")
    manifest = pd.read_parquet(tmp_path / "one" / "manifest.parquet")
    assert manifest["detection"].notna().sum() >= 6
    assert os.listdir(tmp_path / "w1") == []


class _Odd(TinySource):
    """Pictures of every shape a source might hold."""

    SHAPES = ((1, 1, 3), (19, 200, 3), (400, 7), (30, 30, 4), (12, 12, 1), (25, 31, 2))

    def load(self, root, row, options):
        number = int(row["sample_id"][1:])
        rng = np.random.default_rng(number)
        if number == len(self.SHAPES):
            return rng.integers(0, 65536, (40, 40), dtype=np.uint16)
        return rng.integers(0, 256, self.SHAPES[number], dtype=np.uint8)


def test_small_grey_and_deep_images_are_aligned_too(use, tmp_path):
    use(_Odd(rows=len(_Odd.SHAPES) + 1))
    align(spec("mtcnn"), tmp_path / "tiny", workers=1, work=tmp_path / "work")
    pack = Pack.open(tmp_path / "tiny")
    assert len(pack.faces) == len(_Odd.SHAPES) + 1
    assert list(pack.manifest["box"][1]) == [90, 0, 109, 19]


def test_images_are_searched_in_groups_of_bounded_size(monkeypatch):
    monkeypatch.setattr(align_job, "PIXELS_AT_ONCE", 100)
    sides = [5, 7, 5, 20, 1, 9, 4, 2]
    groups = list(align_job.grouped(np.zeros((side, side, 3), np.uint8) for side in sides))
    assert [[len(i) for i in g] for g in groups] == [[5, 7, 5], [20], [1, 9, 4], [2]]


class _Fake(chunks.ChunkJob):
    """Chunks of random faces and one number each, without images."""

    def run(self, rows):
        rng = np.random.default_rng(rows[0]["number"])
        faces = rng.integers(0, 256, (len(rows), 112, 112, 3), dtype=np.uint8)
        return {"faces": faces, "number": np.array([row["number"] for row in rows])}


ASSEMBLE = """
import resource, sys
from pathlib import Path
import pandas as pd
from fer_bench.faces import chunks
chunks.write_manifest = lambda path, manifest: manifest.to_parquet(path)
paths = sorted(Path(sys.argv[1]).glob("chunk_*.npz"))
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = peak()
rows = int(sys.argv[3])
chunks.assemble(paths, Path(sys.argv[2]), rows, lambda a: pd.DataFrame({"number": a["number"]}))
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in other units elsewhere")
def test_a_pack_is_put_together_without_holding_it(tmp_path):
    rows = 4096
    table = pd.DataFrame({"number": range(rows)})
    paths = chunks.run_chunks(_Fake(), table, tmp_path / "work", 1, "fake")
    command = [sys.executable, "-c", ASSEMBLE, str(tmp_path / "work"), str(tmp_path / "out")]
    done = subprocess.run(
        [*command, str(rows)], check=True, capture_output=True, text=True, timeout=120
    )
    faces = np.load(tmp_path / "out" / "faces.npy", mmap_mode="r")
    assert faces.shape == (rows, 112, 112, 3)
    assert faces.nbytes > 140 * 2**20
    np.testing.assert_array_equal(
        faces[:32], _Fake().run([{"number": i} for i in range(32)])["faces"]
    )
    last = [{"number": i} for i in range(rows - 32, rows)]
    np.testing.assert_array_equal(faces[-32:], _Fake().run(last)["faces"])
    assert int(done.stdout) < 60, "the peak grew with the pack"
    assert len(paths) == rows // 32


def test_processes_are_started_where_there_is_enough_to_do(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(chunks, "cores", lambda: 4)
    monkeypatch.setattr(chunks, "_run_in_processes", lambda *given: started.append(given[2]))
    for rows in (91, 512, 2048):
        table = pd.DataFrame({"number": range(rows)})
        chunks.run_chunks(_Fake(), table, tmp_path / str(rows), None, "fake")
    assert started == [2, 4]


def test_a_manifest_takes_less_than_2_kb_a_row():
    """290,000 rows, as AffectNet has, stay below 600 MB."""
    rows = 30_000
    numbers = np.full((rows, 16), 1.25)
    numbers[::7, 4:15] = np.nan
    index = pd.DataFrame(
        {
            "sample_id": np.arange(rows).astype(str),
            "label": 0,
            "split": "train",
            "subject": None,
            "fold": pd.array([None] * rows, dtype="Int64"),
        }
    )
    arrays = {"numbers": numbers, "source_sha256": np.full(rows, "0" * 64)}
    tracemalloc.start()
    made = align_job.manifest(index, arrays, 80)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(made) == rows
    assert made["landmarks"].isna().sum() == len(range(0, rows, 7))
    assert peak < 2000 * rows


def test_a_disk_too_small_is_found_before_the_first_image(use, tmp_path, monkeypatch):
    use(TinySource(rows=11))

    class Usage:
        free = 100

    monkeypatch.setattr("fer_bench.files.shutil.disk_usage", lambda place: Usage)
    with pytest.raises(FerBenchError, match=r"aligning takes about .* make room"):
        align(spec(), tmp_path / "out" / "tiny", workers=1, work=tmp_path / "work")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("rows", [7, slice(4, 9), np.array([0, 7, 7, 2])])
def test_a_face_that_was_damaged_on_disk_is_not_read(use, tmp_path, rows):
    use(TinySource(rows=11))
    align(spec(), tmp_path / "tiny", workers=1, work=tmp_path / "work")
    whole = np.load(tmp_path / "tiny/faces.npy")
    faces = Pack.open(tmp_path / "tiny").faces
    np.testing.assert_array_equal(faces[rows], whole[rows])
    with open(tmp_path / "tiny/faces.npy", "r+b") as stream:
        stream.seek(-whole[7:].nbytes + 100, os.SEEK_END)
        stream.write(b"\x01\x02\x03\x04")
    faces = Pack.open(tmp_path / "tiny").faces
    np.testing.assert_array_equal(faces[:7], whole[:7])
    for _ in range(2):  # what was refused once is so again
        with pytest.raises(FerBenchError, match="face 7 is not what was written"):
            faces[rows]
    joined, _ = join({"tiny": faces, "again": Pack.open(tmp_path / "tiny").faces})
    with pytest.raises(FerBenchError, match="face 7"):
        joined[np.array([18])]
