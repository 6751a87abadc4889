"""Steps that fill the past: what it will take, then blocks and prices of the stretch.

What is built from them is left to the steps of the main job, which touch only days that changed.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from flows.steps import ALL_OF_IT, Order, Outcome, Run, Status, What
from oracul.chains import get_chain
from oracul.errors import ConfigError, SourceError
from oracul.progress import Progress, Silent
from oracul.settings import Settings
from oracul.spans import parse_blocks
from oracul.times import day_start
from oracul.units import bytes_text, plural, seconds_text
from oracul.warehouse import Client, StepRun, step_run

if TYPE_CHECKING:
    from extractors.evm.backfill import ChainPlan

DAY = timedelta(days=1)
# Steps of the main job that bring up to date what follows from the raw rows.
_STEPS = {
    "chain": ("backfill_chain", "ingest_tokens"),
    "prices": ("backfill_prices",),
    "marts": ("validate_raw", "transform", "validate_marts", "publish"),
    "anomalies": ("detect",),
}


@dataclass(frozen=True)
class BackfillPlan:
    """What a backfill will do: of the chain, of prices (values and calls), of the built tables."""

    run: Run
    chain: "ChainPlan"
    price_values: int = 0
    price_calls: int = 0
    days: int = 0

    @property
    def sentence(self) -> str:
        """The plan in one line."""
        if "chain" not in self.run.what or not self.chain.blocks:
            there = plural(self.chain.already_there, "block")
            return f"no block to land: {there} of {self.chain.chain} are there"
        return (
            f"{plural(self.chain.blocks, 'block')} of {self.chain.chain} to land, "
            f"about {plural(self.chain.requests, 'request')}, "
            f"{bytes_text(self.chain.bytes)} to fetch, {seconds_text(self.chain.seconds)}"
        )

    def rows(self) -> list[dict[str, str]]:
        """A table for people: a row for each kind of work."""
        chain, what = self.chain, self.run.what
        rows = []
        if "chain" in what:
            stored = chain.stored_bytes
            rows.append(
                {
                    "what": f"blocks of {chain.chain}, {chain.start}:{chain.end}",
                    "there": f"{chain.already_there:,}",
                    "to do": f"{chain.blocks:,}",
                    "requests": f"about {chain.requests:,}",
                    "to fetch": bytes_text(chain.bytes),
                    "on disk": "not known yet" if stored is None else bytes_text(stored),
                    "time": f"about {seconds_text(chain.seconds)}",
                }
            )
        if "prices" in what:
            waits = "chain" in what and chain.blocks > 0
            rows.append(
                {
                    "what": "hourly prices of the days",
                    "to do": f"{self.price_values:,} values"
                    + (", more with the blocks" if waits else ""),
                    "requests": ("at least " if waits else "") + f"{self.price_calls:,}",
                }
            )
        if "marts" in what:
            rows.append({"what": "days to build again", "to do": f"at most {self.days:,}"})
        if "anomalies" in what:
            rows.append({"what": "days to judge again", "to do": "those that changed"})
        columns = list(dict.fromkeys(name for row in rows for name in row))
        return [{name: row.get(name, "") for name in columns} for row in rows]


def backfill_run(
    settings: Settings,
    chain: str,
    blocks: str | None,
    days: tuple[date | None, date | None],
    *,
    what: Sequence[What] = ALL_OF_IT,
    order: Order = "newest_first",
    progress: Progress | None = None,
) -> Run:
    """The run that fills a stretch. Raises ConfigError for a stretch that is none.

    `blocks` is FIRST:END as typed; `days` are the first and last day, the first alone is one day.
    """
    span, (first, last) = parse_blocks(blocks), days
    if (span is None) == (first is None):
        raise ConfigError(
            "A backfill needs blocks or days, and only one of them.",
            hint="Write blocks as 17686110:17686125, or the first and the last UTC day.",
        )
    if last is not None and (first is None or last < first):
        raise ConfigError(f"The days end ({last}) before they begin ({first or 'no first day'}).")
    return Run(
        settings,
        chain=get_chain(chain).chain,
        blocks=span,
        days=(first, last or first) if first else None,
        what=tuple(what),
        order=order,
        progress=progress or Silent(),
    )


def steps_of(run: Run) -> list[str]:
    """Names of the steps that fill what was asked for, in their order."""
    named = [name for what, names in _STEPS.items() if what in run.what for name in names]
    return [*named, "alert"]


def plan_backfill(run: Run, client: Client, record: StepRun) -> Outcome:
    """Look what is missing and what it takes to fill it; nothing is landed."""
    plan = make_plan(run, client)
    return Outcome("plan_backfill", "done", plan.sentence, plan)


def make_plan(run: Run, client: Client) -> BackfillPlan:
    """The plan of a run. Raises ConfigError without a chain, or for a stretch that is none."""
    from extractors.prices.extract import plan_prices

    chain = _plan_chain(run, client, estimates="chain" in run.what)
    start, end = day_start(chain.first_at.date()), day_start(chain.last_at.date()) + DAY
    values = calls = 0
    if "prices" in run.what:
        values, calls = plan_prices(
            run.settings, client, start=start, end=end, now=run.now, chains=[chain.chain]
        )
    days = (end - start).days
    return BackfillPlan(run, chain, values, calls, days)


def backfill_chain(run: Run, client: Client, _: StepRun) -> Outcome:
    """Land the blocks of the stretch that are missing."""
    from extractors.evm.backfill import backfill_chain as land

    plan = _plan_chain(run, client, estimates=False)
    with _recorded(run, client, "backfill_chain", plan) as record:
        landed = land(
            run.settings, client, plan, run_id=run.run_id, order=run.order, progress=run.progress
        )
        record.rows_out = sum(landed.rows.values())
        record.degraded = "; ".join(landed.degraded)
        if landed.gaps:
            raise SourceError(f"{landed.sentence}.")
    status: Status = "degraded" if landed.degraded else "done"
    return Outcome("backfill_chain", status, landed.sentence, landed)


def backfill_prices(run: Run, client: Client, _: StepRun) -> Outcome:
    """Land the prices of the stretch's days."""
    from extractors.prices.extract import extract_prices

    plan = _plan_chain(run, client, estimates=False)
    with _recorded(run, client, "backfill_prices", plan) as record:
        priced = extract_prices(
            run.settings,
            client,
            run_id=run.run_id,
            start=day_start(plan.first_at.date()),
            end=day_start(plan.last_at.date()) + DAY,
            now=run.now,
            chains=[plan.chain],
            progress=run.progress,
        )
        record.rows_out = priced.landed
        record.degraded = "; ".join(priced.degraded)
    status: Status = "degraded" if priced.degraded else "done"
    return Outcome("backfill_prices", status, priced.sentence, priced)


def _recorded(
    run: Run, client: Client, step: str, plan: "ChainPlan"
) -> AbstractContextManager[StepRun]:
    """The step in the ledger, by chain: one of another chain is another matter."""
    span = f"{plan.start}:{plan.end}"
    return step_run(client, run.run_id, step, chain=plan.chain, span=span)


def _plan_chain(run: Run, client: Client, *, estimates: bool) -> "ChainPlan":
    from extractors.evm.backfill import plan_chain

    if run.chain is None:
        raise ConfigError("A backfill needs a chain.", hint="Name one, as in --chain ethereum.")
    return plan_chain(
        run.settings, client, run.chain, blocks=run.blocks, days=run.days, estimates=estimates
    )
