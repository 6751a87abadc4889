"""Pages on which nothing can run: Great Expectations writes some values into HTML as they are.

First the stored results lose what HTML and its templates act on (`quieten`), then every tag of a
page is read and written again, and only those that lay out a page are kept (`inert`).
"""

from collections.abc import Mapping
from html import escape
from html.parser import HTMLParser
from typing import Any

from oracul.visible import visible

_LOOK_ALIKES = str.maketrans({"<": "‹", ">": "›", "&": "＆", "$": "＄", "{": "❴", "}": "❵"})

_KEPT = frozenset(
    (  # noqa: SIM905 — read as a list of words
        "a abbr article b body br button caption code col colgroup dd details div dl dt em figure"
        " footer h1 h2 h3 h4 h5 h6 head header hr html i label li link main meta nav ol p pre"
        " section small span strong sub summary sup table tbody td tfoot th thead title tr u ul"
    ).split()
)
_KEPT_ATTRIBUTES = frozenset(
    (  # noqa: SIM905
        "abbr aria-label charset class colspan content data-field data-sortable data-target"
        " data-toggle height href id lang name rel role rowspan scope style title type width"
    ).split()
)
# What is between these tags goes with them: it is code, no text.
_DROPPED_WHOLE = frozenset(["script", "style"])
# The two buttons of the pages: our own script hears these marks, nothing else is heard.
_BUTTONS = {"showAllValidations()": "all", "hideSucceededValidations()": "failed"}


def quieten(value: Any) -> Any:
    """A result with look-alikes for what HTML or a template acts on, in every text within."""
    if isinstance(value, str):
        return visible(value).translate(_LOOK_ALIKES)
    if isinstance(value, Mapping):
        return {quieten(key): quieten(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [quieten(inner) for inner in value]
    return value


def quieten_results(context: Any) -> None:
    """Do so to all results that a context of Great Expectations will make pages of."""
    store = context.validation_results_store
    for key in store.list_keys():
        run = store.get(key)
        for one in run.results:
            one.result = quieten(one.result)
            one.exception_info = quieten(one.exception_info)
        store.set(key, run)


def inert(page: str) -> str:
    """The page without scripts, pictures, frames, forms, handlers and addresses that run code."""
    writer = _Writer()
    writer.feed(page)
    writer.close()
    return "".join(writer.pieces)


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.pieces: list[str] = []
        self._dropped = ""
        self._is_head = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_head = self._is_head and tag != "body"
        if self._dropped:
            return
        if tag == "style" and self._is_head:
            self.pieces.append("<style>")
        elif tag in _DROPPED_WHOLE:
            self._dropped = tag
        elif tag in _KEPT:
            self.pieces.append(f"<{tag}{''.join(_attribute(*one) for one in attrs)}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _KEPT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._dropped:
            self._dropped = "" if tag == self._dropped else self._dropped
        elif tag in _KEPT or tag == "style":
            self.pieces.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            self.pieces.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        if decl.lower() == "doctype html":
            self.pieces.append("<!doctype html>")


def _attribute(name: str, value: str | None) -> str:
    text = value or ""
    if name == "onclick" and text in _BUTTONS:
        return f' data-show="{_BUTTONS[text]}"'
    address = "".join(text.split()).lower()
    leads_away = ":" in address.partition("/")[0] or address.startswith(("//", "\\\\"))
    if name not in _KEPT_ATTRIBUTES or (name == "href" and leads_away):
        return ""
    return f' {name}="{escape(text)}"'
