"""Reading migrations: order, names, statements. (Applying them: tests/warehouse.)"""

import re

import pytest

from oracul.errors import WarehouseError
from oracul.warehouse.migrate import read_migrations, split_statements


def test_statements_are_cut_at_semicolons():
    assert split_statements("select 1; select 2;\n") == ["select 1", "select 2"]


def test_semicolon_in_a_quote_or_comment_does_not_cut():
    text = "select ';' -- one; two\n, `a;b` /* ; */"
    assert split_statements(text) == [text]


def test_trailing_comment_alone_is_no_statement():
    assert split_statements("select 1; -- done\n") == ["select 1"]


def test_shipped_migrations_are_numbered_without_gap():
    assert [m.version for m in read_migrations()] == list(range(1, len(read_migrations()) + 1))


def test_every_shipped_table_says_what_it_is_for():
    for migration in read_migrations():
        for statement in filter(re.compile("create (table|database)").search, migration.statements):
            assert " comment '" in statement or "\ncomment '" in statement, statement[:80]


def test_name_out_of_form_is_refused(tmp_path):
    (tmp_path / "one.sql").write_text("select 1")
    with pytest.raises(WarehouseError, match="not a migration's name"):
        read_migrations(tmp_path)


def test_gap_in_the_numbers_is_refused(tmp_path):
    (tmp_path / "0001_a.sql").write_text("select 1")
    (tmp_path / "0003_b.sql").write_text("select 1")
    with pytest.raises(WarehouseError, match="without gap"):
        read_migrations(tmp_path)
