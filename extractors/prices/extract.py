"""The shell: find hours without a price, ask the sources, screen what they say, land the rest."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from extractors.prices.asking import Answers, ask_all
from extractors.prices.connection import Connection
from extractors.prices.coverage import (
    Coverage,
    missing_hours,
    read_context,
    read_coverage,
    spoken_of,
)
from extractors.prices.landing import land, record_refusals
from extractors.prices.model import Ask, Asset, Observation, floor_hour
from extractors.prices.plan import plan_asks
from extractors.prices.report import ExtractedPrices, SourceReport
from extractors.prices.screen import Rules, screen
from extractors.prices.sources import (
    PriceSource,
    connect_source,
    enabled_sources,
    is_public,
    source_settings,
)
from extractors.prices.wanted import Wanted, find_wanted
from oracul.errors import SourceUnavailable
from oracul.http import open_client
from oracul.log import get_logger
from oracul.progress import Progress, Silent
from oracul.settings import PricesSettings, Settings
from oracul.warehouse import Client, metered

# Asked, screened and landed together: the most that a killed run has to ask again.
WINDOW = timedelta(days=30)
# The newest day comes first and alone: a token that no source prices then is not asked further
# back, or every run would ask for the whole history of every worthless token.
PROBE = timedelta(days=1)

Cell = tuple[str, str, datetime]


@dataclass(frozen=True)
class _Run:
    """What stays the same over the windows of one run."""

    settings: PricesSettings
    client: Client
    sources: Sequence[PriceSource]
    now: datetime
    report: ExtractedPrices
    progress: Progress
    spoken_of: set[str]


def extract_prices(
    settings: Settings,
    client: Client,
    *,
    run_id: str,
    start: datetime | None = None,
    end: datetime | None = None,
    now: datetime,
    assets: Sequence[Asset] | None = None,
    chains: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> ExtractedPrices:
    """Land hourly USD prices for the hours of [start, end) that no row covers yet.

    Without `start`: every hour of the days that canonical blocks of the asset's own chains lie in,
    up to `now`. Without `assets`: native coins and moved tokens of the landed chains. Both of
    `chains`; without them, of the chains that have an endpoint; of all that landed when none has.

    Running it again asks only for what is still missing and leaves the same rows. Newest hours
    first; each window of 30 days lands on its own. A source that is down is in `degraded`.

    Raises SourceUnavailable when every source that was asked went down and nothing landed,
    ConfigError for seeds or settings that do not make sense, WarehouseError.
    """
    sources = enabled_sources(settings.prices)
    if chains is None:
        chains = [name for name, chain in settings.chains.items() if chain.rpc_urls]
    wanted = find_wanted(client, chains=chains, start=start, end=end, now=now, assets=assets)
    asked = [asset for group in wanted for asset in group.assets]
    report = ExtractedPrices(len(asked), {source.NAME: SourceReport() for source in sources})
    if wanted:
        run = _Run(
            settings.prices,
            client,
            sources,
            now,
            report,
            progress or Silent(),
            spoken_of(client, asked),
        )
        asyncio.run(_extract(run, wanted))
    get_logger().info(
        "prices_landed", run_id=run_id, rows=report.landed, rejected_rows=report.rejected
    )
    if report.is_all_down and not report.landed:
        raise SourceUnavailable(
            f"No price source answered. {' '.join(report.degraded)}",
            hint="Check the network and the ORACUL_PRICES__* settings, then run it again.",
        )
    return report


def plan_prices(
    settings: Settings,
    client: Client,
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    chains: Sequence[str] | None = None,
) -> tuple[int, int]:
    """Values that no row covers yet in [start, end), and the calls that ask for them; asks nothing.

    Of the assets known now: blocks that land first bring more.
    """
    values = calls = 0
    for group in find_wanted(client, chains=chains or [], start=start, end=end, now=now):
        for window in windows(group.hours):
            coverage = read_coverage(client, group.assets, window)
            for source in enabled_sources(settings.prices):
                oldest = _oldest(settings.prices, source, now)
                missing = missing_hours(source.NAME, group.assets, window, coverage, oldest)
                values += sum(map(len, missing.values()))
                calls += len(plan_asks(missing, source.LIMITS, now))
    return values, calls


def windows(hours: Sequence[datetime]) -> list[list[datetime]]:
    """`hours` (sorted) in groups, newest first: one of at most PROBE, then each at most WINDOW."""
    groups: list[list[datetime]] = []
    for hour in reversed(hours):
        if groups and groups[-1][0] - hour < (PROBE if len(groups) == 1 else WINDOW):
            groups[-1].append(hour)
        else:
            groups.append([hour])
    return [group[::-1] for group in groups]


def first_of_hour(observations: Iterable[Observation], wanted: set[Cell]) -> list[Observation]:
    """The earliest observation of each wanted (source, asset, hour); the others are left out."""
    firsts: dict[Cell, Observation] = {}
    for observation in observations:
        cell = (observation.source, observation.asset, observation.hour)
        if cell in wanted and (
            cell not in firsts or observation.observed_at < firsts[cell].observed_at
        ):
            firsts[cell] = observation
    return list(firsts.values())


async def _extract(run: _Run, wanted: Sequence[Wanted]) -> None:
    async with open_client() as http:
        connections = {s.NAME: connect_source(http, s, run.settings) for s in run.sources}
        counts = {name: connection.traffic for name, connection in connections.items()}
        async with metered(run.client, "ingest_prices", counts):
            for group in wanted:
                for number, window in enumerate(windows(group.hours)):
                    assets = [
                        asset
                        for asset in group.assets
                        if number == 0 or not asset.is_unmapped or asset.asset in run.spoken_of
                    ]
                    await _extract_window(run, connections, assets, window)


async def _extract_window(
    run: _Run,
    connections: dict[str, Connection],
    assets: Sequence[Asset],
    hours: Sequence[datetime],
) -> None:
    coverage = read_coverage(run.client, assets, hours)
    wanted: set[Cell] = set()
    questions: list[tuple[PriceSource, Connection, Sequence[Ask]]] = []
    for source in run.sources:
        share = run.report.sources[source.NAME]
        if share.error:
            continue
        listed = [asset for asset in assets if asset.asset not in share.unknown]
        missing = missing_hours(
            source.NAME, listed, hours, coverage, _oldest(run.settings, source, run.now)
        )
        cells = {(source.NAME, a.asset, hour) for a, lacking in missing.items() for hour in lacking}
        share.asked += len(cells)
        wanted |= cells
        asks = plan_asks(missing, source.LIMITS, run.now)
        questions.append((source, connections[source.NAME], asks))
    answers = await _ask(run, questions)
    found = (o for answer in answers for o in answer.observations)
    rules = Rules(run.settings.band_ratio, run.settings.jump_ratio, run.settings.stale_seconds)
    context = read_context(run.client, {(asset, hour) for _, asset, hour in wanted})
    verdict = screen(first_of_hour(found, wanted), context.landed, rules, run.now)
    land(run.client, verdict.accepted)
    refused = record_refusals(run.client, verdict.refused, context.refused)
    for observation in verdict.accepted:
        run.report.sources[observation.source].landed += 1
        run.spoken_of.add(observation.asset)
    for refusal in refused:
        run.report.sources[refusal.observation.source].rejected += 1
    for answer in answers:
        share = run.report.sources[answer.source]
        share.refusals += answer.refusals
        share.unknown.update(answer.unknown)
        if answer.failed:
            share.error = answer.failed.message
        elif not share.landed:
            share.error = _lists_nothing(answer, coverage)


def _lists_nothing(answer: Answers, coverage: Coverage) -> str:
    """Fault of a source that knows none of the assets and never did: its address is wrong."""
    spoke = answer.observations or coverage.spoke(answer.source)
    if spoke or len(answer.unknown) < max(answer.calls, 3):
        return ""
    return f"it lists none of {len(answer.unknown)} assets; check its base_url setting."


async def _ask(
    run: _Run, questions: Sequence[tuple[PriceSource, Connection, Sequence[Ask]]]
) -> list[Answers]:
    total = sum(len(asks) for _, _, asks in questions)
    if not total:
        return []
    run.progress.start("prices", total, "calls")
    try:
        return await ask_all(questions, lambda _: run.progress.advance(1))
    finally:
        run.progress.finish()


def _oldest(settings: PricesSettings, source: PriceSource, now: datetime) -> datetime | None:
    reach = source.LIMITS.reach
    if reach is None or not is_public(source_settings(settings, source.NAME), source.LIMITS):
        return None
    return floor_hour(now - reach)
