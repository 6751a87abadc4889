"""The parts of maintenance, one call into a room each, and how they are done: each by itself."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

from flows.steps import Run
from oracul.errors import ConfigError
from oracul.log import get_logger
from oracul.units import plural
from oracul.warehouse import Client, as_warehouse_error, connect

# In this order: what is about to be given up is in the backup before it.
PartName = Literal["backup", "ledger", "data_docs", "leftovers", "prefect", "merges"]
PARTS: tuple[PartName, ...] = get_args(PartName)
# Does its part and says what it did; empty when nothing was due.
Do = Callable[[Run, Client], str]


@dataclass(frozen=True)
class Maintained:
    """What the parts said, in order, and what stopped those that failed."""

    said: Mapping[str, str]
    faults: Mapping[str, str]
    is_rehearsal: bool

    @property
    def sentence(self) -> str:
        """The work in one line, failed parts by name."""
        told = [f"{part} failed: {why}" for part, why in self.faults.items()]
        told += [text for text in self.said.values() if text]
        if not told:
            return "nothing is due"
        return ("would have " if self.is_rehearsal else "") + "; ".join(told)


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """These parts in their order, all when none is named. Raises ConfigError for another name."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise ConfigError(
            f"There is no part {unknown[0]!r}.", hint=f"There are: {', '.join(PARTS)}."
        )
    return tuple(part for part in PARTS if part in names or not names)


def do_parts(run: Run, client: Client, doing: Mapping[str, Do] | None = None) -> Maintained:
    """Do the run's parts; one that fails does not keep the others from their turn."""
    doing = doing or _DOING
    said, faults = {}, {}
    for part in chosen(run.parts):
        try:
            said[part] = doing[part](run, client)
        except Exception as error:  # noqa: BLE001 - of a folder, a server, a driver: all the same
            cause = as_warehouse_error(error) or error
            faults[part] = str(cause).removesuffix(".") or type(cause).__name__
            get_logger().info("maintenance_part_failed", part=part, because=faults[part])
    return Maintained(said, faults, run.is_rehearsal)


def _back_up(run: Run, _: Client) -> str:
    from oracul.warehouse.backups import back_up

    if run.settings.maintenance.backup_place is None:
        return ""
    # A backup of large tables takes longer than other statements may.
    with closing(connect(run.settings, is_unhurried=True)) as client:
        return back_up(
            run.settings, client, run.now, is_rehearsal=run.is_rehearsal, progress=run.progress
        ).sentence


def _delete_old_rows(run: Run, client: Client) -> str:
    from oracul.warehouse.retention import delete_old_rows

    before = run.now - timedelta(days=run.settings.maintenance.ledger_days)
    deleted = delete_old_rows(client, before, is_rehearsal=run.is_rehearsal)
    rows = (f"{plural(count, 'row')} of {table}" for table, count in deleted.items())
    return f"deleted {', '.join(rows)}" if deleted else ""


def _remove_old_pages(run: Run, _: Client) -> str:
    from expectations.old_pages import remove_old_pages

    before = run.now - timedelta(days=run.settings.maintenance.data_docs_days)
    pages = remove_old_pages(run.settings, before, is_rehearsal=run.is_rehearsal)
    return f"removed {plural(pages, 'page')} of Data Docs" if pages else ""


def _remove_leftovers(run: Run, client: Client) -> str:
    from oracul.warehouse.backups import remove_leftovers

    count = remove_leftovers(run.settings, client, is_rehearsal=run.is_rehearsal)
    return f"removed {plural(count, 'leftover')} of killed backups" if count else ""


def _delete_old_flow_runs(run: Run, _: Client) -> str:
    if not os.environ.get("PREFECT_API_URL"):
        return ""
    from flows.old_runs import delete_old_runs

    before = run.now - timedelta(days=run.settings.maintenance.prefect_days)
    runs = delete_old_runs(before, is_rehearsal=run.is_rehearsal)
    return f"deleted {plural(runs, 'flow run')} of Prefect" if runs else ""


def _merge(run: Run, client: Client) -> str:
    from oracul.warehouse.merging import merge_small_parts

    merged = merge_small_parts(client, is_rehearsal=run.is_rehearsal)
    return f"merged {plural(merged, 'partition')} of many parts" if merged else ""


_DOING: dict[str, Do] = {
    "backup": _back_up,
    "ledger": _delete_old_rows,
    "data_docs": _remove_old_pages,
    "leftovers": _remove_leftovers,
    "prefect": _delete_old_flow_runs,
    "merges": _merge,
}
