"""Giving up old rows of the ledgers, none that a verdict, an alert or an extractor still reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from clickhouse_connect.driver.client import Client

# Steps that run every minute and most often find nothing new: such runs are kept for the days
# before the last good one only. A step that came to a stand keeps its rhythm, which alerts go by.
QUIET_STEPS = ("ingest_chain", "ingest_prices", "ingest_tokens")
QUIET_KEPT = timedelta(days=14)
# What is refused once is not asked again: the prices' extractor reads these rows as coverage.
_KEPT_REFUSALS = "raw.prices_spot"


@dataclass(frozen=True)
class _Ledger:
    """How one ledger ages: by `at`; of each `thing` all is kept from its last good row on.

    From there on stand its newest end (which the doors go by), the trouble it is in and the run in
    which that began (which alerts are known by), and how it is now (which `status` shows).
    """

    table: str
    at: str
    thing: str
    is_good: str


_RUNS = "meta.pipeline_runs"
_LEDGERS = (
    _Ledger(_RUNS, "started_at", "step, chain", "status = 'done'"),
    _Ledger("meta.data_quality_checks", "checked_at", "suite, table, check", "status != 'fail'"),
)
_LAST_GOOD_SQL = """
select cityHash64({thing}) as thing_hash, maxIf({at}, {is_good}) as good_at
from {table} final
group by thing_hash
having good_at < {{before:DateTime64(3, 'UTC')}} and min({at}) < {{before:DateTime64(3, 'UTC')}}
"""
# Values, not a subquery: replicas must all delete the same rows.
_OLD = """
{at} < {{before:DateTime64(3, 'UTC')}} and not arrayExists(
    (thing_hash, good_at) -> thing_hash = cityHash64({thing}) and {at} >= good_at,
    {{things:Array(UInt64)}}, {{good_at:Array(DateTime64(3, 'UTC'))}}
)
"""
_QUIET_SINCE_SQL = f"""
select
    cityHash64(step, chain) as thing_hash,
    maxIf(started_at, status = 'done') - interval {QUIET_KEPT.days} day as quiet_before
from meta.pipeline_runs final
where step in {QUIET_STEPS}
group by thing_hash
having min(started_at) < quiet_before
"""
# The `running` version goes with the end that replaced it: alone it would be the newest one.
_QUIET = f"""
step in {QUIET_STEPS} and status in ('running', 'done') and rows_out = 0 and arrayExists(
    (thing_hash, quiet_before) ->
        thing_hash = cityHash64(step, chain) and started_at < quiet_before,
    {{quiet_things:Array(UInt64)}}, {{quiet_before:Array(DateTime64(3, 'UTC'))}}
)
"""
_OLD_REFUSALS = f"rejected_at < {{before:DateTime64(3, 'UTC')}} and table != '{_KEPT_REFUSALS}'"


def delete_old_rows(
    client: Client, before: datetime, *, is_rehearsal: bool = False
) -> Mapping[str, int]:
    """Delete what the ledgers wrote before an instant; rows by table (only tables with any).

    Of each step and check the rows from its last good one on are kept, however old they are; so are
    refused prices. Minutely runs that landed nothing go sooner (QUIET_KEPT). Landing goes on
    meanwhile. With `is_rehearsal` only count.
    """
    deleted = {}
    for ledger in _LEDGERS:
        words = {"table": ledger.table, "at": ledger.at, "thing": ledger.thing}
        known: dict[str, object] = {"before": before}
        found = client.query(
            _LAST_GOOD_SQL.format(**words, is_good=ledger.is_good), parameters=known
        ).result_rows
        kept: dict[str, object] = {
            "things": [row[0] for row in found],
            "good_at": [row[1] for row in found],
        }
        condition = _OLD.format(**words)
        if ledger.table == _RUNS:
            condition = f"({condition}) or ({_QUIET})"
            kept |= _quiet(client)
        deleted[ledger.table] = _delete(client, ledger.table, condition, known | kept, is_rehearsal)
    refused = "meta.rejected_rows"
    deleted[refused] = _delete(client, refused, _OLD_REFUSALS, {"before": before}, is_rehearsal)
    return {table: rows for table, rows in deleted.items() if rows}


def _quiet(client: Client) -> dict[str, object]:
    found = client.query(_QUIET_SINCE_SQL).result_rows
    return {"quiet_things": [row[0] for row in found], "quiet_before": [row[1] for row in found]}


def _delete(
    client: Client, table: str, condition: str, known: Mapping[str, object], is_rehearsal: bool
) -> int:
    rows = client.query(
        f"select count() from {table} where {condition}", parameters=dict(known)
    ).result_rows[0][0]
    # A deletion costs a look at every part, so there is none where nothing is old.
    if rows and not is_rehearsal:
        client.command(f"delete from {table} where {condition}", parameters=dict(known))
    return int(rows)
