"""Every dashboard is an exposure of dbt, so that lineage ends where people look."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assets import Assets, read_yaml, rows_of

EXPOSURES = Path(__file__).parents[2] / "dbt_project" / "models" / "exposures"


def exposure_complaints(assets: Assets, folder: Path = EXPOSURES) -> Iterator[str]:
    """What dbt's exposures say otherwise than the dashboards, both ways."""
    known = dict(_exposures(folder))
    for name, dashboard in assets.dashboards.items():
        where = f"dbt_project/models/exposures/{name}.yml"
        if name not in known:
            yield f"dashboards/{name}.yml: it is no exposure of dbt yet: write {where}"
            continue
        exposure = known.pop(name)
        refs = {one.removeprefix("ref('").removesuffix("')") for one in exposure["depends_on"]}
        tables = tables_of(assets, name)
        for table in sorted(tables - refs):
            yield f"{where}: depends_on: the dashboard also reads {table}"
        for table in sorted(refs - tables):
            yield f"{where}: depends_on: the dashboard does not read {table}"
        if exposure["label"] != dashboard.title:
            yield f"{where}: label: the dashboard's title is {dashboard.title!r}"
        if not str(exposure["url"]).endswith(f"/superset/dashboard/{name.replace('_', '-')}/"):
            yield f"{where}: url: it leads elsewhere"
    for name in known:
        yield f"dbt_project/models/exposures: {name}: there is no such dashboard"


def tables_of(assets: Assets, name: str) -> set[str]:
    """The marts that the charts and filters of a dashboard read."""
    dashboard = assets.dashboards[name]
    datasets = {assets.charts[chart].dataset for row in rows_of(dashboard) for chart in row.charts}
    datasets |= {str(assets.filters[one].dataset) for one in dashboard.filters} - {"None"}
    return {assets.datasets[dataset].table for dataset in datasets}


def _exposures(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.glob("*.yml")):
        for exposure in read_yaml(path).get("exposures", []):
            yield exposure["name"], exposure
