"""Which assets there are in the seeds, and which of them need a price."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from extractors.prices.model import Asset
from oracul.chains import DBT_PROJECT_DIR
from oracul.errors import ConfigError

SEEDS_DIR = DBT_PROJECT_DIR / "seeds"
# The seed's columns with an asset's name at each source.
ID_COLUMNS = {
    "coingecko_id": "coingecko",
    "defillama_id": "defillama",
    "coinbase_product": "coinbase",
    "kraken_pair": "kraken",
}

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


def choose_assets(
    natives: Mapping[str, str],
    moved: Iterable[Token],
    assets: Mapping[str, Asset],
    token_assets: Mapping[Token, str],
    *,
    unmapped_limit: int,
) -> dict[Asset, set[str]]:
    """The wanted assets in order of id, each with the chains it is native to or moved on. Pure.

    `natives` are the native assets by chain, `moved` comes most moved first. Of the tokens without
    a canonical asset, the first `unmapped_limit` are asked by `chain:address` at DefiLlama, the
    source that prices by contract.
    """
    chosen: dict[Asset, set[str]] = defaultdict(set)
    for chain, name in natives.items():
        if name in assets:
            chosen[assets[name]].add(chain)
    unmapped = 0
    for chain, token in moved:
        canonical = token_assets.get((chain, token))
        if canonical is not None and canonical in assets:
            chosen[assets[canonical]].add(chain)
        elif canonical is None and unmapped < unmapped_limit:
            unmapped += 1
            own = f"{chain}:{token}"
            chosen[Asset(own, "", {"defillama": own}, is_unmapped=True)].add(chain)
    return {asset: chosen[asset] for asset in sorted(chosen, key=lambda asset: asset.asset)}


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
