"""What each step does: one call into a room, and its report in one sentence."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Literal, Protocol

from flows.maintenance import do_parts
from flows.steps import Outcome, Run, Status
from oracul.chains import get_chain
from oracul.errors import (
    ConfigError,
    ForkBelowFinality,
    QualityError,
    SourceError,
    SourceUnavailable,
)
from oracul.settings import ChainSettings, variable_name
from oracul.times import day_start
from oracul.warehouse import Client, StepRun, last_done, step_run
from oracul.warehouse.publish import MARTS_NEXT, groups_ever_built, mart_tables
from oracul.warehouse.publish import publish as publish_marts

# What a failed critical check keeps from happening.
_STOPPED = {
    "raw": "nothing was built on these rows",
    "marts": "the rows stay in marts_next, and marts keeps those that passed last",
}


def chain_settings(run: Run, chain: str) -> ChainSettings:
    """The chain's settings, or the defaults for one that is not configured."""
    return run.settings.chains.get(chain, ChainSettings())


def chains_to_run(run: Run) -> list[str]:
    """The chain asked for, or every one with an endpoint. Raises ConfigError when none has."""
    if run.chain:
        spec = get_chain(run.chain)
        if not chain_settings(run, spec.chain).rpc_urls:
            variable = variable_name(("chains", spec.chain, "rpc_urls"))
            raise ConfigError(
                f"{spec.name} has no RPC endpoint.",
                hint=f"Set {variable} to one or more JSON-RPC addresses, separated by commas.",
            )
        return [spec.chain]
    chains = [name for name, chain in run.settings.chains.items() if chain.rpc_urls]
    if not chains:
        raise ConfigError(
            "No chain has an RPC endpoint.",
            hint="Set ORACUL_CHAINS__ETHEREUM__RPC_URLS to one or more JSON-RPC addresses, "
            "separated by commas; `oracul demo` needs none.",
        )
    return chains


class Report(Protocol):
    """What a room says of one chain."""

    @property
    def sentence(self) -> str:
        """The work in one line."""

    @property
    def degraded(self) -> list[str]:
        """What is less than asked; empty when all is well."""


def ingest_chain(run: Run, client: Client, _: StepRun) -> Outcome:
    """Land the blocks asked for, or follow each chain from its head back."""
    from extractors.evm.extract import extract_range
    from extractors.evm.follow import follow

    def land(chain: str, record: StepRun) -> Report:
        if run.blocks:
            landed = extract_range(
                run.settings, client, chain, *run.blocks, run_id=run.run_id, progress=run.progress
            )
        else:
            landed = follow(
                run.settings,
                client,
                chain,
                run_id=run.run_id,
                limit=chain_settings(run, chain).blocks_per_run,
                progress=run.progress,
            )
        record.rows_out = sum(landed.rows.values())
        if run.blocks and landed.gaps:
            raise SourceError(f"{landed.sentence}.")
        return landed

    return _each_chain("ingest_chain", run, client, land)


def ingest_tokens(run: Run, client: Client, _: StepRun) -> Outcome:
    """Ask the tokens seen so far what they are."""
    from extractors.evm.tokens import extract_tokens

    def ask(chain: str, record: StepRun) -> Report:
        done_at = None if run.is_whole else last_done(client, "ingest_tokens", chain)
        # A day more: logs of a branch that lost may have become canonical since.
        since = done_at - timedelta(days=1) if done_at else None
        asked = extract_tokens(
            run.settings, client, chain, run_id=run.run_id, since=since, progress=run.progress
        )
        record.rows_out = asked.landed
        return asked

    try:
        return _each_chain("ingest_tokens", run, client, ask)
    except SourceUnavailable as error:
        # Marts are worth having without metadata: decimals stay NULL, and so does what needs them.
        return Outcome("ingest_tokens", "degraded", str(error), error)


def _each_chain(
    step: str, run: Run, client: Client, work: Callable[[str, StepRun], Report]
) -> Outcome:
    """One chain after the other: one that fails does not keep the others from their turn.

    Each chain is recorded by itself. Raises the first chain's error when none went well, and a fork
    below finality in any case.
    """
    chains = chains_to_run(run)
    span = f"{run.blocks[0]}:{run.blocks[1]}" if run.blocks else ""
    sentences, faults, reports = [], [], []
    for chain in chains:
        try:
            with step_run(client, run.run_id, step, chain=chain, span=span) as record:
                report = work(chain, record)
                record.degraded = "; ".join(report.degraded)
        except (SourceError, ConfigError) as error:
            faults.append(error)
            sentences.append(f"{chain} failed: {error}")
        else:
            reports.append(report)
            sentences.append(report.sentence)
    # A fork below finality waits for a person; it must not pass as one source that is out.
    grave = [fault for fault in faults if isinstance(fault, ForkBelowFinality)]
    if grave or len(faults) == len(chains):
        raise (grave or faults)[0]
    degraded = bool(faults) or any(report.degraded for report in reports)
    return Outcome(step, "degraded" if degraded else "done", "; ".join(sentences), reports)


def ingest_prices(run: Run, client: Client, record: StepRun) -> Outcome:
    """Land the prices that the landed blocks need."""
    from extractors.prices.extract import extract_prices

    try:
        priced = extract_prices(
            run.settings,
            client,
            run_id=run.run_id,
            start=day_start(run.days[0]) if run.days else None,
            now=run.now,
            chains=[run.chain] if run.chain else None,
            progress=run.progress,
        )
    except SourceUnavailable as error:
        # Chain data is worth having without prices: USD figures stay NULL and say why.
        return Outcome("ingest_prices", "degraded", str(error), error)
    record.rows_out = priced.landed
    status: Status = "degraded" if priced.degraded else "done"
    return Outcome("ingest_prices", status, priced.sentence, priced)


def validate_raw(run: Run, client: Client, record: StepRun) -> Outcome:
    """Door 1: nothing is built on raw data that fails a critical check."""
    return _validate("raw", run, client, record)


def validate_marts(run: Run, client: Client, record: StepRun) -> Outcome:
    """Door 2: nobody reads, or is told about, marts that fail a critical check.

    Marts whose first build is still to come are left out, and named.
    """
    built = groups_ever_built(client, run.groups)
    waiting = [group for group in run.groups if group not in built]
    outcome = _validate("marts", replace(run, groups=built), client, record)
    if not waiting:
        return outcome
    return replace(outcome, summary=f"{outcome.summary}; not built yet: {', '.join(waiting)}")


def _validate(door: Literal["raw", "marts"], run: Run, client: Client, record: StepRun) -> Outcome:
    from expectations.checkpoints import last_passed, run_checks

    report = run_checks(
        run.settings,
        client,
        door=door,
        run_id=run.run_id,
        now=run.now,
        since=None if run.is_whole else last_passed(client, door, run.groups),
        only=mart_tables(run.groups) if door == "marts" else None,
        progress=run.progress,
    )
    record.rows_in, record.rows_out = len(report.rows), len(report.rows)
    if report.failed_critical:
        raise QualityError(
            f"{report.sentence}.",
            hint=f"Look at {report.docs_index} or meta.data_quality_checks; {_STOPPED[door]}.",
        )
    return Outcome(f"validate_{door}", "done", report.sentence, report)


def transform(run: Run, client: Client, record: StepRun) -> Outcome:
    """Build the days whose inputs changed; the marts beside those that people read."""
    from oracul.warehouse.dbt import build

    built = build(
        run.settings,
        groups=run.groups,
        full_refresh=run.is_whole,
        marts=MARTS_NEXT,
        progress=run.progress,
    )
    record.rows_out = len(built.nodes)
    return Outcome("transform", "done", built.sentence, built)


def publish(run: Run, client: Client, record: StepRun) -> Outcome:
    """Put the days that door 2 let pass in the place that people read."""
    published = publish_marts(
        run.settings,
        client,
        only=mart_tables(run.groups),
        judged_at=run.judged_at,
        is_whole=run.is_whole,
    )
    record.rows_out = sum(published.days.values())
    return Outcome("publish", "done", published.sentence, published)


def detect(run: Run, client: Client, record: StepRun) -> Outcome:
    """Find what is unusual."""
    from oracul.analytics.anomalies.detect import detect as find

    found = find(run.settings, client, run_id=run.run_id, now=run.now, progress=run.progress)
    record.rows_in, record.rows_out = found.series, found.written
    return Outcome("detect", "done", found.sentence, found)


def alert(run: Run, client: Client, record: StepRun) -> Outcome:
    """Tell people what they were not told yet."""
    from oracul.alerts import alert as tell

    told = tell(run.settings, client, run_id=run.run_id, now=run.now)
    record.rows_out = len(told.sent)
    return Outcome("alert", "degraded" if told.undelivered else "done", told.sentence, told)


def verify(run: Run, client: Client, record: StepRun) -> Outcome:
    """Prove again what is stored, and land again what does not hold when asked to."""
    from extractors.evm.verify.run import Scope
    from extractors.evm.verify.run import verify as prove_again

    scope = Scope(run.chain, run.blocks, run.days, run.is_offline, run.repairs)
    found = prove_again(run.settings, client, scope, run_id=run.run_id, progress=run.progress)
    record.rows_in = record.rows_out = sum(report.blocks for report in found)
    said = "; ".join(report.sentence for report in found)
    return Outcome("verify", "done", said or "nothing is landed yet", found)


def maintain(run: Run, client: Client, record: StepRun) -> Outcome:
    """Back up when asked to, give up what is old and nobody needs, merge what is scattered."""
    done = do_parts(run, client)
    status: Status = "degraded" if done.faults else "done"
    return Outcome("maintain", status, done.sentence, done)
