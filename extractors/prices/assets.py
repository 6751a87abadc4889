"""Which assets need a price: native coins and moved tokens of the chains that landed."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from extractors.prices.model import Asset
from oracul.chains import DBT_PROJECT_DIR, load_chains
from oracul.errors import ConfigError
from oracul.warehouse import Client

SEEDS_DIR = DBT_PROJECT_DIR / "seeds"
# The seed's columns with an asset's name at each source.
ID_COLUMNS = {
    "coingecko_id": "coingecko",
    "defillama_id": "defillama",
    "coinbase_product": "coinbase",
    "kraken_pair": "kraken",
}
MOVED_TOKENS_SQL = Path(__file__).with_name("moved_tokens.sql").read_text(encoding="utf-8")

Token = tuple[str, str]


def read_assets(seed_file: Path = SEEDS_DIR / "ref_assets.csv") -> dict[str, Asset]:
    """Assets of the seed by canonical id. Raises ConfigError when it or a column is missing."""
    assets = {}
    for row in _rows(seed_file, {"asset", "symbol", *ID_COLUMNS}):
        ids = {source: row[column] for column, source in ID_COLUMNS.items() if row[column]}
        assets[row["asset"]] = Asset(row["asset"], row["symbol"], ids)
    return assets


def read_token_assets(seed_file: Path = SEEDS_DIR / "ref_tokens.csv") -> dict[Token, str]:
    """Canonical asset of each curated (chain, token address). Raises as `read_assets` does."""
    return {
        (row["chain"], row["token_address"].lower()): row["asset"]
        for row in _rows(seed_file, {"chain", "token_address", "asset"})
        if row["asset"]
    }


def wanted_assets(
    client: Client, *, unmapped_limit: int, chains: Sequence[str] = ()
) -> list[Asset]:
    """Assets to ask for: native coins of landed chains, and tokens with transfers in them.

    With `chains`, of these alone: what the demo left is not asked of the public sources.

    Of the tokens without a canonical asset, the `unmapped_limit` most transferred are asked by
    `chain:address` at DefiLlama, the source that prices by contract.
    """
    rows = client.query("select distinct chain from raw.blocks").result_rows
    landed = [chain for (chain,) in rows if not chains or chain in chains]
    moved = client.query(MOVED_TOKENS_SQL, parameters={"chains": landed}).result_rows
    natives = [spec.native_asset for slug, spec in load_chains().items() if slug in landed]
    return choose_assets(
        natives,
        [(chain, token) for chain, token, _ in moved],
        read_assets(),
        read_token_assets(),
        unmapped_limit=unmapped_limit,
    )


def choose_assets(
    natives: Iterable[str],
    moved: Iterable[Token],
    assets: Mapping[str, Asset],
    token_assets: Mapping[Token, str],
    *,
    unmapped_limit: int,
) -> list[Asset]:
    """The wanted assets in order of id, the pure part. `moved` comes most moved first."""
    chosen = {name: assets[name] for name in natives if name in assets}
    unmapped = 0
    for chain, token in moved:
        name = token_assets.get((chain, token))
        if name is not None and name in assets:
            chosen[name] = assets[name]
        elif name is None and unmapped < unmapped_limit:
            unmapped += 1
            own = f"{chain}:{token}"
            chosen[own] = Asset(own, "", {"defillama": own}, is_unmapped=True)
    return [chosen[name] for name in sorted(chosen)]


def _rows(seed_file: Path, needed: set[str]) -> list[dict[str, str]]:
    try:
        with seed_file.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = needed - set(reader.fieldnames or ())
            rows = list(reader)
    except OSError as error:
        raise ConfigError(
            f"{seed_file.name} cannot be read ({type(error).__name__}).",
            hint="It belongs in dbt_project/seeds/; restore it from the repository.",
        ) from error
    if missing:
        raise ConfigError(
            f"{seed_file.name} lacks the columns {', '.join(sorted(missing))}.",
            hint="Compare its first line with the repository's.",
        )
    return rows
