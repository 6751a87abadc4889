"""Control and invisible characters made visible, so that a terminal prints them and obeys none.

Anybody can name a token: with escape sequences that repaint the screen, with characters that turn
the direction of writing. What is for programs (JSON) stays exact; this is for eyes.
"""

import re
import unicodedata

# Control, format (also direction), private, half and unassigned characters; odd line breaks.
_SUSPECT = re.compile(r"[^\n\t\x20-\x7e]")
_ACTING = ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp")


def visible(text: str) -> str:
    """The text with each acting character written out, as in `\\x1b` or `\\u202e`.

    Line breaks and tabs stay.
    """
    return _SUSPECT.sub(lambda found: _written_out(found[0]), text)


def _written_out(char: str) -> str:
    if unicodedata.category(char) not in _ACTING:
        return char
    return char.encode("unicode_escape", "surrogatepass").decode()
