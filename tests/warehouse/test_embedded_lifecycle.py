"""One server for one home: starting, finding, refusing a second, stopping, surviving."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import uvicorn
from starlette.applications import Starlette

from oracul.errors import WarehouseError
from oracul.settings import ClickHouseSettings, Settings, WarehouseSettings
from oracul.warehouse import connect
from oracul.warehouse.embedded import (
    Endpoint,
    ensure_running,
    environment,
    running,
    serve,
    stop,
)
from oracul.warehouse.embedded.server import _stopped_by_signals

Home = Callable[..., Settings]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Makes settings of homes; their servers are stopped after the test."""
    made: list[Settings] = []

    def make(port: int = 0) -> Settings:
        settings = Settings(
            home=tmp_path / "home",
            clickhouse=ClickHouseSettings(),
            warehouse=WarehouseSettings(port=port),
            _env_file=None,
        )
        made.append(settings)
        return settings

    yield make
    for settings in made:
        stop(settings)


def test_life_of_a_server(home: Home) -> None:
    settings = home()
    assert running(settings) is None

    first = ensure_running(settings)
    info = running(settings)
    again = ensure_running(settings)

    assert info is not None
    assert (info.host, info.port) == (first.host, first.port) == (again.host, again.port)
    assert stop(settings)
    assert (running(settings), psutil.pid_exists(info.pid)) == (None, False)
    assert not stop(settings)


def test_files_are_for_their_owner_only(warehouse_settings: Settings) -> None:
    root = warehouse_settings.home / "warehouse"

    modes = {
        name: stat.S_IMODE((root / name).stat().st_mode)
        for name in ("server.json", "passwords.json", "engine/users.xml", "engine/config.xml", ".")
    }

    assert modes == {
        "server.json": 0o600,
        "passwords.json": 0o600,
        "engine/users.xml": 0o600,
        "engine/config.xml": 0o600,
        ".": 0o700,
    }


def test_acknowledged_insert_survives_a_kill_and_a_new_start(home: Home) -> None:
    settings = home()
    client = connect(settings)
    client.command("CREATE DATABASE kept")
    client.command("CREATE TABLE kept.t (a UInt64) ENGINE = MergeTree ORDER BY a")
    client.command("INSERT INTO kept.t SELECT number FROM numbers(1000)")
    info = running(settings)
    assert info is not None
    os.kill(info.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(info.pid)] if psutil.pid_exists(info.pid) else [], timeout=5)

    assert connect(settings).command("SELECT count() FROM kept.t") == 1000


def test_second_server_on_the_same_data_is_refused(warehouse_settings: Settings) -> None:
    info = running(warehouse_settings)
    assert info is not None

    with pytest.raises(WarehouseError, match=f"in use by pid {info.pid}"):
        serve(warehouse_settings)


def test_taken_port_that_was_asked_for_is_an_error(home: Home) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(WarehouseError, match="ORACUL_WAREHOUSE__PORT"):
            ensure_running(home(port=port))


def test_taken_default_port_is_replaced(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "default", _env_file=None)
    wanted = settings.warehouse.port
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", wanted))
            other.listen()
        except OSError:
            pass  # somebody else has it already: as good
        try:
            assert ensure_running(settings).port != wanted
        finally:
            stop(settings)


def test_two_commands_at_once_start_one_server(home: Home) -> None:
    settings = home()
    found: list[Endpoint] = []
    threads = [
        threading.Thread(target=lambda: found.append(ensure_running(settings))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({endpoint.port for endpoint in found}) == 1


def test_note_of_a_dead_server_is_removed(home: Home) -> None:
    settings = home()
    note = settings.home / "warehouse" / "server.json"
    note.parent.mkdir(parents=True)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead = {"pid": gone.pid, "host": "127.0.0.1", "port": 1, "started_at": 1.0, "version": "x"}
    note.write_text(json.dumps(dead))

    assert (running(settings), note.exists()) == (None, False)


def test_process_that_took_over_the_pid_is_not_our_server(home: Home) -> None:
    settings = home()
    note = settings.home / "warehouse" / "server.json"
    note.parent.mkdir(parents=True)
    mine = {"pid": os.getpid(), "host": "127.0.0.1", "port": 1, "started_at": 1.0, "version": "x"}
    note.write_text(json.dumps(mine))

    assert (running(settings), stop(settings)) == (None, False)


def test_damaged_note_is_no_server(home: Home) -> None:
    settings = home()
    note = settings.home / "warehouse" / "server.json"
    note.parent.mkdir(parents=True)
    note.write_text("{")

    assert running(settings) is None


def test_environment_names_the_server_for_other_programs(warehouse_endpoint: Endpoint) -> None:
    endpoint = warehouse_endpoint

    assert environment(endpoint, reader=True) == {
        "ORACUL_CLICKHOUSE__HOST": endpoint.host,
        "ORACUL_CLICKHOUSE__PORT": str(endpoint.port),
        "ORACUL_CLICKHOUSE__USER": "reader",
        "ORACUL_CLICKHOUSE__PASSWORD": endpoint.reader_password.get_secret_value(),
        "ORACUL_CLICKHOUSE__SECURE": "false",
    }


def test_reader_cannot_be_the_administrator(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, clickhouse=ClickHouseSettings(user="reader"), _env_file=None)

    with pytest.raises(WarehouseError, match="administrator"):
        ensure_running(settings)


def test_path_that_the_engine_would_misread_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="ORACUL_HOME"):
        ensure_running(Settings(home=tmp_path / "a?b&c", _env_file=None))


def test_home_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(WarehouseError, match="ORACUL_HOME"):
        ensure_running(Settings(home=tmp_path / "file" / "home", _env_file=None))


def test_server_listens_on_the_loopback_interface_only(warehouse_settings: Settings) -> None:
    info = running(warehouse_settings)
    assert info is not None

    listening = {
        connection.laddr.ip
        for connection in psutil.Process(info.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }

    assert listening == {"127.0.0.1"}


def test_signal_before_anybody_listens_to_signals_is_not_lost() -> None:
    """Told to stop in the moment between `server.json` and the first request."""
    server = uvicorn.Server(uvicorn.Config(Starlette(), port=0, log_config=None))
    with _stopped_by_signals(server):
        os.kill(os.getpid(), signal.SIGTERM)
        server.run()
    assert server.started


def test_stop_lets_a_running_request_finish(home: Home) -> None:
    settings = home()
    client = connect(settings)
    answers: list[object] = []
    query = "SELECT sum(sleepEachRow(0.1)) FROM numbers(10)"
    thread = threading.Thread(target=lambda: answers.append(client.command(query)))
    thread.start()
    other = connect(settings)
    running = "SELECT count() FROM system.processes WHERE query LIKE '%sleepEach%0.1%'"
    # The question counts itself, too.
    while thread.is_alive() and not other.command(running) > 1:
        pass
    assert thread.is_alive(), "the request ended before it was seen"
    stop(settings)
    thread.join()

    assert answers == [0]
