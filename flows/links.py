"""Where to look further after a run: dashboards, models, results of the checks. Pure."""

from collections.abc import Sequence

from flows.steps import Outcome
from oracul.settings import Settings

# Dashboard and words, by the step whose work it shows.
_DASHBOARDS = {
    "validate_raw": ("data-quality", "Data quality and operations"),
    "validate_marts": ("data-quality", "Data quality and operations"),
    "verify": ("data-quality", "Data quality and operations"),
    "publish": ("overview", "Overview: what moved"),
    "detect": ("overview", "Overview: what was unusual"),
}
_PAGES = {
    "transform": ("models", "Models, columns and lineage"),
    "validate_raw": ("checks", "Results of the checks"),
    "validate_marts": ("checks", "Results of the checks"),
}


def links_of(settings: Settings, outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    """(words, address) of what shows more of these steps' work; each address once."""
    steps = [outcome.step for outcome in outcomes]
    found: dict[str, str] = {}
    if settings.superset.enabled:
        base = f"{settings.superset.address}/superset/dashboard"
        for step in steps:
            if step in _DASHBOARDS:
                slug, words = _DASHBOARDS[step]
                found.setdefault(f"{base}/{slug}/", words)
    for step in steps:
        if step in _PAGES:
            folder, words = _PAGES[step]
            found.setdefault(f"{settings.docs.address}/{folder}/index.html", words)
    return [(words, address) for address, words in found.items()]
