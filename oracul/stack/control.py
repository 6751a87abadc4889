"""Bringing the stack up, part by part until each is healthy, and down again."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from oracul.chains import PROJECT_ROOT
from oracul.errors import ConfigError, OraculError
from oracul.folders import make_private
from oracul.log import get_logger
from oracul.settings import Settings
from oracul.stack import supervision
from oracul.stack.parts import (
    WORK_POOL,
    Part,
    deployment_environment,
    parts_of,
    prefect_environment,
)
from oracul.stack.superset import require_superset

HEALTHY_SECONDS = 180
_POLL_SECONDS = 0.5
_SEEN_DEAD = ("FATAL", "STOPPED")

Say = Callable[[str], None]


@dataclass(frozen=True)
class PartState:
    """How a part is: supervisord's word for its process, and whether it answers."""

    part: Part
    process: str
    pid: int
    up_seconds: int
    is_healthy: bool


def up(settings: Settings, say: Say = lambda _: None) -> list[PartState]:
    """Start what is not running and wait until all of it is healthy.

    When something does not come up, what this call started is stopped again. Raises ConfigError
    when a port is taken by somebody else, OraculError with the last words of a part that failed.
    """
    parts = parts_of(settings)
    was_running = supervision.reach(settings) is not None
    if not was_running:
        _refuse_taken_ports(settings)
        if settings.superset.enabled:
            require_superset()
    try:
        if not was_running:
            supervision.start(settings, parts)
        is_deployed = False
        for part in parts:
            if part.waits:
                if not is_deployed:
                    address = deploy(settings)
                    is_deployed = True
                    if not was_running:
                        _end_orphans(address)
                _start_waiting(settings, part)
            _wait_until_healthy(settings, part)
            say(f"{part.name}: {part.what}" + (f", {part.address}" if part.address else ""))
    except BaseException:
        if not was_running:
            try:
                down(settings)
            except OraculError as left:  # why it did not come up is what counts
                get_logger().error("stack_left_running", reason=left.message)
        raise
    return part_states(settings)


def down(settings: Settings) -> bool:
    """Stop all parts and supervisord; False when it was not running. Raises OraculError."""
    interface = supervision.reach(settings)
    if interface is None:
        return False
    pid = interface.getPID()
    interface.shutdown()
    patience = sum(part.stop_seconds for part in parts_of(settings)) + 10
    if not supervision.wait_until_gone(pid, patience):
        raise OraculError(
            "The stack is still stopping.", hint="Look at `oracul logs`, and try again in a minute."
        )
    return True


def part_states(settings: Settings) -> list[PartState]:
    """How each part is now; empty when the stack is down."""
    interface = supervision.reach(settings)
    if interface is None:
        return []
    found = {one["name"]: one for one in interface.getAllProcessInfo()}
    return [
        PartState(
            part,
            process=found[part.name]["statename"],
            pid=found[part.name]["pid"],
            up_seconds=max(0, found[part.name]["now"] - found[part.name]["start"]),
            is_healthy=found[part.name]["statename"] == "RUNNING" and _answers(part),
        )
        for part in parts_of(settings)
        if part.name in found
    ]


def _start_waiting(settings: Settings, part: Part) -> None:
    interface = supervision.reach(settings)
    if interface and interface.getProcessInfo(part.name)["statename"] in _SEEN_DEAD:
        interface.startProcess(part.name, False)


def _wait_until_healthy(settings: Settings, part: Part) -> None:
    deadline = time.monotonic() + HEALTHY_SECONDS
    while time.monotonic() < deadline:
        state = next((s for s in part_states(settings) if s.part.name == part.name), None)
        if state is None or state.process == "FATAL":
            break
        if state.is_healthy:
            return
        time.sleep(_POLL_SECONDS)
    raise OraculError(
        f"{part.name} did not come up. Its last words: {_last_words(part)}",
        hint=f"`oracul logs {part.name}` shows the rest.",
    )


def _answers(part: Part) -> bool:
    return part.health_url is None or _is_there(part.health_url)


def _is_there(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _refuse_taken_ports(settings: Settings) -> None:
    ports = {"PREFECT": settings.prefect.port}
    if settings.superset.enabled:
        ports["SUPERSET"] = settings.superset.port
    for part, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise ConfigError(
                    f"Port {port} is taken by another program.",
                    hint=f"Stop it, or set ORACUL_{part}__PORT to a free port.",
                ) from None


def deploy(settings: Settings, api_url: str | None = None) -> str:
    """Tell a Prefect server what `prefect.yaml` and `flows.automations` say; return its address.

    The same again changes nothing. `api_url` None means the local stack's. Raises ConfigError when
    no server answers there, OraculError when it does not take it.
    """
    environment = prefect_environment(settings) | deployment_environment(settings)
    environment["PREFECT_API_URL"] = api_url or environment["PREFECT_API_URL"]
    if not _is_there(f"{environment['PREFECT_API_URL']}/health"):
        raise ConfigError(
            f"No Prefect server answers at {environment['PREFECT_API_URL']}.",
            hint="`oracul up` starts one; or set PREFECT_API_URL to the address of yours.",
        )
    make_private(settings.home / "logs")
    (settings.home / "logs" / "deploy.log").unlink(missing_ok=True)
    prefect = next(part.command[0] for part in parts_of(settings) if part.name == "prefect")
    for words in (
        [prefect, "work-pool", "create", WORK_POOL, "--type", "process", "--overwrite"],
        [prefect, "--no-prompt", "deploy", "--all"],
        [sys.executable, "-m", "flows.automations"],
    ):
        _run(settings, words, environment)
    return environment["PREFECT_API_URL"]


def _end_orphans(api_url: str) -> None:
    """Cancel the runs that were under way when the stack last stopped: no worker has them now.

    Each would keep its deployment's only place, and every run after it would be left out.
    """
    under_way = {"flow_runs": {"state": {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}}}}
    cancelled = {"type": "CANCELLED", "message": "the stack was stopped while it was under way"}
    with httpx.Client(base_url=api_url, timeout=30) as client:
        for run in client.post("/flow_runs/filter", json=under_way).raise_for_status().json():
            client.post(f"/flow_runs/{run['id']}/set_state", json={"state": cancelled})


def _run(settings: Settings, words: Sequence[str], environment: dict[str, str]) -> None:
    """Run a program that speaks to the server. Raises OraculError with its last words."""
    done = subprocess.run(  # noqa: S603 - a program of this environment, words of ours
        words,
        env=os.environ | environment,
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    with (settings.home / "logs" / "deploy.log").open("a", encoding="utf-8") as log:
        log.write(done.stdout + done.stderr)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()
        command = " ".join([Path(words[0]).name, *words[1:]])
        raise OraculError(
            f"`{command}` failed: {last[-1] if last else 'it said nothing'}",
            hint="`oracul logs deploy` shows all it said.",
        )


def _last_words(part: Part) -> str:
    if not part.log.exists():
        return "(none)"
    lines = part.log.read_text(encoding="utf-8", errors="replace").splitlines()
    return " / ".join(line.strip() for line in lines[-3:] if line.strip()) or "(none)"
