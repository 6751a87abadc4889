"""What the dashboards ask the warehouse: each opened once in a browser, as a viewer would.

Panels, tabs and filters are those that Superset shows, so a new chart is measured as soon as it is
in the assets.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from oracul.settings import Settings
from oracul.stack.superset import superset_secrets
from tests.fixtures.browser import chromium

_PATIENCE_SECONDS = 300
# High enough that no panel waits to be scrolled to.
_SCREEN = {"width": 1440, "height": 6000}
_DATA = "/api/v1/chart/data"
# Conditions that a viewer's own filters make, and what is chosen there.
_VARIED = {("token", "IN"): "token", ("address", "IN"): "address", ("age_days", "<="): "days"}


@dataclass(frozen=True)
class Panel:
    """One request of a dashboard: a chart's, or a filter's list of values.

    `statements` are its queries; `chosen` says which values in them came from which filter, for
    other viewers to choose others; `superset_ms` is the time through Superset past its cache.
    """

    dashboard: str
    name: str
    dataset: str
    statements: list[str]
    chosen: dict[str, str]
    superset_ms: float


@contextmanager
def superset(settings: Settings) -> Iterator[str]:
    """Superset over the warehouse of this home, at the address that is given."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {name: value for name, value in os.environ.items() if "ORACUL_" not in name}
    variables |= {
        "ORACUL_HOME": str(settings.home),
        "ORACUL_WAREHOUSE__PORT": "0",
        "ORACUL_SUPERSET__PORT": str(port),
    }
    url = f"http://127.0.0.1:{port}"
    log_path = settings.home / "superset.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "oracul.stack.become_superset"],
            env=variables, cwd=settings.home, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            _wait_for(url, process, str(log_path))
            yield url
        finally:
            process.terminate()
            process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes], story: str) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/health", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise RuntimeError(f"Superset did not start; see {story}")


def capture(settings: Settings, url: str) -> list[Panel]:
    """Every panel and filter of every dashboard. Raises RuntimeError when one does not show."""
    password = superset_secrets(settings)["viewer_password"]
    with chromium() as browser:
        page = browser.new_page(viewport=_SCREEN, base_url=url)
        page.set_default_timeout(60_000)
        page.goto("/login/")
        page.fill("#username", "viewer")
        page.fill("#password", password)
        page.press("#password", "Enter")
        page.wait_for_url(lambda address: "login" not in address)
        listed = page.request.get("/api/v1/dashboard/").json()["result"]
        found = []
        for slug in sorted(one["slug"] for one in listed):
            found += _open(page, slug)
        return found


def _open(page: Any, slug: str) -> list[Panel]:
    """Open a dashboard and its tabs; what was asked."""
    board = page.request.get(f"/api/v1/dashboard/{slug}").json()["result"]
    sets = page.request.get(f"/api/v1/dashboard/{slug}/datasets").json()["result"]
    datasets = {int(one["id"]): str(one["table_name"]) for one in sets}
    tabs = _charts_by_tab(json.loads(board["position_json"]))
    answers: dict[tuple[str, str], Any] = {}

    def keep(response: Any) -> None:
        if _DATA in response.url and response.request.method == "POST":
            asked = response.request.post_data_json["form_data"]
            answers[_key(asked)] = response

    page.on("response", keep)
    page.goto(f"/superset/dashboard/{slug}/")
    names = {}
    for tab, charts in tabs.items():
        if tab:
            page.get_by_role("tab", name=tab).first.click()
        names |= {("chart", number): name for number, name in charts.items()}
        _wait_until_answered(page, slug, names, answers)
    page.remove_listener("response", keep)
    return [
        _panel(page, slug, names.get(key, f"filter {key[1]}"), datasets, response)
        for key, response in sorted(answers.items())
    ]


def _charts_by_tab(boxes: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Names of charts by their number, by the title of their tab ('' = above all tabs)."""
    titles = {key: box["meta"]["text"] for key, box in boxes.items() if key.startswith("TAB-")}
    found: dict[str, dict[str, str]] = {"": {}, **{title: {} for title in titles.values()}}
    for key, box in boxes.items():
        if key.startswith("CHART-"):
            tab = next((titles[above] for above in box["parents"] if above in titles), "")
            found[tab][str(box["meta"]["chartId"])] = key.split("-", 2)[2]
    return found


def _key(form: dict[str, Any]) -> tuple[str, str]:
    if form.get("native_filter_id"):
        return ("filter", str(form["native_filter_id"]).removeprefix("NATIVE_FILTER-"))
    return ("chart", str(form.get("slice_id")))


def _wait_until_answered(page: Any, slug: str, names: Any, answers: dict[Any, Any]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while missing := set(names) - set(answers):
        if time.monotonic() > until:
            lost = ", ".join(sorted(names[key] for key in missing))
            raise RuntimeError(f"dashboard {slug}: no data came for {lost}")
        page.wait_for_timeout(200)


def _panel(page: Any, slug: str, name: str, datasets: dict[int, str], response: Any) -> Panel:
    """What one request asked. Asked again past Superset's cache, it tells the time, too."""
    request = response.request
    payload = {**request.post_data_json, "force": True}
    headers = {"X-CSRFToken": request.headers.get("x-csrftoken", ""), "Referer": page.url}
    times = []
    for _ in range(3):
        began = time.perf_counter()
        answer = page.request.post(request.url, data=payload, headers=headers)
        times.append((time.perf_counter() - began) * 1000)
    body = answer.json()
    results = body.get("result", [])
    for fault in [body.get("message"), *(one.get("error") for one in results)]:
        if fault:
            raise RuntimeError(f"dashboard {slug}, {name}: {fault}")
    chosen = {
        _VARIED[one["col"], one["op"]]: str(one["val"][0] if one["op"] == "IN" else one["val"])
        for query in payload["queries"]
        for one in query.get("filters", [])
        if (one["col"], one["op"]) in _VARIED
    }
    return Panel(
        slug, name, datasets.get(int(payload["datasource"]["id"]), "?"),
        [str(one["query"]) for one in results], chosen, statistics.median(times),
    )  # fmt: skip
