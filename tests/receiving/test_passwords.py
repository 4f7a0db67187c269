"""Encrypted zips: the right password, a wrong one, none, and encryption that Python cannot read."""

import zipfile

import pytest
from receiving_miniature import members, tarred, zipped
from typer.testing import CliRunner
from zip_crypto import locked_zip

from fer_bench.cli import app
from fer_bench.errors import FerBenchError


@pytest.fixture
def locked(tmp_path):
    return locked_zip(tmp_path / "a.zip", members("set-5fb9c13/"), "geheim")


def test_the_right_password_opens_it(locked, house):
    added = house.add(locked, password="geheim")
    assert (added.folder / "images/cleo-3.jpg").read_bytes() == members()["images/cleo-3.jpg"]
    text = (house.receipts / "facial_expressions" / "source.json").read_text()
    assert "geheim" not in text


def test_the_environment_holds_the_password(locked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["data", "add", "facial_expressions", str(locked)]
    done = CliRunner().invoke(app, command, env={"FER_BENCH_PASSWORD": "geheim"})
    assert done.exit_code == 0, done.output
    assert "geheim" not in done.output
    assert (tmp_path / "data/raw/facial_expressions/data/legend.csv").is_file()


def test_no_password(locked, house):
    with pytest.raises(FerBenchError, match=r"a\.zip needs a password.*FER_BENCH_PASSWORD"):
        house.add(locked)
    assert house.files() == []


def passes_the_first_check(archive, password):
    with zipfile.ZipFile(archive) as opened:
        try:
            opened.open(opened.infolist()[0], pwd=password.encode()).close()
        except RuntimeError:
            return False
    return True


@pytest.mark.parametrize("lucky", [False, True])
def test_a_wrong_password(lucky, locked, house):
    # One wrong password in 256 passes the check of one byte and gives nonsense instead.
    guesses = (f"wrong {number}" for number in range(20_000))
    wrong = next(g for g in guesses if passes_the_first_check(locked, g) == lucky)
    with pytest.raises(FerBenchError, match=r"does not open a\.zip") as caught:
        house.add(locked, password=wrong)
    assert wrong not in str(caught.value)
    assert house.files() == []


def test_a_password_too_many_does_not_matter(tmp_path, house):
    plain, tar = members(), {}
    tar["LICENSE"] = plain.pop("LICENSE")
    added = house.add(
        zipped(tmp_path / "a.zip", plain), tarred(tmp_path / "b.tgz", tar), password="x"
    )
    assert added.receipt["images"]["present"] == 5


@pytest.mark.parametrize(
    "method",
    [99, 9],  # AES (of a kind that nobody writes), deflate 64
)
def test_what_nothing_here_can_read_names_a_tool(method, tmp_path, house):
    archive = locked_zip(tmp_path / "a.zip", members(), "geheim", method)
    with pytest.raises(FerBenchError, match=r"a\.zip is a zip archive, which .*7z x"):
        house.add(archive, password="geheim")
    assert house.files() == []
