"""Fetching a pinned commit, from a git server on this machine."""

import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from receiving_miniature import folder, members

from fer_bench.datasets.facial_expressions import FacialExpressions
from fer_bench.datasets.receivable import PinnedCommit
from fer_bench.errors import FerBenchError
from fer_bench.receiving import fetch as fetching

PATHS = ("LICENSE", "data/legend.csv", "images")


def git(*arguments, cwd):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    clean |= {f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER")
              for what in ("NAME", "EMAIL")}  # fmt: skip
    command = ["git", "-c", "core.hooksPath=/dev/null", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=clean, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """A repository whose pinned commit is not its last, and holds a link beside the set."""
    work = folder(tmp_path / "repositories" / "set")
    os.symlink("/etc", work / "elsewhere")
    git("init", "-q", ".", cwd=work)
    git("add", ".", cwd=work)
    git("commit", "-qm", "one", cwd=work)
    pinned = git("rev-parse", "HEAD", cwd=work)
    (work / "data" / "legend.csv").write_text("changed later\n")
    git("commit", "-qam", "two", cwd=work)
    git("config", "uploadpack.allowReachableSHA1InWant", "true", cwd=work)
    return work, pinned


@pytest.fixture
def server(repository):
    """Serve the repositories over HTTP as a hosting site does, through git's own program."""
    root = repository[0].parent

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer(b"")

        def do_POST(self):
            self.answer(self.rfile.read(int(self.headers["Content-Length"])))

        def answer(self, body):
            path, _, query = self.path.partition("?")
            environment = {
                "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(root), "PATH_INFO": path,
                "GIT_HTTP_EXPORT_ALL": "1", "REQUEST_METHOD": self.command, "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)), "REMOTE_ADDR": "127.0.0.1",
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*",
            }  # fmt: skip
            done = subprocess.run(
                ["git", "http-backend"], input=body, env=environment, capture_output=True
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
            self.send_response(int(fields.pop("Status", "200").split()[0]))
            for name, value in fields.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/set/.git"
        running.shutdown()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_fetch_adds_what_the_pinned_commit_holds(repository, server, house, monkeypatch):
    pin = PinnedCommit(server, repository[1], PATHS)
    monkeypatch.setattr(FacialExpressions, "fetch", pin)
    monkeypatch.setattr(FacialExpressions, "expected", {"all": {"all": 5}})
    monkeypatch.setenv("GIT_DIR", "/somewhere/else")  # as inside a git hook
    added = house.add()
    assert (added.folder / "data/legend.csv").read_bytes() == members()["data/legend.csv"]
    assert added.receipt["origin"] == {"kind": "commit", "commit": repository[1]}
    assert added.receipt["partial"] is False
    assert house.sources() == ["facial_expressions"]


def test_a_fetched_set_must_be_complete(repository, server, house, monkeypatch):
    monkeypatch.setattr(FacialExpressions, "fetch", PinnedCommit(server, repository[1], PATHS))
    with pytest.raises(FerBenchError, match="expected: 13,681 images"):
        house.add()
    assert house.files() == []


def test_fetch_into_a_relative_folder(repository, server, house, monkeypatch):
    pin = PinnedCommit(server, repository[1], PATHS)
    monkeypatch.setattr(FacialExpressions, "fetch", pin)
    house.raw.parent.mkdir()
    monkeypatch.chdir(house.raw.parent)
    house.raw = house.raw.relative_to(house.raw.parent)  # as the command line has it
    house.add(allow_partial=True)
    assert house.sources() == ["facial_expressions"]


@pytest.mark.parametrize("what", ["commit", "repository", "host"])
def test_what_cannot_be_fetched(what, repository, server, house, monkeypatch):
    url = {"commit": server, "repository": server.replace("/set/", "/other/"),
           "host": "http://127.0.0.1:9/set/.git"}[what]  # fmt: skip
    commit = "0123456789" * 4 if what == "commit" else repository[1]
    monkeypatch.setattr(FacialExpressions, "fetch", PinnedCommit(url, commit, PATHS))
    with pytest.raises(FerBenchError, match="could not be fetched") as caught:
        house.add()
    assert url in str(caught.value)
    assert "give its PATH" in str(caught.value)
    assert house.files() == []


def test_without_git(house, monkeypatch):
    monkeypatch.setattr(fetching.shutil, "which", lambda name: None)
    with pytest.raises(FerBenchError, match="needs git"):
        house.add()
    assert house.files() == []


def test_the_shipped_pin():
    pin = FacialExpressions.fetch
    assert pin.repository == "https://github.com/muxspace/facial_expressions.git"
    assert pin.commit == "5fb9c13afac07c55eae8d25eb6b50af344ad60c9"
    assert set(pin.paths) == set(PATHS)
