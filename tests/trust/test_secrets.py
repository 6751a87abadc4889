"""Secrets stay where they were put: canaries in every secret setting, every output scanned.

The variables of a process (`/proc/<pid>/environ`) hold its settings and are open to the same user;
that is how they are given, so it is left out here.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from oracul.demo.recording import Recording
from oracul.demo.replay import serve_recording
from tests.fixtures.canaries import Scanner, canary
from tests.fixtures.echo_server import Echo, serve_echo
from tests.fixtures.toy_chain import toy_chain

CHAIN = "devnet"
BLOCKS = 12
PLACES = (
    "rpc_user", "rpc_password", "rpc_path", "rpc_query", "price_user", "price_path", "price_key",
    "webhook_user", "webhook_path", "webhook_query", "admin_password", "wrong_password",
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

    def run(self, name: str, *words: str, program: str = "", **changes: str) -> bytes:
        """Run the command, or a program, in this scene; keeps what it said."""
        start = ["-c", program] if program else ["-m", "oracul.cli"]
        variables = os.environ | self.environment | changes
        variables |= {"DBT_TARGET_PATH": str(self.home / "own-dbt" / "target")}
        variables |= {"DBT_LOG_PATH": str(self.home / "own-dbt" / "logs")}
        with self.watched():
            done = subprocess.run(
                [sys.executable, *start, *words],
                env=variables, cwd=Path(__file__).parents[2], capture_output=True, timeout=240,
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
    "alert": ("alert",),
    "sql that fails": ("sql", "select * from nowhere where a = 'b"),
}
MORE_COMMANDS: dict[str, tuple[str, ...]] = {
    "run": ("run", *SPAN),
    "check": ("check",),
    "status": ("status", "--json"),
    "warehouse status": ("warehouse", "status"),
    "dbt debug": ("dbt", "debug"),
    "dbt run": ("dbt", "--debug", "--log-level-file", "debug", "run", "--select", "staging"),
    "backup": ("warehouse", "backup", "canaries"),
    "warehouse address": ("warehouse", "start"),
}


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


def test_no_canary_leaves_by_commands_that_fail_in_many_ways(scene: Scene, promise) -> None:
    trial = promise("secrets", small=len(COMMANDS), full=len(COMMANDS), unit="commands")
    for name, words in COMMANDS.items():
        scene.run(name, *words)
    scanner = scene.scanner()
    everything_of(scene, scanner)
    trial.saw(_told(scanner))
    assert scanner.found == []


def _told(scanner: Scanner) -> str:
    return (
        f"{len(scanner.found)} of {len(scanner.secrets)} canaries found in"
        f" {scanner.looked_at:,} outputs, {scanner.bytes_read / 1e6:.1f} MB"
    )
