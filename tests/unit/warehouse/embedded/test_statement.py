"""What the server reads from a text before the engine sees it."""

import pytest

from oracul.warehouse.embedded.faults import Fault
from oracul.warehouse.embedded.statement import read_statement


@pytest.mark.parametrize(
    ("text", "fmt"),
    [
        (b"select 1 format JSON", "JSON"),
        (b"SELECT 1 FORMAT CSV ;", "CSV"),
        (b"select 1\n FORMAT Native -- why\n", "Native"),
        (b"select 1 format JSON settings max_threads = 1", "JSON"),
        (b"(select 1) format TSV", "TSV"),
        (b"select 1", None),
        (b"select 'x format JSON'", None),
        (b"select format('{}', 1)", None),
        (b"select format('{}', 1) format JSON", "JSON"),
        (b"select format from t", None),
        (b"select `format JSON` from t", None),
        (b"select $$ format JSON $$", None),
        (b"select 1 /* format JSON */", None),
    ],
)
def test_format_is_the_clause_at_the_end(text: bytes, fmt: str | None) -> None:
    assert read_statement(text).fmt == fmt


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (b"INSERT INTO t FORMAT Native\n\x00\xff", b"\x00\xff"),
        (b"insert into t (a, b) format CSV\r\n1,2", b"1,2"),
        (b"insert into t format CSV 1,2", b"1,2"),
        (b"insert into t settings async_insert = 0 format TSV\n\n", b"\n"),
        (b"/* note */ insert into `a format b` format TSV\nx", b"x"),
        (b"insert into t values (1), (2)", b" (1), (2)"),
        (b"insert into function null('a Int8') format TSV\n1", b"1"),
    ],
)
def test_insert_data_begins_behind_the_statement(text: bytes, data: bytes) -> None:
    statement = read_statement(text)

    assert text[statement.data_start :] == data


def test_insert_select_has_no_data() -> None:
    assert not read_statement(b"insert into t select * from s format Null").is_data_insert


def test_insert_target_excludes_the_format_clause() -> None:
    text = b"insert into t (a) format CSV\n1"

    assert text[: read_statement(text).end] == b"insert into t (a) "


def test_non_utf8_data_does_not_move_the_offset() -> None:
    text = "insert into tä format CSV\n".encode() + b"\xff\xfe"

    assert text[read_statement(text).data_start :] == b"\xff\xfe"


@pytest.mark.parametrize("text", [b"", b"  \n", b"-- only a comment", b"/* x */ ;", b";"])
def test_empty_text_is_refused(text: bytes) -> None:
    with pytest.raises(Fault, match="empty"):
        read_statement(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"select 1 into outfile 'x'", True),
        (b"select 1 INTO\nOUTFILE 'x' format CSV", True),
        (b"select 'into outfile'", False),
        (b"insert into outfile_names select 1", False),
    ],
)
def test_into_outfile_is_seen(text: bytes, found: bool) -> None:
    assert read_statement(text).into_outfile is found


def test_verb_is_the_first_word_in_upper_case() -> None:
    assert read_statement(b"/* a */ -- b\n  wiTh x as (select 1) select 2").verb == "WITH"


def test_bracketed_select_has_brackets_as_verb() -> None:
    assert read_statement(b"((select 1))").verb == "()"
