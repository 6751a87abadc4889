"""What Superset needs to run beside the warehouse: its environment, its secrets, its settings."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

from oracul.chains import PROJECT_ROOT
from oracul.errors import ConfigError
from oracul.folders import make_private
from oracul.redact import hide
from oracul.settings import Settings
from oracul.warehouse import Client, as_warehouse_error, warehouse_errors

SUPERSET_DIR = PROJECT_ROOT / "deployments" / "superset"
# Each is made at first use, when no setting gives it.
SECRETS = ("secret_key", "admin_password", "analyst_password", "viewer_password")


def superset_python() -> Path:
    """The interpreter of Superset's environment, which `make setup` puts beside ours."""
    return Path(sys.prefix) / ".superset" / "bin" / "python"


def require_superset() -> None:
    """Raises ConfigError where Superset's environment is missing."""
    if not superset_python().exists():
        raise ConfigError(
            "Superset is not installed: its environment is missing.",
            hint="`make setup` installs it; ORACUL_SUPERSET__ENABLED=false goes on without.",
        )


def superset_secrets(settings: Settings) -> dict[str, str]:
    """Superset's key and its users' passwords, by the names of their settings.

    What no setting gives is made once and kept in `<home>/superset/secrets.json` (mode 0600).
    Raises ConfigError when that file is damaged.
    """
    path = settings.home / "superset" / "secrets.json"
    stored = _stored(path)
    kept = {name: stored.get(name) or secrets.token_urlsafe(24) for name in SECRETS}
    if kept != stored:
        make_private(path.parent)
        draft = path.with_suffix(f".{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1)
        draft.replace(path)
    for name in SECRETS:
        given = getattr(settings.superset, name)
        if given is not None and given.get_secret_value():
            kept[name] = given.get_secret_value()
        hide(kept[name])
    return kept


def _stored(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        path.chmod(0o600)
        return {str(name): str(value) for name, value in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"Superset's secrets in {path} cannot be read: {error}.",
            hint="Put the file back from a backup. Without it, delete it and `superset.db` beside"
            " it: what people saved in Superset is then lost, the dashboards come back.",
        ) from None


def superset_environment(settings: Settings) -> dict[str, str]:
    """Variables that `deployments/superset` reads. They hold secrets. Raises ConfigError."""
    own = settings.superset
    home = settings.home / "superset"
    known = superset_secrets(settings)
    variables = {
        "SUPERSET_HOME": str(home),
        "SUPERSET_CONFIG_PATH": str(SUPERSET_DIR / "superset_config.py"),
        "SUPERSET_PORT": str(own.port),
        "SUPERSET_SECRET_KEY": known["secret_key"],
        "SUPERSET_ADMIN_PASSWORD": known["admin_password"],
        "SUPERSET_ANALYST_PASSWORD": known["analyst_password"],
        "SUPERSET_VIEWER_PASSWORD": known["viewer_password"],
        "PYTHONPATH": str(SUPERSET_DIR),
        "PYTHONWARNINGS": "ignore",
        "PYTHONUNBUFFERED": "1",
        # "now" and "last day" are counted by the clock of the process: days are UTC days.
        "TZ": "UTC",
        # Flask writes its own things there, not into the working directory.
        "FLASK_APP": "superset",
    }
    if own.metadata_url:
        variables["SUPERSET_METADATA_URL"] = own.metadata_url.get_secret_value()
    if own.redis_url:
        variables["SUPERSET_REDIS_URL"] = own.redis_url.get_secret_value()
    return variables | _warehouse(settings)


def check_assets() -> int:
    """How many files of dashboards, charts and datasets make sense. Raises ConfigError."""
    return len(_run_tool("bundle.py", "--check"))


def refused_expressions(client: Client) -> list[str]:
    """Metrics and added columns that the warehouse does not understand, each with its words.

    Those of tables that are not built yet are left out. Raises ConfigError for files that make no
    sense, WarehouseError where the warehouse gives no answer.
    """
    asked = [json.loads(line) for line in _run_tool("questions.py")]
    with warehouse_errors("The warehouse does not say which tables it has"):
        rows = client.query("select concat(database, '.', name) from system.tables").result_rows
    built = {row[0] for row in rows}
    refused = []
    for one in asked:
        try:
            if one["table"] in built:
                client.query(one["sql"])
        except Exception as error:
            found = as_warehouse_error(error)
            if found is None:
                raise
            refused.append(f"{one['file']}: {one['name']}: {found.message}")
    return refused


def write_bundle(path: Path) -> None:
    """Write the dashboards as a zip file that Superset imports. Raises ConfigError."""
    _run_tool("bundle.py", str(path))


def import_assets(settings: Settings) -> list[str]:
    """Bring Superset's database up to the assets; what was done. Raises ConfigError."""
    require_superset()
    make_private(settings.home / "superset")
    return _run_tool("bootstrap.py", settings=settings)


def _run_tool(name: str, *words: str, settings: Settings | None = None) -> list[str]:
    """Lines that a program of `deployments/superset` says. Raises ConfigError with its complaint.

    With settings it runs in Superset's environment, else in ours.
    """
    python = sys.executable if settings is None else str(superset_python())
    variables = {} if settings is None else superset_environment(settings)
    done = subprocess.run(  # noqa: S603 - a program of ours
        [python, str(SUPERSET_DIR / name), *words],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [
            f"{name} failed and said nothing"
        ]
        raise ConfigError(
            said[-1] if said[-1].endswith((".", "?")) else f"{said[-1]}.",
            hint="The files are in deployments/superset/assets; docs/how-to/dashboards.md explains"
            " them.",
        )
    return done.stdout.strip().splitlines()


def _warehouse(settings: Settings) -> dict[str, str]:
    """Where the warehouse is, and the user that can only select."""
    target, own = settings.clickhouse, settings.superset
    if target.host is None:
        from oracul.warehouse.embedded import endpoint_of, environment

        found = environment(endpoint_of(settings), reader=True)
        return {
            f"SUPERSET_WAREHOUSE_{name}": found[f"ORACUL_CLICKHOUSE__{name}"]
            for name in ("HOST", "PORT", "USER", "PASSWORD")
        } | {"SUPERSET_WAREHOUSE_EMBEDDED": "true"}
    if own.warehouse_user is None or own.warehouse_password is None:
        raise ConfigError(
            "Superset has no user for your ClickHouse server.",
            hint="Give one the role `oracul_reader` (deployments/clickhouse), and set"
            " ORACUL_SUPERSET__WAREHOUSE_USER and ORACUL_SUPERSET__WAREHOUSE_PASSWORD.",
        )
    return {
        "SUPERSET_WAREHOUSE_HOST": target.host,
        "SUPERSET_WAREHOUSE_PORT": str(target.port or (8443 if target.secure else 8123)),
        "SUPERSET_WAREHOUSE_USER": own.warehouse_user,
        "SUPERSET_WAREHOUSE_PASSWORD": own.warehouse_password.get_secret_value(),
        "SUPERSET_WAREHOUSE_SECURE": str(target.secure).lower(),
        "SUPERSET_WAREHOUSE_VERIFY": str(target.verify).lower(),
        "SUPERSET_WAREHOUSE_CA_CERT": str(target.ca_cert or ""),
    }
