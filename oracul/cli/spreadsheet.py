"""CSV for people's spreadsheets: text that one would run as a formula is kept from running.

ClickHouse quotes every text and no number in CSV, so a quoted field that begins with a formula's
sign is text that somebody chose: a token's symbol. It gets a leading apostrophe, the spreadsheets'
own mark for text. Works on the bytes as they stream.
"""

from collections.abc import Iterable, Iterator

FORMULA_SIGNS = b"=+-@\t\r"
_MARK = b"'"


class FormulaGuard:
    """Neutralises a CSV stream; `changed` counts the cells that were given the mark."""

    def __init__(self) -> None:
        self.changed = 0
        self._is_quoted = False
        self._is_field_start = True
        self._is_text_start = False

    def guard(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same stream, chunk by chunk."""
        for chunk in chunks:
            yield self._chunk(chunk)

    def _chunk(self, chunk: bytes) -> bytes:
        pieces = chunk.split(b'"')
        for i, piece in enumerate(pieces):
            if i:
                self._is_quoted = not self._is_quoted
                # A quote after a quote is one inside the text, not the beginning of a field.
                self._is_text_start = self._is_quoted and self._is_field_start
                self._is_field_start = False
            if not piece:
                continue
            if self._is_text_start and piece[0] in FORMULA_SIGNS:
                pieces[i] = _MARK + piece
                self.changed += 1
            self._is_text_start = False
            self._is_field_start = not self._is_quoted and piece[-1] in b",\n"
        return b'"'.join(pieces)
