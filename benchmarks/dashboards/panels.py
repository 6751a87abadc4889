"""What the dashboards ask the warehouse: each opened once in a browser, as a viewer would.

Panels, tabs and filters are those of the assets, so a new chart is measured as soon as it is there.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from oracul.settings import Settings
from oracul.stack.superset import SUPERSET_DIR

_DATA = "/api/v1/chart/data"
# Conditions that a viewer's own filters make, and what is chosen there.
_VARIED = {("token", "IN"): "token", ("address", "IN"): "address", ("age_days", "<="): "days"}


@dataclass(frozen=True)
class Panel:
    """One request of a dashboard: a chart's, or that of a filter for its values.

    `tab` is empty on a dashboard without tabs. `statements` are its queries; `chosen` says which
    values in them came from which filter, for other viewers to choose others; `superset_ms` is the
    time through Superset past its cache.
    """

    dashboard: str
    tab: str
    name: str
    statements: list[str]
    chosen: dict[str, str]
    superset_ms: float = 0.0


def capture(settings: Settings) -> list[Panel]:
    """Every panel and filter of every dashboard, of a Superset that is started for it.

    Raises AssertionError when one of them does not show, RuntimeError when it has no answer.
    """
    # The assets are read by the modules beside them, which Superset's own environment imports too.
    sys.path.insert(0, str(SUPERSET_DIR))
    from tests.fixtures.browser import chromium
    from tests.fixtures.dashboards import charts_of, looking, repository
    from tests.fixtures.superset import served

    payloads: dict[tuple[str, str], Any] = {}
    panels: dict[tuple[str, str], Panel] = {}
    with served(settings) as found:
        with chromium() as browser, looking(found.signed_in(browser, "viewer")) as look:
            heard: dict[str, Any] = {}
            look.page.on("response", lambda response: heard.update(_heard(response)))
            for dashboard in repository().dashboards:
                for number, tab in enumerate(charts_of(dashboard)):
                    heard.clear()
                    shown = look.open_tab(dashboard, tab) if number else look.open(dashboard)
                    names = {f"chart {panel.number}": name for name, panel in shown.items()}
                    for who, (payload, result) in heard.items():
                        key = dashboard, names.get(who, who)
                        if key not in panels:
                            panels[key] = _panel(dashboard, tab, key[1], payload, result)
                            payloads[key] = payload
        with found.api("viewer") as api:
            return [
                replace(panel, superset_ms=_superset_ms(api, payloads[key]))
                for key, panel in panels.items()
            ]


def _heard(response: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Who asked (`chart 7` or `filter token`), what was asked, and Superset's answer."""
    if _DATA not in response.url or response.request.method != "POST":
        return
    payload = json.loads(response.request.post_data)
    form = payload["form_data"]
    named = str(form.get("native_filter_id", "")).removeprefix("NATIVE_FILTER-")
    who = f"filter {named}" if named else f"chart {form['slice_id']}"
    yield who, (payload, response.json().get("result", []))


def _panel(dashboard: str, tab: str, name: str, payload: Mapping[str, Any], result: Any) -> Panel:
    """Raises RuntimeError where Superset had no answer."""
    if not result or any(one.get("error") for one in result):
        raise RuntimeError(f"{dashboard}, {name}: {result}")
    # What a filter offers does not depend on what is chosen in others.
    queries = [] if name.startswith("filter ") else payload["queries"]
    chosen = {
        _VARIED[one["col"], one["op"]]: str(one["val"][0] if one["op"] == "IN" else one["val"])
        for query in queries
        for one in query.get("filters", [])
        if (one["col"], one["op"]) in _VARIED
    }
    return Panel(dashboard, tab, name, [str(one["query"]) for one in result], chosen)


def _superset_ms(api: Any, payload: Mapping[str, Any]) -> float:
    """Milliseconds of the same request, with nothing of it in the cache."""
    began = time.perf_counter()
    api.post(_DATA, json={**payload, "force": True}).raise_for_status()
    return (time.perf_counter() - began) * 1000
