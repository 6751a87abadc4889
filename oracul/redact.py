"""Taking this process's secrets out of text: a net below every place where words are written down.

Services echo what they were sent: "invalid project id KEY". So errors, logs and tables of outcomes
pass their texts through `without_secrets`. The settings tell their secrets to `hide`; so does
whoever makes or reads a password.
"""

import base64
import re
from urllib.parse import parse_qsl, quote, unquote, urlsplit

# Shorter secrets, and shorter parts of long ones, are words like any other: not looked for.
SHORTEST = 8
_WORD = re.compile(r"[a-z][a-z_-]{0,19}")
_WEB = ("http", "https", "ws", "wss")
_HOST = re.compile(r"(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+|\[[0-9a-f:.]+\])(?::\d*)?")
_GONE = "…"
_grams: set[str] = set()


def hide(secret: str) -> None:
    """From now on, `without_secrets` takes this secret out, whole or any 8 characters of it."""
    for form in forms(secret):
        _grams.update(form[i : i + SHORTEST] for i in range(len(form) - SHORTEST + 1))


def without_secrets(text: str) -> str:
    """The text with every run of 8 or more characters of a hidden secret replaced by `…`."""
    if not _grams or len(text) < SHORTEST:
        return text
    kept: list[str] = []
    done = covered = 0
    for i in range(len(text) - SHORTEST + 1):
        if text[i : i + SHORTEST] in _grams:
            if i > covered or not covered:
                kept += [text[done:i], _GONE]
            done = covered = i + SHORTEST
    kept.append(text[done:])
    return "".join(kept)


def forms(secret: str) -> set[str]:
    """How a secret may turn up: as it is, percent-encoded or decoded, in Base64.

    Of an address the host is no secret: its parts are taken one by one, plain words left out. What
    stands in the place of the host and is none (`slack://KEY/KEY`) is one.
    """
    found: set[str] = set()
    for part in _parts(secret):
        spellings = {part, quote(part, safe=""), unquote(part)}
        for spelling in tuple(spellings):
            packed = base64.b64encode(spelling.encode("utf-8", "surrogatepass")).decode()
            # The last characters of the code depend on what stands beside the secret.
            spellings |= {packed.rstrip("="), packed.translate(_URL_SAFE).rstrip("=")}
        found |= spellings
    return {form for form in found if len(form) >= SHORTEST}


_URL_SAFE = str.maketrans("+/", "-_")


def _parts(secret: str) -> set[str]:
    if "://" not in secret:
        return {secret} if len(secret) >= SHORTEST else set()
    try:
        address = urlsplit(secret)
        login = {address.username or "", address.password or ""}
    except ValueError:
        return {secret.partition("://")[2]}
    named, _, place = address.netloc.rpartition("@")
    if address.scheme not in _WEB and not _HOST.fullmatch(place):
        # Apprise writes keys of services where others have their host: tgram://KEY/chat.
        login |= {place, *place.split(":")}
    spoken = {*address.path.split("/"), address.fragment}
    spoken |= {pair.partition("=")[2] for pair in address.query.split("&")}
    spoken |= {value for _, value in parse_qsl(address.query)}
    plain = {part for part in spoken | login if not _WORD.fullmatch(part)}
    return {part for part in plain | {named} if len(part) >= SHORTEST}
