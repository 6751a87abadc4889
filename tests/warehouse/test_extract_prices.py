"""The price extractor against a local server and the real engine."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from extractors.prices.extract import extract_prices
from extractors.prices.model import Asset
from extractors.prices.report import ExtractedPrices
from oracul.errors import SourceUnavailable
from oracul.settings import ChainSettings, Settings
from oracul.warehouse import Client
from tests.fixtures.price_servers import PriceWorld, serve_prices

NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
START = datetime(2023, 11, 14, 18, tzinfo=UTC)
ETHER = Asset(
    "test-ether",
    "ETH",
    {
        "coingecko": "ether",
        "defillama": "coingecko:ether",
        "coinbase": "ETH-USD",
        "kraken": "XETHZUSD",
    },
)
LLAMA_ONLY = Asset("ethereum:0xabc", "", {"defillama": "ethereum:0xabc"})
PRICES = {
    "ether": 2000.0,
    "coingecko:ether": 2010.0,
    "ETH-USD": 1995.0,
    "XETHZUSD": 2005.0,
    "ethereum:0xabc": 0.5,
}


@pytest.fixture
def world() -> PriceWorld:
    return PriceWorld(dict(PRICES), now=int(NOW.timestamp()))


@pytest.fixture
def clean(migrated_client: Client) -> Client:
    for table in ("raw.prices_spot", "meta.rejected_rows", "meta.canonical_blocks", "raw.logs"):
        migrated_client.command(f"truncate table {table}")
    return migrated_client


def extract(
    world: PriceWorld,
    client: Client,
    assets: list[Asset] | None,
    *,
    start: datetime | None = START,
    now: datetime = NOW,
    followed: str = "",
    landed: list[str] | None = None,
) -> ExtractedPrices:
    chains = {followed: ChainSettings(rpc_urls=[SecretStr("http://node")])} if followed else {}
    with serve_prices(world) as prices:
        settings = Settings(prices=prices, chains=chains, _env_file=None)
        return extract_prices(
            settings,
            client,
            run_id="test",
            start=start,
            end=None,
            now=now,
            assets=assets,
            chains=landed,
        )


def rows(client: Client) -> list[tuple[object, ...]]:
    return list(
        client.query(
            "select asset, source, toStartOfHour(observed_at) as hour, price"
            " from raw.prices_spot final order by asset, source, hour"
        ).result_rows
    )


def test_extract_prices_lands_one_row_an_hour_and_source(world: PriceWorld, clean: Client) -> None:
    report = extract(world, clean, [ETHER])
    assert report.landed == 20
    assert len(rows(clean)) == 20
    assert {(row[1], row[3]) for row in rows(clean)} == {
        ("coingecko", 2000.0),
        ("defillama", 2010.0),
        ("coinbase", 1995.0),
        ("kraken", 2005.0),
    }


def test_extract_prices_asks_nothing_when_run_again(world: PriceWorld, clean: Client) -> None:
    extract(world, clean, [ETHER, LLAMA_ONLY])
    before = clean.query("select * from raw.prices_spot order by all").result_rows
    world.calls.clear()
    again = extract(world, clean, [ETHER, LLAMA_ONLY])
    assert (again.asked, dict(world.calls)) == (0, {})
    assert clean.query("select * from raw.prices_spot order by all").result_rows == before


def test_extract_prices_asks_only_the_new_hour_later(world: PriceWorld, clean: Client) -> None:
    extract(world, clean, [ETHER])
    world.now += 3600
    later = extract(world, clean, [ETHER], now=NOW + timedelta(hours=1))
    assert later.landed == 4


def test_extract_prices_refuses_a_source_that_lies(world: PriceWorld, clean: Client) -> None:
    world.factors["coinbase"] = 3.0
    report = extract(world, clean, [ETHER])
    assert report.sources["coinbase"].rejected == 5
    reasons = clean.query("select source, table, reason from meta.rejected_rows").result_rows
    assert {(r[0], r[1]) for r in reasons} == {("coinbase", "raw.prices_spot")}
    assert "outside the band" in reasons[0][2]
    assert "coinbase" not in {row[1] for row in rows(clean)}


def test_extract_prices_does_not_write_a_refusal_twice(world: PriceWorld, clean: Client) -> None:
    world.factors["coinbase"] = 3.0
    extract(world, clean, [ETHER])
    extract(world, clean, [ETHER])
    assert clean.command("select count() from meta.rejected_rows") == 5


def test_extract_prices_goes_on_when_a_source_is_down(world: PriceWorld, clean: Client) -> None:
    world.down = {"kraken"}
    report = extract(world, clean, [ETHER])
    assert report.landed == 15
    assert [line.split()[0] for line in report.degraded] == ["kraken"]


def test_extract_prices_fills_in_what_a_source_owed_when_it_is_back(
    world: PriceWorld, clean: Client
) -> None:
    world.down = {"kraken"}
    extract(world, clean, [ETHER])
    world.down = set()
    assert extract(world, clean, [ETHER]).landed == 5


def test_extract_prices_fails_when_every_source_is_down(world: PriceWorld, clean: Client) -> None:
    world.down = {"coingecko", "defillama", "coinbase", "kraken"}
    with pytest.raises(SourceUnavailable, match="No price source answered"):
        extract(world, clean, [ETHER])


def test_extract_prices_is_not_degraded_by_an_asset_nobody_lists(
    world: PriceWorld, clean: Client
) -> None:
    stranger = Asset("stranger", "STR", dict.fromkeys(ETHER.ids, "no-such"))
    report = extract(world, clean, [ETHER, stranger])
    assert (report.landed, report.degraded) == (20, [])


def test_extract_prices_probes_an_unmapped_token_before_asking_for_its_history(
    world: PriceWorld, clean: Client
) -> None:
    listed, unlisted = (
        Asset(name, "", {"defillama": name}, is_unmapped=True)
        for name in ("ethereum:0xabc", "ethereum:0xdead")
    )
    report = extract(world, clean, [listed, unlisted], start=NOW - timedelta(hours=71))
    assert (report.asked, report.landed) == (72 + 24, 72)


def test_extract_prices_asks_local_servers_without_the_proxy(
    world: PriceWorld, clean: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert extract(world, clean, [LLAMA_ONLY]).landed == 5


def add_block(client: Client, chain: str, at: datetime) -> None:
    client.insert(
        "meta.canonical_blocks",
        [[chain, 1, "0x1", "0x0", at, "finalized", 1, at]],
        column_names=[
            "chain", "block_number", "block_hash", "parent_hash", "block_timestamp", "finality",
            "version", "committed_at",
        ],
    )  # fmt: skip


def test_extract_prices_covers_the_days_of_canonical_blocks_by_default(
    world: PriceWorld, clean: Client
) -> None:
    day = datetime(2023, 11, 12, 13, 5, tzinfo=UTC)
    add_block(clean, "devnet", day)
    report = extract(world, clean, [LLAMA_ONLY], start=None)
    assert report.landed == 24
    assert {row[2].date() for row in rows(clean)} == {day.date()}


def test_extract_prices_leaves_out_days_of_chains_without_an_endpoint(
    world: PriceWorld, clean: Client
) -> None:
    day = datetime(2023, 11, 11, 13, 5, tzinfo=UTC)
    add_block(clean, "ethereum", day)
    add_block(clean, "devnet", day + timedelta(days=1))
    extract(world, clean, [LLAMA_ONLY], start=None, followed="ethereum")
    assert {row[2].date() for row in rows(clean)} == {day.date()}


DAI = "0x6b175474e89094c44da98b954eedeac495271d0f"
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def add_transfer(
    client: Client, chain: str, token: str, at: datetime, *, branch: str = "0x1"
) -> None:
    client.insert(
        "raw.logs",
        [[chain, 1, branch, 0, "0x2", 0, at, token, TRANSFER, "0x3", "0x4", None, "0x", at]],
        column_names=[
            "chain", "block_number", "block_hash", "log_index", "tx_hash", "tx_index",
            "block_timestamp", "address", "topic0", "topic1", "topic2", "topic3", "data",
            "ingested_at",
        ],
    )  # fmt: skip


def asked(client: Client) -> set[tuple[object, object]]:
    """Landed (asset, day)."""
    return {(row[0], row[2].date()) for row in rows(client)}


DEMO_DAY = datetime(2023, 11, 10, 13, tzinfo=UTC)
REAL_DAY = datetime(2023, 11, 12, 13, tzinfo=UTC)
EVERYTHING = {
    name: 1.0
    for asset in ("ethereum", "dai", "devnet-ether")
    for name in (asset, f"coingecko:{asset}")
}


@pytest.fixture
def after_demo(clean: Client) -> Client:
    """A warehouse with a day of the demo and another day of Ethereum in it."""
    add_block(clean, "devnet", DEMO_DAY)
    add_block(clean, "ethereum", REAL_DAY)
    add_transfer(clean, "ethereum", DAI, REAL_DAY)
    return clean


def test_extract_prices_asks_nothing_of_the_demo_when_a_real_chain_is_run(
    after_demo: Client,
) -> None:
    world = PriceWorld(EVERYTHING, now=int(NOW.timestamp()))
    extract(world, after_demo, None, start=None, landed=["ethereum"])
    assert asked(after_demo) == {("ethereum", REAL_DAY.date()), ("dai", REAL_DAY.date())}
    assert not [path for path in world.paths if "devnet" in path]


def test_extract_prices_asks_an_asset_only_for_the_days_of_its_own_chains(
    after_demo: Client,
) -> None:
    add_block(after_demo, "optimism", REAL_DAY + timedelta(days=1))
    extract(PriceWorld(EVERYTHING, now=int(NOW.timestamp())), after_demo, None, start=None)
    assert asked(after_demo) == {
        ("devnet-ether", DEMO_DAY.date()),
        ("ethereum", REAL_DAY.date()),
        ("ethereum", REAL_DAY.date() + timedelta(days=1)),
        ("dai", REAL_DAY.date()),
    }


def test_extract_prices_asks_nothing_for_a_token_that_moved_on_an_orphaned_branch(
    clean: Client,
) -> None:
    add_block(clean, "ethereum", REAL_DAY)
    add_transfer(clean, "ethereum", DAI, REAL_DAY, branch="0xdead")
    extract(PriceWorld(EVERYTHING, now=int(NOW.timestamp())), clean, None, start=None)
    assert asked(clean) == {("ethereum", REAL_DAY.date())}


def test_extract_prices_needs_nothing_while_no_block_of_the_chains_landed(
    world: PriceWorld, after_demo: Client
) -> None:
    report = extract(world, after_demo, None, start=None, landed=["polygon"])
    assert (report.sentence, world.paths) == ("nothing needs a price yet", [])
