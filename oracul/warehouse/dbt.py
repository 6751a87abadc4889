"""Running dbt inside this process, on the warehouse of the settings; its models: `dbt_project`.

dbt is not safe to run twice at once in a process: a lock queues the calls; another one, across
processes, those that write tables. The parsed project is kept between them, which saves most of the
start-up.
"""

import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oracul.chains import DBT_PROJECT_DIR
from oracul.errors import OraculError, QualityError, WarehouseError
from oracul.progress import Progress, Silent
from oracul.settings import Settings
from oracul.warehouse.build_lock import build_lock, dev_lock
from oracul.warehouse.client import connection_environment
from oracul.warehouse.dbt_state import keep_built, keep_next
from oracul.warehouse.dbt_target import BUILDING, Command
from oracul.warehouse.publish import MART_GROUPS, MARTS, MARTS_NEXT

OnEvent = Callable[[Any], None]
_FAILED = ("error", "fail", "runtime error", "partial success")
_DONE = ("success", "pass", "warn")
_PROOFS = "golden_*_is_modelled"
# How dbt opens a message: "Compilation Error in model x (models/x.sql) ".
_FRAME = re.compile(r"^\w+ Error( in \w+ \S+ \([^)]*\))? ")
_WRITING = {"build", "clone", "retry", "run", "run-operation", "seed", "snapshot"}
_lock = threading.Lock()
_parsed: dict[tuple[Any, ...], Any] = {}


@dataclass(frozen=True)
class NodeResult:
    """How one model, seed or test ended.

    `kind` is dbt's resource type, `status` dbt's word (`success`, `pass`, `fail`, `error`,
    `skipped`); `days_built` counts the days that a model built by day touched; `message` is dbt's
    or ClickHouse's.
    """

    name: str
    kind: str
    status: str
    seconds: float
    message: str
    days_built: int = 0

    @property
    def is_failed(self) -> bool:
        """True when it went wrong itself (not when it was skipped for another's sake)."""
        return self.status in _FAILED


@dataclass(frozen=True)
class Built:
    """What a build did."""

    nodes: tuple[NodeResult, ...]

    @property
    def sentence(self) -> str:
        """One line for people."""
        models = [n for n in self.nodes if n.kind == "model"]
        rebuilt = [n for n in models if n.days_built]
        days = sum(n.days_built for n in rebuilt)
        tests = sum(n.kind == "test" for n in self.nodes)
        changed = f"{days} days of {len(rebuilt)} tables rebuilt" if rebuilt else "nothing changed"
        return f"{len(models)} models, {changed}; {tests} tests passed"


def build(
    settings: Settings,
    *,
    groups: Sequence[str] = MART_GROUPS,
    full_refresh: bool = False,
    marts: str = MARTS,
    progress: Progress | None = None,
) -> Built:
    """Build seeds, models and data tests: of the tables by day only the days whose inputs changed.

    `groups` are the folders of marts to build; what they are made from is built in any case.
    `marts` is the database that the marts are built in (see `publish`).
    The project's own proofs (unit tests, tests by golden rows) are left to `dbt build`; the golden
    rows are there, so that a build of the target `dev` can be held to them.
    Raises WarehouseError naming the first model that failed with ClickHouse's words, QualityError
    when a data test failed; what depends on either was not built.
    """
    bar = progress or Silent()
    left_out = [f"path:models/marts/{group}" for group in MART_GROUPS if group not in groups]
    args = ["build", "--exclude-resource-type", "unit_test", "--exclude", _PROOFS, *left_out]
    # A test that also needs what is left out waits for its turn.
    args += ["--indirect-selection", "buildable"] if left_out else []
    args += ["--full-refresh"] if full_refresh else []
    try:
        nodes = run_dbt(settings, args, _bar_of(bar), marts=marts)
    finally:
        bar.finish()
    raise_first_failure(nodes)
    return Built(tuple(nodes))


def run_dbt(
    settings: Settings,
    args: Sequence[str],
    on_event: OnEvent | None = None,
    *,
    marts: str = MARTS,
) -> list[NodeResult]:
    """Run a dbt command in this process and return how each node ended; failed nodes do not raise.

    `on_event` gets every event of dbt. Raises WarehouseError when dbt itself cannot run.
    """
    from dbt.cli.main import dbtRunner

    callbacks = [on_event] if on_event else []
    environment = {**connection_environment(settings), "ORACUL_DBT_MARTS_SCHEMA": marts}
    with _lock, _environment(environment), _turn(settings, args):
        scratch = settings.home / "dbt" / "target"
        base = _base_args(settings, scratch)
        manifest = _manifest(base)
        outcome = dbtRunner(manifest=manifest, callbacks=callbacks).invoke([*args, *base])
        if outcome.success and marts == MARTS_NEXT:
            written = scratch / "manifest.json"
            keep_next(settings.home, written, beside=MARTS_NEXT, published=MARTS)
    if outcome.exception is not None:
        raise WarehouseError(
            f"dbt {args[0]} could not run: {in_one_line(str(outcome.exception))}.",
            hint=f"`oracul dbt {args[0]}` shows the whole message.",
        ) from outcome.exception
    results = [_node_result(result) for result in getattr(outcome.result, "results", [])]
    return [r for r in results if r.kind != "operation" or r.is_failed]


def run_quietly(settings: Settings, args: Sequence[str], target_path: Path) -> Any:
    """dbt's outcome of a command that writes no tables, its files in `target_path`."""
    from dbt.cli.main import dbtRunner

    with _lock, _environment(connection_environment(settings)):
        return dbtRunner().invoke([*args, *_base_args(settings, target_path)])


def run_dbt_command(settings: Settings, args: Sequence[str]) -> int:
    """Any dbt command with dbt's own output, on the project and the warehouse of the settings.

    With `--target dev` in schemas of the developer, beside the published tables (`dbt_target`).
    Returns the exit code: 0 done, 1 something failed, 2 dbt could not run. Raises ConfigError when
    it is to be compared with what is published, and nothing is.
    """
    from dbt.cli.main import dbtRunner

    command = Command(tuple(args))
    places = {"DBT_PROJECT_DIR": str(DBT_PROJECT_DIR), "DBT_PROFILES_DIR": str(DBT_PROJECT_DIR)}
    told = command.environment(settings)
    environment = {**connection_environment(settings), **places, **told}
    with _lock, _environment(environment), _turn(settings, args, is_dev=command.is_dev):
        outcome = dbtRunner().invoke(list(args))
        if outcome.exception is None and _is_published(command):
            results = getattr(outcome.result, "results", [])
            done = {r.node.unique_id for r in results if str(r.status) in _DONE}
            keep_built(settings.home, command.target_path / "manifest.json", done)
    if outcome.exception is not None:
        return 2
    return 0 if outcome.success else 1


def _is_published(command: Command) -> bool:
    """Whether people read what this command builds."""
    elsewhere = os.environ.get("ORACUL_DBT_SCHEMA_PREFIX")
    marts = os.environ.get("ORACUL_DBT_MARTS_SCHEMA") or MARTS
    return command.is_one_of(BUILDING) and not command.is_dev and not elsewhere and marts == MARTS


def raise_first_failure(nodes: Sequence[NodeResult]) -> None:
    """Raise for the first node that failed, models before tests; the others are counted.

    Raises WarehouseError for a model or seed, QualityError for a data test.
    """
    failed = sorted((n for n in nodes if n.is_failed), key=lambda n: n.kind == "test")
    if not failed:
        return
    first, rest = failed[0], len(failed) - 1
    skipped = sum(n.status == "skipped" for n in nodes)
    more = f" {rest} more failed." if rest else ""
    more += f" {skipped} that depend on it were skipped." if skipped else ""
    error: type[OraculError] = QualityError if first.kind == "test" else WarehouseError
    raise error(
        f"dbt {first.kind} {first.name} failed: {first.message}.{more}",
        hint=f"Look closer with `oracul dbt build --select {first.name}`.",
    )


def _node_result(result: Any) -> NodeResult:
    response: Mapping[str, Any] = result.adapter_response or {}
    # An exposure is built into nothing.
    materialized = getattr(result.node.config, "materialized", "")
    return NodeResult(
        name=result.node.name,
        kind=str(result.node.resource_type),
        status=str(result.status),
        seconds=round(result.execution_time, 3),
        message=in_one_line(result.message or ""),
        days_built=int(response.get("rows_affected") or 0) if materialized == "by_day" else 0,
    )


def in_one_line(message: str) -> str:
    """The sentence that matters: ClickHouse's own, else dbt's without its frame."""
    text = " ".join(message.split())
    own = text.partition("DB::Exception: ")[2] or _FRAME.sub("", text).partition(" > in macro ")[0]
    return own.partition(" (for url ")[0].removesuffix(".")[:600]


def _turn(
    settings: Settings, args: Sequence[str], *, is_dev: bool = False
) -> AbstractContextManager[None]:
    """The lock of builds for a command that writes tables; the others need none.

    A developer's tables are no other build's: the two need not wait for each other.
    """
    if not _WRITING & set(args):
        return nullcontext()
    return dev_lock(settings.home) if is_dev else build_lock(settings.home)


def _base_args(settings: Settings, target_path: Path) -> list[str]:
    """Where dbt finds the project and leaves its files; its own output is silenced."""
    return [
        "--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR),
        "--target-path", str(target_path), "--log-path", str(settings.home / "dbt" / "logs"),
        "--log-level", "none", "--log-level-file", "none", "--no-use-colors",
    ]  # fmt: skip


def _manifest(base: Sequence[str]) -> Any:
    """The parsed project, from memory while no file of it and no prefix has changed."""
    from dbt.cli.main import dbtRunner

    newest = max(
        path.stat().st_mtime
        for folder in ("models", "macros", "seeds", "tests", ".")
        for path in (DBT_PROJECT_DIR / folder).glob("*" if folder == "." else "**/*")
        if path.suffix in (".sql", ".yml", ".csv")
    )
    read = ("ORACUL_DBT_SCHEMA_PREFIX", "ORACUL_DBT_MARTS_SCHEMA", "ORACUL_CLICKHOUSE__CLUSTER")
    key = (newest, *(os.environ.get(name, "") for name in read))
    if key not in _parsed:
        outcome = dbtRunner().invoke(["parse", *base])
        if not outcome.success:
            raise WarehouseError(
                f"The dbt project does not parse: {in_one_line(str(outcome.exception))}.",
                hint="`oracul dbt parse` shows the file and line.",
            )
        _parsed.clear()
        _parsed[key] = outcome.result
    return _parsed[key]


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Variables that dbt's profile reads, put back afterwards."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _bar_of(bar: Progress) -> OnEvent:
    """Moves the bar as nodes finish; dbt's worker threads take turns."""
    turn = threading.Lock()
    state = {"started": False}

    def on_event(event: Any) -> None:
        with turn:
            if event.info.name == "LogStartLine" and not state["started"]:
                state["started"] = True
                bar.start("Building models", event.data.total, "nodes")
            elif event.info.name == "NodeFinished" and state["started"]:
                bar.advance(1)

    return on_event
