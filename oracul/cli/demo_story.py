"""What `oracul demo` does and says: two acts of a recorded chain, then what was found."""

from typing import TYPE_CHECKING, Any

import typer
from rich.markup import escape
from rich.table import Table

from oracul.cli.console import Bar, command_name, err, out
from oracul.units import compact, plural

if TYPE_CHECKING:
    from oracul.demo.stage import Stage
    from oracul.settings import Settings
    from oracul.warehouse import Client

SEVERITY_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "dim"}
SHOWN_ANOMALIES = 14

REFUSED_SQL = """
select source, splitByChar(':', reason)[1] as reason, count() as answers
from meta.rejected_rows
where key like 'devnet/%' or table = 'raw.prices_spot'
group by source, reason order by answers desc limit 8
"""
TOKENS_SQL = """
select
    any(symbol) as symbol,
    sum(volume_usd) as volume_usd,
    sum(transfer_count) as transfers,
    max(unique_addresses) as addresses,
    avg(proven_ratio) as proven
from marts.token_metrics_daily
where chain = 'devnet' and block_date > {last_day:Date} - 7
group by token_address order by volume_usd desc nulls last limit 6
"""
ANOMALIES_SQL = """
select date, severity, entity_id, metric, explanation
from meta.anomalies final
where chain = 'devnet' and method = 'ensemble' and is_active
order by date desc, severity = 'critical' desc, score desc
"""
REORG_SQL = """
select
    (select count() > 0 from raw.transactions
        where chain = 'devnet' and tx_hash = {lost:String}) as is_kept,
    (select count() > 0 from curated.erc20_transfers
        where chain = 'devnet' and tx_hash = {lost:String}) as is_counted
"""
NEWEST_ANOMALIES_SQL = (
    "select block_date, symbol, severity, explanation from marts.anomalies"
    " where method = 'ensemble' order by block_date desc limit 5"
)
TOTALS_SQL = """
select
    (select count() from marts.token_metrics_daily where chain = 'devnet') as token_days,
    (select count() from curated.erc20_transfers where chain = 'devnet'
        and transfer_type not in ('wrap', 'unwrap')) as transfers,
    (select count() from curated.nft_transfers where chain = 'devnet') as nfts,
    (select count() from curated.odd_transfers where chain = 'devnet') as odd,
    (select uniqExact(source, table, key, reason, rejected_at) from meta.rejected_rows
        where key like 'devnet/%') as refused_answers
"""


def tell(settings: "Settings") -> None:
    """Run the demo and print what it did and found. Leaves with 1 when a step failed."""
    from oracul import log
    from oracul.demo.stage import CHAIN, stage
    from oracul.warehouse import connect, migrate

    if settings.log_level == "warning":
        log.configure("error", json=settings.log_json)  # the story itself tells what degraded
    out.print("[bold]Oracul demo[/]: a recorded chain, replayed by servers on this machine.\n")
    with err.status("Starting the warehouse, three nodes and four price services …"):
        client = connect(settings)
        migrate(client)
    with stage(settings) as shown:
        counts = shown.manifest["counts"]
        honest, false, refusing = (node.url.removeprefix("http://") for node in shown.nodes)
        out.print(
            f"On stage: {counts['blocks']:,} blocks of {shown.manifest['day_count']} days with"
            f" {counts['transactions']:,} transactions. Node {honest} is honest, {false} falsifies"
            f" answers, {refusing} refuses now and then. Of four price services one lies for some"
            " hours, one is out of service at first.\n"
        )
        if _newest_block(client, CHAIN) <= shown.manifest["phases"][0]["head"]:
            out.print("[bold]Act 1.[/] The chain as it stood before a reorganisation.")
            _run(shown, ["ingest_chain", "ingest_prices"])
        else:
            out.print("[dim]Act 1 was landed by an earlier run.[/]")
        depth = shown.manifest["reorg"]["depth"]
        out.print(
            f"\n[bold]Act 2.[/] The last {depth} blocks are replaced by another branch, the chain"
            " goes on to its end, and all price services are back."
        )
        shown.act(2)
        _run(shown, None)
        _show_findings(client, shown)


def _newest_block(client: "Client", chain: str) -> int:
    rows = client.query(
        "select max(block_number) from meta.canonical_blocks final where chain = {chain:String}",
        parameters={"chain": chain},
    ).result_rows
    return int(rows[0][0] or 0)


def _run(shown: "Stage", names: list[str] | None) -> None:
    from flows.steps import Run
    from oracul.cli.steps import run_named

    run = Run(shown.settings, chain=shown.manifest["chain"], now=shown.now, progress=Bar())
    outcomes = run_named(run, names, is_brief=True)  # the tables below tell what alerts say
    if any(outcome.status == "failed" for outcome in outcomes):
        raise typer.Exit(1)


def _show_findings(client: "Client", shown: "Stage") -> None:
    last_day = shown.manifest["last_day"]
    totals = client.query(TOTALS_SQL).first_item or {}
    out.print("\n[bold]What is in the warehouse now[/]")
    out.print(
        f"  {plural(totals['transfers'], 'ERC-20 transfer')},"
        f" {plural(totals['nfts'], 'NFT transfer')},"
        f" {plural(totals['odd'], 'odd transfer')} kept apart;"
        f" {plural(totals['token_days'], 'token day')} in marts.token_metrics_daily"
    )
    _show_reorg(client, shown.manifest["reorg"])
    _show_refused(client, totals["refused_answers"])
    _show_tokens(client, last_day)
    _show_anomalies(client, shown.manifest["events"])
    _show_checks(client)
    _say_what_next()


def _show_reorg(client: "Client", reorg: dict[str, Any]) -> None:
    lost = reorg["double_spend"]["orphaned"]
    [(is_kept, is_counted)] = client.query(REORG_SQL, parameters={"lost": lost}).result_rows
    if is_kept and not is_counted:
        out.print(
            f"  The reorganisation replaced {plural(reorg['depth'], 'block')} above"
            f" {reorg['common_block']:,} and undid a payment of 500,000 USDX"
            f" ({lost[:10]}…): kept in raw, counted nowhere"
        )


def _show_refused(client: "Client", answers: int) -> None:
    table = Table("Source", "Refused because", header_style="bold", title_justify="left",
                  title=f"Answers not believed ({answers:,} of nodes)")  # fmt: skip
    table.add_column("Answers", justify="right")
    for source, reason, count in client.query(REFUSED_SQL).result_rows:
        table.add_row(escape(source), escape(reason), f"{count:,}")
    out.print(table)


def _show_tokens(client: "Client", last_day: str) -> None:
    table = Table(title="Top tokens, last 7 days", header_style="bold", title_justify="left")
    table.add_column("Token")
    for name in ("Volume, USD", "Transfers", "Addresses a day, max", "Proven"):
        table.add_column(name, justify="right")
    rows = client.query(TOKENS_SQL, parameters={"last_day": last_day}).result_rows
    for symbol, volume, transfers, addresses, proven in rows:
        table.add_row(
            escape(symbol or "?"),
            compact(volume) if volume is not None else "unknown",
            f"{transfers:,}",
            f"{addresses:,}",
            f"{proven:.0%}",
        )
    out.print(table)


def _show_anomalies(client: "Client", planted: list[dict[str, Any]]) -> None:
    rows = client.query(ANOMALIES_SQL).result_rows
    found = {(str(day), entity) for day, _, entity, _, _ in rows}
    hits = [event for event in planted if (event["date"], event["entity_id"]) in found]
    loud = [row for row in rows if row[1] in ("high", "critical")]
    table = Table(
        title="High and critical anomalies, newest first", header_style="bold", title_justify="left"
    )
    table.add_column("Day", no_wrap=True)
    table.add_column("Severity")
    table.add_column("What is unusual")
    for day, severity, _, _, explanation in loud[:SHOWN_ANOMALIES]:
        table.add_row(str(day), f"[{SEVERITY_STYLES[severity]}]{severity}[/]", escape(explanation))
    out.print(table)
    if len(rows) > SHOWN_ANOMALIES:
        out.print(f"  … and {len(rows) - SHOWN_ANOMALIES} more, mostly mild, in marts.anomalies")
    out.print(f"  Planted events found: {len(hits)} of {len(planted)}, for example:")
    for event in hits[-4:]:
        out.print(f"    {event['date']}: {escape(event['story'])}")


def _show_checks(client: "Client") -> None:
    from oracul.cli.status import CHECKS_SQL

    rows = client.query(CHECKS_SQL).result_rows
    passed, warned, failed = (sum(row[i] for row in rows) for i in (1, 2, 3))
    out.print(
        f"  Quality checks at both doors: {passed} passed, {warned} warned, {failed} failed"
        " (pages in ORACUL_HOME/data-docs)"
    )


def _say_what_next() -> None:
    command = command_name()
    out.print("\n[bold]Next[/]")
    for words, why in (
        ("status", "what is there, how fresh, how proven"),
        (f'sql "{NEWEST_ANOMALIES_SQL}"', ""),
        (
            "dbt build --target dev --select state:modified+",
            "what you edited, in schemas of your own",
        ),
        ("run --chain ethereum", "a real chain; set ORACUL_CHAINS__ETHEREUM__RPC_URLS first"),
    ):
        out.print(f"  {command} {words:<42} {why}".rstrip(), soft_wrap=True)
