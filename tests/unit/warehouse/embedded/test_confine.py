"""What a confined process may still do; on older kernels, on none, and told in words."""

import subprocess
import sys
from pathlib import Path

import pytest

from oracul.warehouse.embedded.confine import Confinement, landlock_version, libraries

needs_landlock = pytest.mark.skipif(landlock_version() < 4, reason="no Landlock for the network")

# Confinement is for good, so each try is a process of its own.
TRY = """
import socket, subprocess, sys
from pathlib import Path
from oracul.warehouse.embedded import confine
version, own, other = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
listener = socket.create_server(("127.0.0.1", 0))
if version < confine.landlock_version():
    confine.landlock_version = lambda: version
confine.confine({own: confine.OWN, other: confine.RENAME})

def tells(name, work):
    try:
        work()
        print(name)
    except OSError:
        pass

tells("write", lambda: (own / "a").write_text("x"))
tells("read", lambda: (own / "a").read_text())
tells("link", lambda: (own / "b").symlink_to("a"))
tells("rename", lambda: (own / "a").rename(own / "c"))
tells("read other", lambda: (other / "secret").read_text())
tells("write other", lambda: (other / "new").write_text("x"))
tells("list other", lambda: list(other.iterdir()))
tells("list root", lambda: list(Path("/").iterdir()))
tells("rename other", lambda: (other / "secret").rename(other / "told"))
tells("move other", lambda: (other / "told").rename(own / "told"))
tells("environment", lambda: Path("/proc/self/environ").read_bytes())
tells("null", lambda: Path("/dev/null").write_text("x"))
tells("run", lambda: subprocess.run(["/bin/true"], check=True))
tells("connect", lambda: socket.create_connection(listener.getsockname(), 2))
tells("bind", lambda: socket.create_server(("127.0.0.1", 0)))
tells("import", lambda: __import__("wave"))
"""
OWN = ["write", "read", "link", "rename"]
EVERYTHING = [
    *OWN, "read other", "write other", "list other", "list root", "rename other", "move other",
    "environment", "null", "run", "connect", "bind", "import",
]  # fmt: skip


def told(version: int, directory: Path) -> list[str]:
    own, other = directory / "own", directory / "other"
    for place in (own, other):
        place.mkdir()
    (other / "secret").write_text("x")
    command = [sys.executable, "-c", TRY, str(version), str(own), str(other)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines()


@needs_landlock
def test_confined_process_keeps_its_own_files_and_nothing_else(tmp_path: Path) -> None:
    assert told(99, tmp_path) == [*OWN, "rename other", "null", "import"]


@needs_landlock
@pytest.mark.parametrize("version", [1, 2, 3])
def test_older_kernel_closes_files_only(tmp_path: Path, version: int) -> None:
    expected = [*OWN, "rename other", "null", "connect", "bind", "import"]

    assert told(version, tmp_path) == expected


def test_kernel_without_landlock_changes_nothing(tmp_path: Path) -> None:
    assert told(0, tmp_path) == EVERYTHING


@pytest.mark.parametrize(
    ("version", "files", "network", "words"),
    [
        (0, False, False, "the gate stands alone"),
        (3, True, False, "the network stays open"),
        (7, True, True, "without a network"),
    ],
)
def test_confinement_says_what_it_closes(
    version: int, files: bool, network: bool, words: str
) -> None:
    confinement = Confinement(version)

    assert (confinement.files, confinement.network) == (files, network)
    assert words in confinement.story()


def test_libraries_hold_no_project_root() -> None:
    project = Path(__file__).resolve().parents[4]

    assert not any(project.is_relative_to(path) for path in libraries())
