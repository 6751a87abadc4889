"""The shell: read the marts, judge, write what was found and the bands. The rest here is pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from oracul.analytics.anomalies import marts
from oracul.analytics.anomalies.days import JudgedDays, judge_days
from oracul.analytics.anomalies.findings import ENSEMBLE
from oracul.analytics.anomalies.severity import SEVERITIES
from oracul.analytics.anomalies.store import changes, read_active, write, write_bands
from oracul.analytics.anomalies.versions import (
    code_version,
    input_version,
    read_judged,
    record_judged,
)
from oracul.progress import Progress, Silent
from oracul.settings import Settings
from oracul.times import days, utc_now
from oracul.units import plural
from oracul.warehouse import Client

# Days judged in one go: enough to share the vectorised work, few enough to stay small in memory.
DAYS_AT_ONCE = 16


@dataclass(frozen=True)
class Detected:
    """What a run judged and found. `series` counts judged days of series, `anomalies` findings on
    the days judged now; `by_severity` splits them; `written` and `deactivated` count changed rows.
    """

    days: int = 0
    unchanged_days: int = 0
    series: int = 0
    by_severity: dict[str, int] = field(default_factory=dict)
    written: int = 0
    deactivated: int = 0

    @property
    def anomalies(self) -> int:
        """Findings of all severities."""
        return sum(self.by_severity.values())

    @property
    def sentence(self) -> str:
        """The report in one line."""
        if not self.days:
            return f"nothing to judge, {plural(self.unchanged_days, 'day')} unchanged"
        found = ", ".join(f"{n} {s}" for s, n in reversed(self.by_severity.items()) if n)
        return (
            f"judged {self.series:,} values of {plural(self.days, 'day')}: "
            f"{plural(self.anomalies, 'anomaly')}" + (f" ({found})" if found else "")
        )


def detect(
    settings: Settings,
    client: Client,
    *,
    run_id: str,
    start: date | None = None,
    end: date | None = None,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> Detected:
    """Judge the days of [start, end) and bring `meta.anomalies` and `meta.metric_bands` up to date;
    all days by default.

    A day is judged with earlier days only, and skipped while its inputs, the settings and the rules
    are those it was judged by. Running twice changes nothing. Raises WarehouseError's driver error
    when the marts do not exist.
    """
    now, progress, rules = now or utc_now(), progress or Silent(), settings.anomalies
    span = marts.read_span(client, start, end)
    if span is None:
        return Detected()
    code = code_version(rules)
    first = span[0] - timedelta(days=rules.window_days + 1)
    whole = marts.read_whole_days(client, first, span[1])
    day_versions = marts.read_day_versions(client, first, span[1])
    judged = read_judged(client, code)
    wanted = {
        day: input_version(day, rules.window_days, day_versions, whole) for day in days(*span)
    }
    due = [day for day, version in wanted.items() if judged.get(day) != version]
    total = Detected(unchanged_days=len(wanted) - len(due))
    progress.start("Judging days", len(due), "days")
    for place in range(0, len(due), DAYS_AT_ONCE):
        batch = due[place : place + DAYS_AT_ONCE]
        told = judge_days(rules, marts.read_batch(client, rules, batch, whole), batch)
        written, gone = _bring_up_to_date(client, batch, told, run_id, now)
        record_judged(client, [(day, wanted[day]) for day in batch], code, now)
        total = _add(total, len(batch), told, written, gone)
        progress.advance(len(batch), anomalies=total.anomalies)
    progress.finish()
    return total


def _bring_up_to_date(
    client: Client, batch: Sequence[date], told: JudgedDays, run_id: str, now: datetime
) -> tuple[int, int]:
    active, gone = changes(read_active(client, batch), told.findings)
    write(client, active=active, gone=gone, run_id=run_id, now=now)
    write_bands(client, told.bands, batch, run_id=run_id, now=now)
    return len(active), len(gone)


def _add(total: Detected, batch: int, told: JudgedDays, written: int, gone: int) -> Detected:
    counted = Counter(f.severity for f in told.findings if f.method == ENSEMBLE)
    return Detected(
        days=total.days + batch,
        unchanged_days=total.unchanged_days,
        series=total.series + told.judged,
        by_severity={s: total.by_severity.get(s, 0) + counted[s] for s in SEVERITIES},
        written=total.written + written,
        deactivated=total.deactivated + gone,
    )
