"""Making text harmless that strangers may have had a hand in. Pure."""

import re
import unicodedata

LONGEST_LINE = 500
# What rich, Slack, Discord, Markdown, HTML or a shell would act on, and a harmless look-alike.
_LOOK_ALIKES = str.maketrans(
    {
        "<": "‹", ">": "›", "[": "(", "]": ")", "`": "ˋ", "*": "∗", "~": "∼", "|": "¦",
        "&": "＆", "@": "＠", "\\": "⧵", "$": "＄",
    }
)  # fmt: skip
# `:name:` is an emoji to rich and to chats; the colons of a time of day are not.
_EMOJI_OPENS = re.compile(r":(?!\d\d:)(?=[^\s:]+:)")


# Chats turn bare names into links, and hostile tokens are called "claim at airdrop.example".
_DOMAIN_DOT = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2})")


def unlinked(text: str) -> str:
    """The text without names that a chat would make a link of; figures like `14.2 M` stay."""
    return _DOMAIN_DOT.sub("․", text)


def harmless(text: str, longest: int = LONGEST_LINE) -> str:
    """One line of `text` that no reader acts on, at most `longest` characters.

    Token symbols, revert reasons and node errors end up in alerts, and anybody can choose those:
    control and invisible characters (also the ones that turn the direction of writing) are dropped,
    markup, mentions and emoji codes become look-alikes, links lose their `://`.
    """
    shown = "".join(" " if c.isspace() else c for c in text)
    shown = "".join(c for c in shown if not unicodedata.category(c).startswith("C"))
    shown = " ".join(shown.split()).translate(_LOOK_ALIKES).replace("://", ":∕∕")
    shown = _EMOJI_OPENS.sub("∶", shown)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
