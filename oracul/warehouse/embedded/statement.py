"""Finding the parts of one SQL text that the server itself must know. Pure; no validation of SQL.

What is needed: the first word, the clause `FORMAT x`, a clause `INTO OUTFILE`, and where the data
of an `INSERT … FORMAT x` begins. Offsets are bytes: the text is scanned as latin-1, in which each
byte is one character, because what follows the statement may be any binary format.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from oracul.warehouse.embedded.faults import SYNTAX_ERROR, Fault

# Formats whose pieces may be joined: the engine formats each block of a stream on its own.
STREAMED_FORMATS = frozenset(
    [
        "native",
        "rowbinary",
        "tsv",
        "tsvraw",
        "tabseparated",
        "tabseparatedraw",
        "csv",
        "jsoneachrow",
        "jsonlines",
        "ndjson",
        "jsoncompacteachrow",
        "jsonstringseachrow",
        "lineasstring",
        "rawblob",
    ]
)

# Atomic groups and ends at the end of the text keep the scan linear, whatever is left unclosed.
_TOKEN = re.compile(
    r"""
    (?P<space>\s+ | --[^\n]* | \#[ !][^\n]* | /\*.*?(?:\*/|\Z) )
  | (?P<quoted>
        (?> ' (?> [^'\\]+ | \\. | '' )* (?: ' | \\?\Z ) )
      | (?> " (?> [^"\\]+ | \\. | "" )* (?: " | \\?\Z ) )
      | (?> ` (?> [^`\\]+ | \\. | `` )* (?: ` | \\?\Z ) ) )
  | (?P<heredoc>\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z) )
  | (?P<word>[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff$]* )
  | (?P<number>[0-9][0-9.,\s]* )
  | (?P<marks>[,.:=<>!+*%?|&^~@\\]+ )
  | (?P<mark>. )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word, quoted name or mark outside of all brackets; `text` is upper case."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What was found in a text.

    `format_start` is where `FORMAT` begins, `data_start` where the data of an insert begins, `end`
    is the end of the last word that means something (before `;` and comments).
    """

    verb: str
    end: int
    second: str = ""
    has_brackets: bool = False
    fmt: str | None = None
    format_start: int | None = None
    data_start: int | None = None
    has_values: bool = False
    into_outfile: bool = False

    @property
    def is_data_insert(self) -> bool:
        """True for `INSERT … FORMAT x` and `INSERT … VALUES`, whose rows follow the statement."""
        return self.data_start is not None


def read_statement(head: bytes) -> Statement:
    """Look at the beginning of a request's text.

    `head` holds the whole statement, perhaps followed by (the beginning of) its data. Raises Fault
    for a text without a statement.
    """
    text = head.decode("latin-1")
    words: list[Word] = []
    for word in top_level_words(text):
        words.append(word)
        if words[0].text == "INSERT" and (found := _insert_data(text, words)):
            return found
    meaningful = [word for word in words if word.text != ";"]
    if not meaningful:
        raise Fault(SYNTAX_ERROR, "Syntax error: the query is empty")
    clause = _format_clause(meaningful)
    name = text[clause[1].start : clause[1].end] if clause else None
    return Statement(
        verb=meaningful[0].text,
        end=meaningful[-1].end,
        second=meaningful[1].text if len(meaningful) > 1 else "",
        has_brackets=any(word.text == "()" for word in meaningful),
        fmt=name,
        format_start=clause[0].start if clause else None,
        into_outfile=any(
            a.text == "INTO" and b.text == "OUTFILE" for a, b in itertools.pairwise(meaningful)
        ),
    )


def top_level_words(text: str) -> Iterator[Word]:
    """Words, quoted names and marks outside of brackets, in order; comments are left out.

    A bracketed group counts as one mark `()`. An unclosed quote is taken as a mark.
    """
    depth = 0
    opened = 0
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "space":
            continue
        piece = token.group()
        if kind == "mark" and piece in "([{":
            opened = token.start() if depth == 0 else opened
            depth += 1
        elif kind == "mark" and piece in ")]}" and depth:
            depth -= 1
            if depth == 0:
                yield Word("()", opened, token.end())
        elif depth == 0:
            upper = piece.upper() if kind == "word" else piece
            yield Word(upper, token.start(), token.end())


def _insert_data(text: str, words: list[Word]) -> Statement | None:
    """The statement, once the last word read tells where its data begins."""
    last = words[-1]
    if last.text == "VALUES":
        return Statement(
            "INSERT",
            last.start,
            fmt="Values",
            format_start=last.start,
            data_start=last.end,
            has_values=True,
        )
    if len(words) < 2 or words[-2].text != "FORMAT" or last.text == ";":
        return None
    if any(word.text in ("SELECT", "WITH", "WATCH") for word in words):
        return None
    name = text[last.start : last.end]
    start = last.end + len(_gap_before_data(text[last.end : last.end + 4096]))
    clause = words[-2].start
    return Statement("INSERT", clause, fmt=name, format_start=clause, data_start=start)


def split_settings(into: bytes) -> tuple[bytes, bytes]:
    """`INSERT INTO t (…)` and the clause `SETTINGS …` behind it, empty when there is none."""
    words = list(top_level_words(into.decode("latin-1")))
    # The first three are INSERT, INTO or the table, and perhaps the table.
    clauses = [word.start for word in words[3:-1] if word.text == "SETTINGS"]
    return (into[: clauses[0]], into[clauses[0] :]) if clauses else (into, b"")


def _gap_before_data(after: str) -> str:
    """Blanks up to and including the first line end: what ClickHouse leaves out before the data."""
    found = re.match(r"[ \t\f\v]*;?[ \t\f\v]*(?:\r?\n)?", after)
    return found.group() if found else ""


def _format_clause(words: list[Word]) -> tuple[Word, Word] | None:
    """`FORMAT name` at the end of the text, or right before its `SETTINGS`.

    What has brackets behind it is the function of that name.
    """
    for at in range(len(words) - 2, 0, -1):
        if words[at].text == "FORMAT" and words[at + 1].text.isidentifier():
            behind = words[at + 2].text if at + 2 < len(words) else "SETTINGS"
            return (words[at], words[at + 1]) if behind == "SETTINGS" else None
    return None
