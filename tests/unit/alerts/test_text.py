"""Texts that nobody acts on."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.markup import render

from oracul.alerts.text import harmless

NASTY = st.text("aZ9 [/]<>@&|*`~\\$:\x00\x1b\x7f\n\t\u202e\u200b\u2066\ufeff\ue000é💰", max_size=80)


@given(NASTY)
def test_harmless_keeps_no_control_or_invisible_character(text: str) -> None:
    assert not any(unicodedata.category(c).startswith("C") for c in harmless(text))


@given(NASTY)
def test_harmless_is_plain_text_to_rich(text: str) -> None:
    shown = harmless(text)
    assert render(shown).plain == shown


@given(NASTY)
def test_harmless_changes_nothing_twice(text: str) -> None:
    assert harmless(harmless(text)) == harmless(text)


def test_harmless_keeps_times_but_no_emoji_codes() -> None:
    assert harmless("at 12:30:45 :smile: :100:") == "at 12:30:45 ∶smile: ∶100:"


def test_harmless_cuts_long_text() -> None:
    assert harmless("a" * 600) == "a" * 499 + "…"


def test_harmless_leaves_an_explanation_as_it_is() -> None:
    text = "USDT (ethereum): volume 14.2 M USD on 2024-05-01, expected 2.1 M (1.2 M to 3.9 M)"
    assert harmless(text) == text


def test_harmless_prints_one_line(capsys: object) -> None:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(harmless("a\r\n\x0bb\u2028c"))
    assert captured.get() == "a b c\n"
