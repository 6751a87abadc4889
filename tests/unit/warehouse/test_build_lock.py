"""The lock that keeps two builds of one home apart, held by a real other process."""

import subprocess
import sys

from oracul.warehouse.build_lock import build_lock

HOLD = """
import sys
from pathlib import Path
from oracul.warehouse.build_lock import build_lock
with build_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
    Path(sys.argv[1], "ended").touch()
"""


def test_second_build_waits_for_the_first_and_says_its_pid(tmp_path):
    told = []
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout.readline() == b"held\n"

        def let_go(pid):
            told.append(pid)
            holder.stdin.close()

        with build_lock(tmp_path, let_go):
            assert (tmp_path / "ended").exists()
    assert told == [str(holder.pid)]


def test_free_lock_is_taken_at_once(tmp_path):
    told = []
    for _ in range(2):
        with build_lock(tmp_path, told.append):
            pass
    assert told == []
