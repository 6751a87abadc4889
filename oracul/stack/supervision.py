"""supervisord for the parts: its configuration, its process, and speaking to it over its socket."""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from oracul.errors import ConfigError, OraculError
from oracul.folders import make_private
from oracul.settings import Settings
from oracul.stack.parts import Part

# A socket's path has at most 108 bytes, and supervisord makes one with its pid behind it first.
_LONGEST_SOCKET_PATH = 95
_START_SECONDS = 60
_UNREACHABLE = (OSError, xmlrpc.client.ProtocolError, xmlrpc.client.Fault)


def folder_of(settings: Settings) -> Path:
    """Where supervisord keeps its files."""
    return settings.home / "stack"


def socket_of(settings: Settings) -> Path:
    """supervisord's socket; in the directory for temporary files when the home's path is long."""
    path = folder_of(settings) / "supervisor.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    home = hashlib.blake2b(os.fsencode(settings.home), digest_size=8).hexdigest()
    folder = Path(tempfile.gettempdir()) / f"oracul-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise ConfigError(
            f"{folder} belongs to somebody else.", hint="Set ORACUL_HOME to a shorter path."
        )
    return folder / f"{home}.sock"


def configuration(settings: Settings, parts: Sequence[Part]) -> str:
    """supervisord's configuration. It holds no secret: those reach the parts by inheritance."""
    folder = folder_of(settings)
    sections = [
        f"[unix_http_server]\nfile={_plain(socket_of(settings))}\nchmod=0600",
        f"[supervisord]\nlogfile={_plain(settings.home / 'logs' / 'stack.log')}\n"
        f"logfile_maxbytes=5MB\nlogfile_backups=2\npidfile={_plain(folder / 'supervisord.pid')}\n"
        "minfds=1024\numask=077\nnocleanup=true",
        "[rpcinterface:supervisor]\n"
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        *(_section(part) for part in parts),
    ]
    return "\n\n".join(sections) + "\n"


def _section(part: Part) -> str:
    environment = ",".join(f'{name}="{_plain(value)}"' for name, value in part.environment.items())
    command = " ".join(f'"{_plain(word)}"' for word in part.command)
    return "\n".join(
        [
            f"[program:{part.name}]",
            f"command={command}",
            f"environment={environment}",
            f"stdout_logfile={_plain(part.log)}",
            "redirect_stderr=true",
            "stdout_logfile_maxbytes=20MB",
            "stdout_logfile_backups=3",
            f"autostart={'false' if part.waits else 'true'}",
            "autorestart=true",
            "startsecs=3",
            # It waits one second more before each try; after these somebody has to look.
            "startretries=30",
            f"stopwaitsecs={part.stop_seconds}",
            "stopasgroup=true",
            "killasgroup=true",
        ]
    )


def _plain(value: object) -> str:
    """A value that supervisord takes as it is. Raises ConfigError for what it cannot quote."""
    text = str(value)
    if '"' in text or "\n" in text or ";" in text:
        raise ConfigError(
            f"The process manager cannot take {text!r}.",
            hint="Set ORACUL_HOME to a path without quotes and semicolons.",
        )
    return text.replace("%", "%%")


def start(settings: Settings, parts: Sequence[Part]) -> None:
    """Start supervisord in the background with these parts. Raises OraculError when it ends."""
    folder = folder_of(settings)
    for path in (folder, settings.home / "logs"):
        make_private(path)
    path = folder / "supervisord.conf"
    path.write_text(configuration(settings, parts), encoding="utf-8")
    # It goes into the background by itself; this waits for its first half only.
    done = subprocess.run(  # noqa: S603 - a program of this environment, words of ours
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    deadline = time.monotonic() + _START_SECONDS
    while done.returncode == 0 and time.monotonic() < deadline:
        if reach(settings) is not None:
            return
        time.sleep(0.1)
    said = (done.stderr or done.stdout).strip().splitlines()
    raise OraculError(
        f"The process manager did not start: {said[-1] if said else 'it said nothing'}.",
        hint=f"Its log is {settings.home / 'logs' / 'stack.log'}.",
    )


def reach(settings: Settings) -> Any | None:
    """supervisord's XML-RPC interface, or None when it does not run, or is stopping."""
    from supervisor.xmlrpc import SupervisorTransport

    transport = SupervisorTransport(None, None, f"unix://{socket_of(settings)}")
    proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
    try:
        proxy.supervisor.getState()
    except _UNREACHABLE:
        return None
    return proxy.supervisor


def wait_until_gone(pid: int, seconds: float) -> bool:
    """True once the process has ended."""
    deadline = time.monotonic() + seconds
    while psutil.pid_exists(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
