"""The EVM node and the Solidity compiler, taken from npm into a cache folder and run here.

Nothing is installed globally: both packages live under `cache_dir`, and the node that
`running_node` starts is stopped again when its block ends, whatever happened in it.
"""

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from oracul.errors import ConfigError, SourceError

PACKAGES = ("@foundry-rs/anvil@1.7.1", "solc@0.8.37")
MNEMONIC = "test test test test test test test test test test test junk"
"""The development mnemonic every EVM node documents; worthless keys, known to everyone."""

_COMPILE_JS = """
const solc = require('solc');
const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));
process.stdout.write(solc.compile(JSON.stringify(input)));
"""


def install(cache_dir: Path) -> None:
    """Install the npm packages under `cache_dir` once. Raises ConfigError without npm."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise ConfigError(
            "The generator needs Node.js with npm, and did not find them.",
            hint="Install Node.js 20 or later. `oracul demo` needs neither, it is recorded.",
        )
    stamp = cache_dir / "installed.txt"
    if stamp.exists() and stamp.read_text() == "\n".join(PACKAGES):
        return
    cache_dir.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--prefix", str(cache_dir), "--no-save", "--no-audit", "--no-fund"]
    done = subprocess.run(
        [*command, "--ignore-scripts", *PACKAGES], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SourceError(f"npm could not install {', '.join(PACKAGES)}: {done.stderr[-500:]}")
    stamp.write_text("\n".join(PACKAGES))


def compile_contracts(cache_dir: Path, folder: Path) -> dict[str, str]:
    """Compile every `.sol` file of `folder`; creation code as hex without 0x, by contract."""
    sources = {path.name: {"content": path.read_text()} for path in sorted(folder.glob("*.sol"))}
    request = {
        "language": "Solidity",
        "sources": sources,
        "settings": {
            "optimizer": {"enabled": True, "runs": 200},
            "evmVersion": "cancun",
            "metadata": {"bytecodeHash": "none", "appendCBOR": False},
            "outputSelection": {"*": {"*": ["evm.bytecode.object"]}},
        },
    }
    done = subprocess.run(
        ["node", "-e", _COMPILE_JS],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        cwd=cache_dir,
        check=True,
    )
    answer = json.loads(done.stdout)
    failures = [e["formattedMessage"] for e in answer.get("errors", []) if e["severity"] == "error"]
    if failures:
        raise ConfigError(f"Solidity does not compile: {failures[0]}")
    return {
        name: contract["evm"]["bytecode"]["object"]
        for file in answer["contracts"].values()
        for name, contract in file.items()
    }


class Node:
    """One JSON-RPC connection to a development node; not safe for several threads."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=120)

    def _post(self, payload: object) -> Any:
        body = json.dumps(payload)
        self._connection.request("POST", "/", body, {"content-type": "application/json"})
        return json.loads(self._connection.getresponse().read())

    def call(self, method: str, *params: object) -> Any:
        """Answer of one call; raise SourceError with the node's words when it refuses."""
        answer = self._post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        if "error" in answer:
            raise SourceError(f"{method} failed: {answer['error']}")
        return answer["result"]

    def try_calls(self, calls: list[tuple[str, list[object]]]) -> list[dict[str, Any]]:
        """Whole replies (with `result` or `error`) of a batch, in the order of the calls."""
        batch = [
            {"jsonrpc": "2.0", "id": i, "method": method, "params": params}
            for i, (method, params) in enumerate(calls)
        ]
        return sorted(self._post(batch), key=lambda reply: int(reply["id"])) if batch else []

    def calls(self, calls: list[tuple[str, list[object]]]) -> list[Any]:
        """Results of a batch in the order of the calls; raise SourceError at the first refusal."""
        replies = self.try_calls(calls)
        for (method, params), reply in zip(calls, replies, strict=True):
            if "error" in reply:
                raise SourceError(f"{method} {str(params)[:400]} failed: {reply['error']}")
        return [reply["result"] for reply in replies]


def _binary(cache_dir: Path) -> Path:
    found = sorted((cache_dir / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil*"))
    if not found:
        raise ConfigError("npm has no node binary for this platform.", hint="Use Linux or macOS.")
    return found[0]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_node(
    cache_dir: Path, *, timestamp: int, accounts: int, chain_id: int
) -> Iterator[Node]:
    """A node with `accounts` unlocked accounts and genesis at `timestamp` (s), while it lasts."""
    binary, port = _binary(cache_dir), _free_port()
    binary.chmod(0o700)  # npm without install scripts may leave the bit unset
    arguments = {
        "--port": port,
        "--chain-id": chain_id,
        "--accounts": accounts,
        "--balance": 1_000_000,
        "--mnemonic": MNEMONIC,
        "--timestamp": timestamp,
        "--hardfork": "prague",
        "--order": "fifo",
        "--gas-limit": 60_000_000,
    }
    command = [str(binary), "--no-mining", "--silent"]
    command += [str(word) for pair in arguments.items() for word in pair]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield _wait(port, process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(port: int, process: subprocess.Popen[bytes]) -> Node:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            node = Node(port)
            node.call("eth_chainId")
            return node
        time.sleep(0.1)
    raise SourceError("The development node did not start within 60 seconds.")
