"""Which days have to be judged: those whose inputs, settings or rules changed since they were."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from oracul.settings import AnomalySettings
from oracul.warehouse import Client

MODEL = "meta.anomalies"
_JUDGED_SQL = """
select block_date, input_version
from meta.built_days final
where model = {model:String} and code_version = {code:String}
"""


def code_version(settings: AnomalySettings) -> str:
    """Changes with the settings and with any line of this package."""
    return hashlib.blake2b(
        (_package_hash() + settings.model_dump_json()).encode(), digest_size=8
    ).hexdigest()


@cache
def _package_hash() -> str:
    files = sorted(Path(__file__).parent.rglob("*.[ps]*[yl]"))
    content = b"\0".join(path.read_bytes() for path in files)
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def input_version(
    day: date,
    window_days: int,
    day_versions: Mapping[date, int],
    whole: Mapping[tuple[str, date], bool],
) -> int:
    """Hash of all a verdict about `day` depends on: the window's rows and which days are whole."""
    window = [day - timedelta(days=back) for back in range(window_days + 2)]
    facts = [(day_versions.get(d, 0), sorted(_states(whole, d))) for d in window]
    return int.from_bytes(hashlib.blake2b(repr(facts).encode(), digest_size=8).digest())


def _states(whole: Mapping[tuple[str, date], bool], day: date) -> list[tuple[str, bool]]:
    chains = {chain for chain, _ in whole}
    return [(chain, whole[chain, day]) for chain in chains if (chain, day) in whole]


def read_judged(client: Client, code: str) -> dict[date, int]:
    """Input version of each day judged by the present rules."""
    rows = client.query(_JUDGED_SQL, parameters={"model": MODEL, "code": code}).result_rows
    return {row[0]: row[1] for row in rows}


def record_judged(
    client: Client, versions: Sequence[tuple[date, int]], code: str, now: datetime
) -> None:
    """Remember the inputs that days were judged by."""
    if versions:
        client.insert(
            "built_days",
            [[MODEL, day, version, code, now] for day, version in versions],
            database="meta",
            column_names=["model", "block_date", "input_version", "code_version", "built_at"],
        )
