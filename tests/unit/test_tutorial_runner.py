"""The runner of tutorials takes nothing for granted: what is not so on the page is told."""

import pytest

from tests.fixtures.tutorial import blocks, changed, first_missing

PAGE = """\
Text with `models/b.sql` in it.

`models/a.sql`

```sql
select 1
```
```sh fails
false
```
"""


def test_block_has_the_path_alone_on_the_line_above_it():
    file, command = blocks(PAGE)
    assert (file.path, file.text, file.line) == ("models/a.sql", "select 1\n", 5)
    assert (command.path, command.words) == ("", ("fails",))


@pytest.mark.parametrize(
    ("expected", "missing"),
    [
        ("two … [ok in … s]\nthree", None),
        ("…\nthree\n", None),
        ("three\ntwo …", "two …"),
        ("four", "four"),
    ],
)
def test_expected_lines_are_looked_for_in_order(expected, missing):
    assert first_missing(expected, "one\ntwo rows [ok in 0.1 s]\nthree\n") == missing


def test_diff_changes_its_line_and_keeps_the_others():
    assert changed("a\nb\nc\n", " a\n-b\n+B\n") == "a\nB\nc\n"


def test_diff_of_a_line_that_is_not_there_is_refused():
    with pytest.raises(AssertionError, match="stands 0 times"):
        changed("a\n", "-b\n+B\n")
