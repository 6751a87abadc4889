"""Secrets stay where they were put: canaries in every secret setting, every output scanned.

The variables of a process (`/proc/<pid>/environ`) hold its settings and are open to the same user;
that is how they are given, so it is left out here.
"""

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest

from oracul.demo.recording import Recording
from oracul.demo.replay import serve_recording
from oracul.settings import load_settings
from tests.fixtures.canaries import Scanner, canary, hex_shapes, shapes
from tests.fixtures.echo_server import Echo, serve_echo
from tests.fixtures.toy_chain import toy_chain

CHAIN = "devnet"
BLOCKS = 12
PLACES = (
    "rpc_user", "rpc_password", "rpc_path", "rpc_query", "price_user", "price_path", "price_key",
    "webhook_user", "webhook_path", "webhook_query", "channel_user", "channel_path",
    "channel_query", "admin_password", "wrong_password",
)  # fmt: skip


@dataclass
class Scene:
    """A home with canaries in its settings, and the services it meets."""

    home: Path
    echo: Echo
    secrets: dict[str, str]
    outputs: dict[str, bytes] = field(default_factory=dict)
    command_lines: set[bytes] = field(default_factory=set)

    def address(self, mode: str, kind: str) -> str:
        """An address of the echo with this kind's secrets in every place."""
        s = {p: quote(v, safe="") for p, v in self.secrets.items()}
        login = f"{s[f'{kind}_user']}:{s[f'{kind}_password']}" if kind == "rpc" else ""
        login = login or f"{s[f'{kind}_user']}:x"
        return self.echo.url(
            mode, login=login, path=s[f"{kind}_path"], query=s.get(f"{kind}_query", "")
        )

    @property
    def environment(self) -> dict[str, str]:
        """Variables with a canary wherever a secret goes; most services refuse and echo."""
        modes = ("late", "batch", "rpc", "refuse", "busy", "page", "moved")
        settings = {
            "HOME": str(self.home), "LOG_LEVEL": "debug", "WAREHOUSE__PORT": "0",
            "CLICKHOUSE__PASSWORD": self.secrets["admin_password"],
            "CHAINS__DEVNET__RPC_URLS": ",".join(
                [f"{self.echo.node}/{self.secrets['rpc_path']}?key={self.secrets['rpc_query']}",
                 *(self.address(mode, "rpc") for mode in modes)]
            ),
            "CHAINS__DEVNET__DEADLINE_SECONDS": "3",
            "CHAINS__DEVNET__REQUEST_TIMEOUT_SECONDS": "2",
            "PRICES__DEADLINE_SECONDS": "1",
            "ALERTS__WEBHOOK_URL": self.address("moved", "webhook"),
            "ALERTS__CHANNELS__OPS__URL": f"json{self.address('refuse', 'channel')[4:]}",
            "ALERTS__ALLOW_PRIVATE_WEBHOOK": "true",
        }  # fmt: skip
        for source, mode in zip(
            ("COINGECKO", "DEFILLAMA", "COINBASE", "KRAKEN"),
            ("refuse", "page", "json", "moved"),
            strict=True,
        ):
            settings[f"PRICES__{source}__BASE_URL"] = self.address(mode, "price")
            settings[f"PRICES__{source}__API_KEY"] = self.secrets["price_key"]
        return {f"ORACUL_{name}": value for name, value in settings.items()}

    @property
    def port(self) -> str:
        """Where the warehouse of this home answers."""
        return str(json.loads((self.home / "warehouse" / "server.json").read_text())["port"])

    def run(self, name: str, *words: str, program: str = "", **changes: str) -> bytes:
        """Run the command, or a program, in this scene; keeps what it said."""
        start = ["-c", program] if program else ["-m", "oracul.cli"]
        variables = os.environ | self.environment | changes
        variables |= {"DBT_TARGET_PATH": str(self.home / "own-dbt" / "target")}
        variables |= {"DBT_LOG_PATH": str(self.home / "own-dbt" / "logs")}
        with self.watched():
            done = subprocess.run(
                [sys.executable, *start, *words],
                env=variables, cwd=Path(__file__).parents[2], capture_output=True, timeout=900,
            )  # fmt: skip
        self.outputs[name] = done.stdout + b"\n" + done.stderr
        return self.outputs[name]

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Meanwhile, note the command lines of all processes that this one started."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.05):
                for process in psutil.Process().children(recursive=True):
                    line = Path(f"/proc/{process.pid}/cmdline")
                    try:
                        self.command_lines.add(line.read_bytes())
                    except OSError:
                        continue

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def scanner(self) -> Scanner:
        """A scanner for the canaries and for the passwords that this home made by itself."""
        made = {}
        stored = self.home / "warehouse" / "passwords.json"
        if stored.exists():
            made = {f"made/{k}": v for k, v in json.loads(stored.read_text()).items()}
        return Scanner(self.secrets | made)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The services run while this module's tests do; the warehouse is stopped after them."""
    home = tmp_path_factory.mktemp("canaries") / "home"
    recording = Recording(31337, toy_chain(BLOCKS))
    with serve_recording(recording) as node, serve_echo(node.url) as echo:
        staged = Scene(home, echo, {place: canary(place) for place in PLACES})
        yield staged
        staged.run("stop", "warehouse", "stop")


SPAN = ("--chain", CHAIN, "--blocks", f"0:{BLOCKS}")
COMMANDS: dict[str, tuple[str, ...]] = {
    "ingest chain": ("ingest", "chain", *SPAN),
    "ingest prices": ("ingest", "prices"),
    "run": ("run", *SPAN),
    "alert": ("alert",),
    "alerts test": ("alerts", "test"),
    "alerts list": ("alerts", "list"),
    "check": ("check",),
    "status": ("status", "--json"),
    "warehouse status": ("warehouse", "status"),
    "sql that fails": ("sql", "select * from nowhere where a = 'b"),
    "dbt debug": ("dbt", "debug"),
    "dbt run": ("dbt", "--debug", "--log-level-file", "debug", "run", "--select", "staging"),
    "backup": ("warehouse", "backup", "canaries"),
}
QUICK = ("ingest chain", "ingest prices", "alerts test")
# As an operator who looks for a fault may run it: every library tells everything.
ALL_LOGS = """
import logging, sys
logging.basicConfig(level=1, stream=sys.stderr)
from oracul.cli import main
main()
"""
# An error nobody foresaw, with a secret in its words, in the middle of a command.
CRASH = """
from oracul.cli import main
from oracul.cli import status
def broken(client, now):
    from oracul.settings import load_settings
    urls = load_settings().chains["devnet"].rpc_urls
    raise KeyError("no answer from " + urls[1].get_secret_value()) from ValueError(
        urls[0].get_secret_value())
status.read_status = broken
main()
"""


def mistakes(scene: Scene) -> dict[str, dict[str, str]]:
    """Settings that people get wrong, each with a secret in the wrong place."""
    wrong = scene.secrets["wrong_password"]
    path, price = scene.secrets["rpc_path"], scene.secrets["price_key"]
    server = {"ORACUL_CLICKHOUSE__HOST": "127.0.0.1", "ORACUL_CLICKHOUSE__PASSWORD": wrong}
    return {
        "wrong password": server | {"ORACUL_CLICKHOUSE__PORT": scene.port},
        "no server": server | {"ORACUL_CLICKHOUSE__PORT": "9"},
        "login in the host": {"ORACUL_CLICKHOUSE__HOST": f"https://user:{wrong}@host.invalid"},
        "secret as port": {"ORACUL_CLICKHOUSE__PORT": wrong},
        "chain as text": {"ORACUL_CHAINS__DEVNET": f"https://host.invalid/{path}"},
        "chains as text": {"ORACUL_CHAINS": f"https://host.invalid/{path}"},
        "torn address": {
            "ORACUL_CHAINS__DEVNET__RPC_URLS": f"https://user:{wrong}/x{wrong}@host.invalid/"
        },
        "no address": {"ORACUL_CHAINS__DEVNET__RPC_URLS": f"ht!tp//{path}"},
        "key that is no header": {
            "ORACUL_PRICES__COINGECKO__API_KEY": f"{price}\nX: é{price}"
        },
        "webhook that is no address": {
            "ORACUL_ALERTS__WEBHOOK_URL": f"http://[{scene.secrets['webhook_path']}"
        },
        "channel that is no address": {
            "ORACUL_ALERTS__CHANNELS__OPS__URL": f"nosuch://[{scene.secrets['channel_path']}"
        },
        "channels as text": {"ORACUL_ALERTS__CHANNELS": f"slack://{scene.secrets['channel_path']}"},
    }  # fmt: skip


def everything_of(scene: Scene, scanner: Scanner) -> None:
    """Scan what was said, the command lines, all files but the passwords, and all rows."""
    for name, said in scene.outputs.items():
        scanner.scan(f"output of {name}", said)
    for line in scene.command_lines:
        scanner.scan("command line", line)
    scanner.scan_files(scene.home, but=[scene.home / "warehouse" / "passwords.json"])
    scanner.scan("rows of all tables", scene.run("rows", program=ROWS_OF_ALL_TABLES))


ROWS_OF_ALL_TABLES = """
import sys
from oracul.settings import load_settings
from oracul.warehouse import connect
client = connect(load_settings())
names = client.query(
    "select database, name from system.tables where database not in"
    " ('system', 'information_schema', 'INFORMATION_SCHEMA') order by all"
).result_rows
assert names
for database, table in names:
    sys.stdout.buffer.write(f"{database}.{table}\\n".encode())
    try:
        rows = client.raw_query(f"select * from `{database}`.`{table}`", fmt="JSONEachRow")
    except Exception as error:
        rows = str(error).encode()
    sys.stdout.buffer.write(rows)
"""


def tried(scene: Scene, promise: Any, runs: dict[str, Callable[[], object]]) -> None:
    """Run it all, scan everything, and hold the promise."""
    trial = promise("secrets", small=len(runs), full=len(runs), unit="commands")
    for run in runs.values():
        run()
    scanner = scene.scanner()
    everything_of(scene, scanner)
    trial.saw(
        f"{len(scanner.found)} of {len(scanner.secrets)} canaries found in"
        f" {scanner.looked_at:,} outputs, {scanner.bytes_read / 1e6:.1f} MB"
    )
    assert scanner.found == []


def test_no_canary_leaves_when_services_echo_what_they_heard(scene: Scene, promise: Any) -> None:
    runs: dict[str, Callable[[], object]] = {
        name: partial(scene.run, name, *COMMANDS[name]) for name in QUICK
    }
    runs["crash"] = partial(scene.run, "crash", "status", program=CRASH)
    tried(scene, promise, runs)
    assert len(scene.echo.paths) > 10
    assert b"Traceback" in scene.outputs["crash"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_canary_leaves_by_any_command(scene: Scene, promise: Any) -> None:
    runs: dict[str, Callable[[], object]] = {
        name: partial(scene.run, name, *words) for name, words in COMMANDS.items()
    }
    debug = {"PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1"}
    for name in ("ingest prices", "alert", "alerts test"):
        runs[f"{name}, all logs"] = partial(
            scene.run, f"{name}, all logs", *COMMANDS[name], program=ALL_LOGS, **debug
        )
    runs["chain, all logs"] = partial(
        scene.run, "chain, all logs", "ingest", "tokens", program=ALL_LOGS, **debug
    )
    for name, words in WRONG.items():
        runs[name] = lambda name=name, words=words: scene.run(  # type: ignore[misc]
            name, *words, **mistakes(scene)[name]
        )
    tried(scene, promise, runs)
    assert (scene.home / "data-docs" / "index.html").exists()


# The command that meets each mistake.
WRONG: dict[str, tuple[str, ...]] = {
    "wrong password": ("dbt", "debug"),
    "no server": ("status",),
    "login in the host": ("status",),
    "secret as port": ("status",),
    "chain as text": ("status",),
    "chains as text": ("status",),
    "torn address": ("ingest", "chain", *SPAN),
    "no address": ("ingest", "chain", *SPAN),
    "key that is no header": ("ingest", "prices"),
    "webhook that is no address": ("alert",),
    "channel that is no address": ("alerts", "test"),
    "channels as text": ("alerts", "list"),
}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_canary_leaves_by_prefect(scene: Scene, promise: Any, tmp_path: Path) -> None:
    """Flow runs that fail, on a server of their own: its database, logs, states and results."""
    trial = promise("secrets", small=2, full=2, unit="flow runs")
    settings = {
        "PREFECT_HOME": str(tmp_path), "PREFECT_LOGGING_LEVEL": "DEBUG",
        "PREFECT_LOGGING_ROOT_LEVEL": "DEBUG", "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "true",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "0.2",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "900", "PREFECT_API_URL": "",
    }  # fmt: skip
    scene.run("flows", program=FLOWS, **settings)
    assert b"refused a batch" in scene.outputs["flows"]
    scanner = scene.scanner()
    scanner.scan_files(tmp_path)
    everything_of(scene, scanner)
    trial.saw(
        f"{len(scanner.found)} of {len(scanner.secrets)} canaries found in"
        f" {scanner.looked_at:,} outputs, {scanner.bytes_read / 1e6:.1f} MB"
    )
    assert (tmp_path / "prefect.db").exists()
    assert scanner.found == []


FLOWS = """
from flows.ingest import ingest_chain, ingest_prices
for flow, given in ((ingest_chain, {"chain": "devnet", "blocks": "0:6"}), (ingest_prices, {})):
    state = flow(**given, return_state=True)
    print(state, repr(state), state.message)
"""


def test_credentials_are_for_their_owner_alone(scene: Scene) -> None:
    scene.run("warehouse address", "warehouse", "start")
    files = scene.home / "warehouse"
    assert stat.S_IMODE(scene.home.stat().st_mode) == 0o700
    assert stat.S_IMODE(files.stat().st_mode) == 0o700
    assert stat.S_IMODE((files / "passwords.json").stat().st_mode) == 0o600


def test_settings_show_no_secret(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in scene.environment.items():
        monkeypatch.setenv(name, value)
    loaded = load_settings()
    scanner = scene.scanner()
    for shown in (repr(loaded), str(loaded), loaded.model_dump_json(exclude={"prices"})):
        assert scanner.scan("settings", shown) == []


@pytest.mark.parametrize("shape", sorted(shapes(canary("planted"))))
def test_scanner_finds_every_shape_and_every_part(shape: bytes) -> None:
    """The control: a planted secret is found, whole or 8 characters of it (16 digits of hex)."""
    scanner = Scanner({"planted": canary("planted")})
    length = 16 if shape in hex_shapes(canary("planted")) else 8
    assert scanner.scan("whole", b"x=" + shape + b".") == ["planted"]
    assert scanner.scan("part", b"key " + shape[3 : 3 + length] + b"...") == ["planted"]
    assert scanner.scan("other case", shape.upper()) == ["planted"]
    assert scanner.scan("nothing", b"nothing is said here, at some length") == []


def test_scanner_does_not_take_an_address_in_memory_for_a_secret() -> None:
    secret = canary("planted")
    scanner = Scanner({"planted": secret})
    digits = secret.encode().hex()[10:18]
    assert scanner.scan("log", f"<Cursor object at 0x7f{digits}c0>") == []


def test_scanner_finds_a_leak_when_the_net_is_taken_away(scene: Scene) -> None:
    """The control: the same command without `hide` says what the services echoed."""
    bare = Scene(scene.home, scene.echo, scene.secrets)
    bare.run("no net", "ingest", "prices", program=WITHOUT_THE_NET)
    scanner = Scanner(scene.secrets)
    found = scanner.scan("output", bare.outputs["no net"])
    assert {"price_user", "price_path"} & set(found)


WITHOUT_THE_NET = """
import oracul.redact
oracul.redact.hide = lambda secret: None
# What it wrote must not stay behind for the other tests to find.
from oracul.warehouse import ledger
ledger.record_rejected = lambda *_: None
import oracul.warehouse
from contextlib import contextmanager
@contextmanager
def unwritten(*_, **__):
    yield ledger.StepRun()
import flows.steps
flows.steps.step_run = unwritten
from oracul.cli import main
main()
"""
