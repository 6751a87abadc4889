"""Anomaly detection on 10,000 series of 90 days: CPU time against its limit, and what it finds.

    python benchmarks/anomalies.py

Prints the CPU seconds and their ratio to the limit of 5 s, then detection and false alarm rates on
series with known truth and, where the recorded market data lie beside the project, the alarm rate
and the known events found by the floor (a robust z of 6 over 90 days) and by Oracul. Exit code 1
when the limit is missed.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from oracul.analytics.anomalies.judge import judge
from oracul.analytics.anomalies.metrics import get_metric
from oracul.analytics.anomalies.models import ets_band, stl_band
from oracul.analytics.anomalies.severity import SEVERITIES

LIMIT_SECONDS = 5.0
MARKET = Path(__file__).resolve().parents[2] / "shared" / "data" / "market"
FLOOR_Z = 6.0
SOURCES = {
    "spot closes": ("mark6_binance_spot/daily/*.gz", "date", "close"),
    "daily closes": ("yfinance_daily/*_1d.csv.gz", "Date", "Close"),
    "perpetuals": ("gravestone_binance_perp/1d/*.gz", "timestamp", "close"),
}
EVENTS = {
    "spot closes": [
        ("LUNAUSDT", "2022-05-11"), ("LUNAUSDT", "2022-05-12"), ("FTTUSDT", "2022-11-08"),
        ("FTTUSDT", "2022-11-09"), ("SOLUSDT", "2022-11-08"), ("SOLUSDT", "2022-11-09"),
        ("ADAUSDT", "2025-03-02"), ("ETHUSDT", "2021-05-19"), ("BTCUSDT", "2021-05-19"),
        ("BTCUSDT", "2022-06-13"), ("BTCUSDT", "2022-11-09"), ("BTCUSDT", "2024-08-05"),
    ],
    "daily closes": [
        ("BTC-USD_1d", "2020-03-12"), ("ETH-USD_1d", "2020-03-12"), ("ETH-USD_1d", "2021-05-19"),
        ("BTC-USD_1d", "2021-05-19"), ("BTC-USD_1d", "2022-06-13"), ("BTC-USD_1d", "2022-11-09"),
        ("BTC-USD_1d", "2024-08-05"),
    ],
    "perpetuals": [(f"{t}USDT", "2025-10-10") for t in ("ATOM", "INJ", "SUI", "GALA", "BTC")],
}  # fmt: skip


def synthetic(
    rng: np.random.Generator, rows: int, days: int, jump: float, share: float, heavy: bool
) -> tuple[np.ndarray, np.ndarray]:
    """(series, truth): a week, a slow drift, old outliers, a jump of the log on some last days."""
    weekend = (np.arange(days)[None] + rng.integers(0, 7, (rows, 1))) % 7 >= 5
    week = np.where(weekend, -1.0, 0.4) * rng.random((rows, 1)) * 0.5
    noise = rng.standard_t(5, (rows, days)) * 0.775 if heavy else rng.normal(size=(rows, days))
    drift = np.cumsum(rng.normal(0, 0.01, (rows, days)), axis=1)
    old = (rng.random((rows, days)) < 0.01) * rng.choice([-1.0, 1.0], (rows, days))
    old[:, -1] = 0.0
    truth = rng.random(rows) < share
    log = 11 + rng.normal(0, 2, (rows, 1)) + week + drift + 0.1 * noise + old
    log[:, -1] += truth * rng.choice([-1, 1], rows) * jump
    return np.exp(log), truth


def ranks(series: np.ndarray) -> np.ndarray:
    """Severity of each row's last day as a number, -1 where nothing is unusual."""
    judged = judge(get_metric("volume_usd"), series[:, :-1], series[:, -1])
    found = np.full(len(series), -1)
    found[judged.rows] = judged.verdict.rank
    return found


def speed() -> float:
    """CPU seconds for 10,000 series of 90 days, 1 % of them jumping; libraries already imported."""
    one = [np.random.default_rng(0).normal(size=89)]
    stl_band(one, np.array([0.05]))
    ets_band(one, np.array([0.05]))
    series, _ = synthetic(np.random.default_rng(1), 10_000, 90, 0.7, 0.01, heavy=True)
    started = time.process_time()
    ranks(series)
    return time.process_time() - started


def detection() -> None:
    """Rates on made series of 90 days, by the size of the jump."""
    print("\nmade series (60 days before the judged one, noise 0.1 on the log), per cent of rows")
    print(f"{'':34}" + "".join(f"{'>= ' + s:>12}" for s in SEVERITIES))
    rng = np.random.default_rng(2)
    for heavy in (False, True):
        name = "Student t(5)" if heavy else "normal"
        series, _ = synthetic(rng, 20_000, 61, 0.0, 0.0, heavy)
        _print_rates(f"false alarms, {name} noise", ranks(series))
    for factor in (1.5, 2.0, 4.0):
        series, truth = synthetic(rng, 4_000, 61, float(np.log(factor)), 0.25, heavy=True)
        _print_rates(f"found, moved by a factor of {factor:g}", ranks(series)[truth])


def _print_rates(name: str, found: np.ndarray) -> None:
    rates = [(found >= i).mean() * 100 for i in range(len(SEVERITIES))]
    print(f"{name:34}" + "".join(f"{rate:12.2f}" for rate in rates))


def market() -> None:
    """Alarm rate and events found on recorded daily closes, the floor beside Oracul (>= medium)."""
    print(f"\nrecorded closes: a robust z of {FLOOR_Z:g} over 90 days | Oracul, medium and above")
    for name, (pattern, date_column, value_column) in SOURCES.items():
        closes = [_read(path, date_column, value_column) for path in sorted(MARKET.glob(pattern))]
        frame = pd.concat([_judge_closes(series) for series in closes])
        known = frame.reindex([(n, pd.Timestamp(d)) for n, d in EVENTS[name]])
        print(
            f"{name:14} {len(frame):7,} days: "
            f"alarms {frame.floor.mean() * 100:.2f} % | {frame.ours.mean() * 100:.2f} %; "
            f"events {int(known.floor.sum())} | {int(known.ours.sum())} of {len(known)}; "
            f"high and above on {frame.high.mean() * 100:.2f} % of days"
        )


def _read(path: Path, date_column: str, value_column: str) -> pd.Series:
    table = pd.read_csv(path)
    stamps = table[date_column]
    unit = "ms" if pd.api.types.is_numeric_dtype(stamps) else None
    days = pd.to_datetime(stamps, unit=unit).dt.tz_localize(None).dt.normalize()
    series = pd.Series(table[value_column].to_numpy(float), days, name=path.name.split(".")[0])
    return series[~series.index.duplicated()].asfreq("D")


def _judge_closes(close: pd.Series) -> pd.DataFrame:
    change = close.pct_change(fill_method=None)
    frame = pd.DataFrame(
        {"floor": _floor(np.log1p(change)), "ours": False, "high": False}, index=change.index
    )
    view = sliding_window_view(change.to_numpy(), 61)
    judged = judge(get_metric("price_return"), view[:, :-1], view[:, -1], most_modelled=len(view))
    places = judged.rows + 60
    frame.iloc[places, 1] = judged.verdict.rank >= 1
    frame.iloc[places, 2] = judged.verdict.rank >= 2
    frame = frame[change.notna()].iloc[90:]
    return frame.set_index(pd.MultiIndex.from_product([[close.name], frame.index]))


def _floor(log_return: pd.Series) -> np.ndarray:
    values = log_return.to_numpy()
    view = sliding_window_view(values, 91)
    history, value = view[:, :-1], view[:, -1]
    middle = np.nanmedian(history, axis=1)
    spread = 1.4826 * np.nanmedian(np.abs(history - middle[:, None]), axis=1)
    alarm = np.zeros(len(values), dtype=bool)
    alarm[90:] = np.abs(value - middle) > FLOOR_Z * np.maximum(spread, 1e-9)
    return alarm


def main() -> int:
    """Run it all and say whether the limit holds."""
    seconds = min(speed() for _ in range(3))
    print(
        f"10,000 series x 90 days: {seconds:.2f} s CPU, {seconds / LIMIT_SECONDS:.2f} of the limit "
        f"of {LIMIT_SECONDS:g} s"
    )
    detection()
    if MARKET.is_dir():
        np.seterr(all="ignore")
        market()
    return 0 if seconds < LIMIT_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
