"""Finding, starting and stopping the server of a home from other processes."""

import contextlib
import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import psutil
from pydantic import SecretStr

from oracul.errors import WarehouseError
from oracul.log import get_logger
from oracul.settings import Settings
from oracul.warehouse.embedded.files import Places, places_of
from oracul.warehouse.embedded.users import READER, load_users

START_SECONDS = 60
STOP_SECONDS = 30
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A running server. `started_at` is in seconds since 1970, UTC; `confined` is for people."""

    pid: int
    host: str
    port: int
    started_at: float
    version: str
    confined: str = "not known"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the warehouse answers, and who may sign in."""

    host: str
    port: int
    user: str
    password: SecretStr
    reader_password: SecretStr


def info_text(info: ServerInfo) -> str:
    """Content of `server.json`."""
    return json.dumps(asdict(info), indent=1) + "\n"


def running(settings: Settings) -> ServerInfo | None:
    """The server of this home, if it lives and answers; a stale note of a dead one is removed."""
    places = places_of(settings)
    info = _read_info(places)
    if info is None:
        return None
    if not _is_alive(info):
        places.server.unlink(missing_ok=True)
        return None
    return info if _answers(info) else None


def ensure_running(settings: Settings) -> Endpoint:
    """The server of this home, started in the background when there is none.

    Safe when several commands do it at once. Raises WarehouseError when it does not come up, or
    when the port was chosen by the user and is taken.
    """
    places = places_of(settings)
    places.make()
    info = running(settings)
    if info is None:
        info = _wait_for_busy(settings, places)
    if info is None:
        with places.start_lock.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            info = running(settings) or _start(settings, places)
    users = load_users(settings, places.passwords)
    return Endpoint(info.host, info.port, users.admin, users.admin_password, users.reader_password)


def endpoint_of(settings: Settings) -> Endpoint:
    """Where the server of this home is, or will be; it is started only to learn a free port.

    Raises WarehouseError as `ensure_running` does, when no port was chosen.
    """
    if settings.warehouse.port == 0:
        return ensure_running(settings)
    places = places_of(settings)
    places.make()
    users = load_users(settings, places.passwords)
    port = settings.warehouse.port
    return Endpoint("127.0.0.1", port, users.admin, users.admin_password, users.reader_password)


def _wait_for_busy(settings: Settings, places: Places) -> ServerInfo | None:
    """The server, if it lives but is too busy, or too young, to answer at once."""
    info = _read_info(places)
    if info is not None and _is_alive(info):
        _wait_until(lambda: running(settings) is not None or not _is_alive(info), START_SECONDS)
    return running(settings)


def stop(settings: Settings) -> bool:
    """Stop the server of this home and wait until it is gone; False when none was running.

    Raises WarehouseError when it does not stop in time.
    """
    places = places_of(settings)
    info = _read_info(places)
    if info is None or not _is_alive(info):
        places.server.unlink(missing_ok=True)
        return False
    os.kill(info.pid, signal.SIGTERM)
    if not _wait_until(lambda: _is_gone(info.pid), STOP_SECONDS):
        raise WarehouseError(
            f"The warehouse (pid {info.pid}) is still finishing its work after {STOP_SECONDS} s.",
            hint="Wait and try again, or end the process.",
        )
    return True


def environment(endpoint: Endpoint, *, reader: bool = False) -> dict[str, str]:
    """Variables by which other programs (dbt, Superset, Great Expectations) find the warehouse."""
    secret = endpoint.reader_password if reader else endpoint.password
    return {
        "ORACUL_CLICKHOUSE__HOST": endpoint.host,
        "ORACUL_CLICKHOUSE__PORT": str(endpoint.port),
        "ORACUL_CLICKHOUSE__USER": READER if reader else endpoint.user,
        "ORACUL_CLICKHOUSE__PASSWORD": secret.get_secret_value(),
        "ORACUL_CLICKHOUSE__SECURE": "false",
    }


def _start(settings: Settings, places: Places) -> ServerInfo:
    """Start a server in a process of its own and wait for its first answer."""
    port = _port_to_use(settings)
    chosen = settings.model_dump(mode="json", include={"warehouse", "log_level", "log_json"})
    with places.log.open("ab") as log:
        offset = log.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "oracul.warehouse.embedded"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment_of(settings, chosen, port),
            cwd=places.root,
            start_new_session=True,
            close_fds=True,
        )

    def came_up() -> bool:
        return process.poll() is not None or running(settings) is not None

    _wait_until(came_up, START_SECONDS)
    info = running(settings)
    if info is None:
        if process.poll() is None:
            process.terminate()
        with places.log.open("rb") as story:
            story.seek(offset)
            said = story.read().decode(errors="replace").strip().splitlines()
        raise WarehouseError(
            f"The embedded warehouse did not start: {(said or ['no message'])[-1][:500]}",
            hint=f"The whole story is in {places.log}.",
        )
    return info


def _environment_of(
    settings: Settings, chosen: dict[str, dict[str, object]], port: int
) -> dict[str, str]:
    """The environment of the server: these very settings, whatever file they came from."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("ORACUL_")}
    env["ORACUL_HOME"] = str(settings.home)
    for name, value in chosen["warehouse"].items():
        env[f"ORACUL_WAREHOUSE__{name.upper()}"] = str(value)
    env["ORACUL_WAREHOUSE__PORT"] = str(port)
    env["ORACUL_LOG_LEVEL"] = "info"
    env["ORACUL_CLICKHOUSE__USER"] = settings.clickhouse.user
    if settings.clickhouse.password is not None:
        env["ORACUL_CLICKHOUSE__PASSWORD"] = settings.clickhouse.password.get_secret_value()
    return env


def _port_to_use(settings: Settings) -> int:
    """The wanted port; a free one when the default is taken and nobody asked for it by name."""
    port = settings.warehouse.port
    if port and "port" not in settings.warehouse.model_fields_set and not _is_free(port):
        get_logger().warning(
            "port_taken", port=port, instead="a free one, which `oracul status` names"
        )
        return 0
    return port


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def _read_info(places: Places) -> ServerInfo | None:
    try:
        found = json.loads(places.server.read_text())
        return ServerInfo(
            int(found["pid"]),
            str(found["host"]),
            int(found["port"]),
            float(found["started_at"]),
            str(found["version"]),
            str(found.get("confined", "not known")),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_alive(info: ServerInfo) -> bool:
    """Whether that very process lives: a pid that was given away again is older or younger."""
    try:
        process = psutil.Process(info.pid)
        return process.create_time() <= info.started_at + 1 and not _is_zombie(info.pid)
    except psutil.Error:
        return False


def _is_gone(pid: int) -> bool:
    """Whether a process has ended; a child of this very process is collected, too."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return True


def _answers(info: ServerInfo) -> bool:
    connection = http.client.HTTPConnection(info.host, info.port, timeout=5)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().read() == b"Ok.\n"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _wait_until(is_true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_true():
            return True
        time.sleep(_POLL_SECONDS)
    return is_true()
