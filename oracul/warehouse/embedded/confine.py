"""Landlock: the kernel keeps this process to its own files and away from the network.

What an engine's function may not open, the engine cannot hand out, whoever asks and whatever the
gate overlooked. It needs no rights and cannot be undone; sockets and files that are open already
stay usable. Linux 5.13 and newer know it for files, 6.7 for TCP; elsewhere the server says so.
"""

import ctypes
import os
import struct
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

# The same numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_FILE = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_MAKE_LINK, _REFER, _TRUNCATE, _DEVICE_CONTROL = 1 << 12, 1 << 13, 1 << 14, 1 << 15
_FIRST_RIGHTS = (1 << 13) - 1
_BIND_AND_CONNECT = 3
_ABSTRACT_SOCKETS_AND_SIGNALS = 3

READ = _READ_FILE | _READ_DIR
OWN = (
    READ | _WRITE_FILE | _TRUNCATE | _REFER
    | _MAKE_FILE | _MAKE_DIR | _MAKE_LINK | _REMOVE_FILE | _REMOVE_DIR
)  # fmt: skip
# Names of files may come and go, but what is in them can be neither read nor written.
RENAME = _MAKE_FILE | _REMOVE_FILE
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _DEVICE_CONTROL

# What Python, the C library and the engine read while they run. Of /proc only single files, and
# what is told of each thread: the engine looks there whenever one starts, and a refusal costs it
# more than the rest of a short query. Beside times that shows the open sockets of the machine, and
# the memory of this process to whom can seek in a file; the engine reads from the start, in vain.
_SYSTEM = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo",
    "/etc/ld.so.cache", "/etc/localtime", "/dev/random", "/dev/urandom",
    "/sys/devices/system/cpu", "/sys/devices/system/node", "/sys/fs/cgroup",
    "/sys/kernel/mm/transparent_hugepage", "/proc/cpuinfo", "/proc/meminfo",
    "/proc/sys/vm/overcommit_memory",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Confinement:
    """What the kernel holds this process to; `version` is Landlock's, 0 when there is none."""

    version: int

    @property
    def files(self) -> bool:
        """Whether files outside the home are closed."""
        return self.version >= 1

    @property
    def network(self) -> bool:
        """Whether TCP is closed, but for connections that come in."""
        return self.version >= 4

    def story(self) -> str:
        """For people: what is closed, or what is missing."""
        if not self.files:
            return "not confined: this kernel has no Landlock, the gate stands alone"
        if not self.network:
            return "confined to its own files; the network stays open (Linux before 6.7)"
        return "confined to its own files, without a network (Landlock)"


_OF_THREADS = "/proc/self/task"
# The C library asks these where the stack ends and how large the process is; the engine asks where
# the kernel's own code is, and where it may not, takes what lies behind the environment for the
# answer, and crashes. Their inodes live only as long as somebody holds them, so they stay open.
_OF_THIS_PROCESS = ("/proc/self/maps", "/proc/self/stat", "/proc/self/statm", "/proc/self/auxv")
_held: list[int] = []


def libraries() -> list[Path]:
    """Directories of Python, of its packages and of this one: read only, never a project's root."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    found = {Path(sysconfig.get_path(name)) for name in names}
    found |= {Path(sys.base_prefix) / "lib", Path(sys.prefix) / "lib"}
    package = Path(__file__).resolve().parents[2]
    return [*sorted(found), package, *map(Path, _SYSTEM)]


def confine(places: Mapping[Path, int]) -> Confinement:
    """Confine this thread and all that it starts to `places` and the libraries, for good.

    Call it before the process has other threads, and after the listening socket is bound. Places
    that do not exist are left out. A kernel without Landlock changes nothing.
    """
    version = landlock_version()
    if version < 1:
        return Confinement(0)
    # Fields that a kernel does not know yet must be zero or missing.
    network = _BIND_AND_CONNECT if version >= 4 else 0
    scopes = _ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0
    handled = _known_rights(version)
    attributes = struct.pack("=QQQ", handled, network, scopes)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _syscall(_CREATE_RULESET, attributes[:size], size, 0)
    try:
        rules = dict.fromkeys(libraries(), READ) | {Path("/dev/null"): READ | _WRITE_FILE}
        for path, rights in (rules | dict(places)).items():
            _allow(ruleset, path, rights & handled)
        open_names = dict.fromkeys(_OF_THIS_PROCESS, READ)
        if _hide_environment():
            open_names[_OF_THREADS] = _READ_FILE
        for name, rights in open_names.items():
            _held.append(os.open(name, os.O_PATH | os.O_CLOEXEC))
            _allow(ruleset, Path(name), rights)
        if _libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
        _syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return Confinement(version)


def _hide_environment() -> bool:
    """Blank the variables that /proc shows of this process, which may hold passwords; False where
    the kernel does not say where they are.

    The process and what it starts have copies of their own.
    """
    for name, value in os.environ.items():
        os.putenv(name, value)
    # The 50th and 51st field of stat (man proc_pid_stat); the 2nd may hold spaces.
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    begin, end = int(fields[47]), int(fields[48])
    if not 0 < begin < end:
        return False
    ctypes.memset(begin, 0, end - begin)
    return True


def landlock_version() -> int:
    """Landlock's version in this kernel; 0 when it is missing or switched off."""
    if not sys.platform.startswith("linux"):
        return 0
    try:
        return _syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)
    except OSError:
        return 0


def _known_rights(version: int) -> int:
    newer: Iterable[tuple[int, int]] = ((2, _REFER), (3, _TRUNCATE), (5, _DEVICE_CONTROL))
    return _FIRST_RIGHTS | sum(right for since, right in newer if version >= since)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if path.is_dir() else rights & _OF_A_FILE
        rule = struct.pack("=Qi", allowed, place)
        _syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(place)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _syscall(number: int, *arguments: int | bytes | None) -> int:
    """The result of a system call. Raises OSError."""
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = int(_libc().syscall(ctypes.c_long(number), *wide))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"system call {number}")
    return result
