"""What the local stack is made of. Pure: from settings to commands, addresses and log files."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

from oracul.chains import PROJECT_ROOT, load_chains
from oracul.settings import Settings

WORK_POOL = "oracul"
INGEST_QUEUE = "ingest"


@dataclass(frozen=True)
class Part:
    """One process of the stack.

    `health_url` answers with status 200 once it is up; None = being alive is enough. `address` is
    where people find it. A part that `waits` is started only when the others are healthy and the
    deployments are registered.
    """

    name: str
    what: str
    command: tuple[str, ...]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    health_url: str | None = None
    address: str = ""
    stop_seconds: int = 30
    waits: bool = False


def parts_of(settings: Settings) -> list[Part]:
    """The parts in the order they are started; no warehouse when one is configured elsewhere."""
    logs = settings.home / "logs"
    prefect = prefect_environment(settings)
    parts = [
        Part(
            name="prefect",
            what="Prefect server and UI",
            command=(_program("prefect"), "server", "start", "--host", "127.0.0.1", "--port",
                     str(settings.prefect.port)),
            log=logs / "prefect.log",
            environment=prefect,
            health_url=f"{prefect['PREFECT_API_URL']}/health",
            address=f"http://127.0.0.1:{settings.prefect.port}",
        ),
        _worker(
            settings, "worker", "runs the deployments", settings.prefect.worker_limit,
        ),
        # Builds that wait for each other take every place of a worker; following goes on here.
        _worker(
            settings, "worker-ingest", "keeps places for landing",
            len(settings.chains) + 2, "--work-queue", INGEST_QUEUE,
        ),
    ]  # fmt: skip
    if settings.superset.enabled:
        parts.append(
            Part(
                name="superset",
                what="Superset with the dashboards",
                command=(sys.executable, "-m", "oracul.stack.become_superset"),
                log=logs / "superset.log",
                environment={"ORACUL_HOME": str(settings.home)},
                health_url=f"http://127.0.0.1:{settings.superset.port}/health",
                address=settings.superset.address,
            )
        )
    if settings.clickhouse.host is None:
        warehouse = Part(
            name="warehouse",
            what="ClickHouse, embedded",
            command=(sys.executable, "-m", "oracul.stack.keep"),
            log=logs / "warehouse-keeper.log",
        )
        parts.insert(0, warehouse)
    return parts


def _worker(settings: Settings, name: str, what: str, limit: int, *words: str) -> Part:
    return Part(
        name=name,
        what=what,
        command=(_program("prefect"), "worker", "start", "--pool", WORK_POOL, "--type", "process",
                 "--name", name, "--limit", str(limit), *words),
        log=settings.home / "logs" / f"{name}.log",
        environment=prefect_environment(settings),
        # A batch in hand is landed before a run ends.
        stop_seconds=60,
        waits=True,
    )  # fmt: skip


def prefect_environment(settings: Settings) -> dict[str, str]:
    """Variables under which Prefect's programs find this home's server and stay on this machine."""
    return {
        "ORACUL_HOME": str(settings.home),
        "ORACUL_PROJECT_DIR": str(PROJECT_ROOT),
        "PREFECT_HOME": str(settings.home / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{settings.prefect.port}/api",
        # The UI asks the address it was served from.
        "PREFECT_SERVER_UI_API_URL": "/api",
        # Else any page that a browser here shows could start runs: the server asks for no password.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://127.0.0.1:{settings.prefect.port}",
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # SQLite has one writer at a time: on a busy machine a turn may take longer than 10 seconds.
        "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_CLI_COLORS": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "5",
        # A run whose process and worker both died is known by its silence (flows/automations.py).
        # Some signs of life in that time: one that is late counts for nothing.
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(_beat_seconds(settings)),
        # Logs and artifacts of runs that are gone; runs themselves `maintain` gives up.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,orphans",
        "DO_NOT_TRACK": "1",
    }


def deployment_environment(settings: Settings) -> dict[str, str]:
    """Variables that `prefect.yaml` reads: which of its schedules are on."""
    followed = {name for name, chain in settings.chains.items() if chain.rpc_urls}
    schedules = {f"FOLLOWS_{chain.upper()}": chain in followed for chain in load_chains()}
    schedules["FOLLOWS_ANY"] = bool(followed)
    return {name: str(is_on).lower() for name, is_on in schedules.items()}


def _beat_seconds(settings: Settings) -> int:
    """Prefect takes no less than 30."""
    return max(30, settings.prefect.silent_minutes * 60 // 5)


def _program(name: str) -> str:
    """A program of this very environment."""
    return str(Path(sys.executable).with_name(name))
