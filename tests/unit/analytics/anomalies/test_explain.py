"""The line people read: right numbers, right side, no names that act."""

from datetime import date

import pytest

from oracul.analytics.anomalies.explain import clean_symbol, entity_label, explain, number
from oracul.analytics.anomalies.metrics import get_metric


def line(metric="volume_usd", **changed):
    facts = {
        "value": 14.2e6, "expected": 2.1e6, "lower": 1.2e6, "upper": 3.9e6, "score": 6.84,
        "votes": 4, "voters": 5, "has_pattern": True,
    } | changed  # fmt: skip
    return explain(get_metric(metric), "USDT (ethereum)", date(2025, 3, 8), **facts)


def test_explanation_says_what_was_expected_and_who_agrees():
    assert line() == (
        "USDT (ethereum): volume 14.2 M USD on 2025-03-08, expected 2.1 M (1.2 M to 3.9 M): "
        "6.8 robust deviations above; agreed by 4 of 5 methods; weekly pattern considered"
    )


def test_explanation_says_below_and_no_pattern():
    text = line("net_flow_usd", value=-3e6, score=-9.0, has_pattern=False)
    assert "net flow -3 M USD" in text
    assert "9.0 robust deviations below" in text
    assert "weekly" not in text


def test_return_is_told_in_per_cent():
    text = line("price_return", value=-0.214, expected=0.001, lower=-0.05, upper=0.052)
    assert "price change -21.4 % on" in text
    assert "(-5 % to +5.2 %)" in text


@pytest.mark.parametrize(("value", "text"), [(312.0, "312"), (2.04, "2"), (15_200.0, "15.2 k")])
def test_count_has_no_unit(value, text):
    assert number(get_metric("transfer_count"), value) == text


@pytest.mark.parametrize(
    ("symbol", "clean"),
    [
        ("USDC.e", "USDC.e"),
        ("USD₮", "USD"),
        ("yvCurve-3pool", "yvCurve-3pool"),
        ("visit claim-usdc.com now", "visitclaim-usdcc"),
        ("https://evil.io/x", "httpsevil"),
        ("A\u202eB\u200b\x00\nC", "ABC"),
        ("<b>@everyone</b>", "beveryoneb"),
        ("[x](y)|`", "xy"),
        ("", ""),
        (None, ""),
    ],
)
def test_symbol_cannot_act(symbol, clean):
    assert clean_symbol(symbol)[: len(clean)] == clean
    assert not set(clean_symbol(symbol)) & set("<>@/[]()`|\n\x00\u202e ")


def test_entity_without_a_name_is_its_short_address():
    address = "0x" + "ab" * 20
    assert entity_label("devnet", address, "") == "0xabab…abab (devnet)"
