"""Reading `assets/`: every file has a shape, and names only what there is."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError
from shapes import KINDS, Chart, Column, Dashboard, Dataset, Filter, Row

ASSETS = Path(__file__).parent / "assets"
_Shape = TypeVar("_Shape", bound=BaseModel)


class AssetError(Exception):
    """A file in `assets/` that does not make sense: which, where in it, and why."""


@dataclass(frozen=True)
class Assets:
    """Everything in `assets/`, read and checked."""

    columns: dict[str, dict[str, Any]]
    shared: dict[str, Column]
    filters: dict[str, Filter]
    datasets: dict[str, Dataset]
    charts: dict[str, Chart]
    dashboards: dict[str, Dashboard]
    # Where each chart's file is, since charts lie in folders.
    files: dict[str, str]


def read_assets(folder: Path = ASSETS) -> Assets:
    """Read and check `assets/`. Raises AssetError that names the file and the field."""
    assets = Assets(
        columns=read_yaml(folder / "columns.yml"),
        shared=_one(folder / "shared.yml", TypeAdapter(dict[str, Column])),
        filters=_one(folder / "filters.yml", TypeAdapter(dict[str, Filter])),
        datasets=_all(folder / "datasets", Dataset),
        charts=_all(folder / "charts", Chart),
        dashboards=_all(folder / "dashboards", Dashboard),
        files={path.stem: _named(path) for path in (folder / "charts").rglob("*.yml")},
    )
    for complaint in _complaints(assets):
        raise AssetError(complaint)
    return assets


def columns_of(assets: Assets, name: str) -> dict[str, Any]:
    """Columns of a dataset by name: those of the table, then shared ones and its own."""
    dataset = assets.datasets[name]
    table = assets.columns[f"{dataset.database}.{dataset.table}"]["columns"]
    shared = {here: assets.shared[there] for here, there in dataset.shared_names().items()}
    return {**table, **shared, **dataset.columns}


def _complaints(assets: Assets) -> Iterator[str]:
    for name, dataset in assets.datasets.items():
        where = f"datasets/{name}.yml"
        if f"{dataset.database}.{dataset.table}" not in assets.columns:
            yield (
                f"{where}: table: dbt knows no {dataset.database}.{dataset.table}; after a change"
                " of models say `make format`"
            )
            return
        kinds = assets.columns[f"{dataset.database}.{dataset.table}"]["columns"]
        untyped = [column for column, known in kinds.items() if not known["type"]]
        if untyped:
            # Superset would write a time range as text, which the warehouse refuses for a Date.
            yield (
                f"{where}: table: dbt knows no type of {', '.join(untyped)}; give each a data_type"
                f" in the yml of the model {dataset.table}, then say `make format`"
            )
        yield from _unknown(where, "shared", dataset.shared_names().values(), assets.shared)
        known = columns_of(assets, name)
        yield from _unknown(where, "titles", dataset.titles, known)
        yield from _unknown(where, "time_column", [dataset.time_column or ""], {**known, "": 0})
    for name, chart in assets.charts.items():
        where = assets.files[name]
        yield from _unknown(where, "viz", [chart.viz], KINDS)
        yield from _unknown(where, "dataset", [chart.dataset], assets.datasets)
        if chart.dataset in assets.datasets:
            known = columns_of(assets, chart.dataset)
            yield from _unknown(where, "where", [one.column for one in chart.where], known)
            yield from _unknown(where, "params", _words(chart.params), {
                **known, **assets.datasets[chart.dataset].metrics,
            })  # fmt: skip
    for name, one in assets.filters.items():
        if one.kind != "time":
            where = f"filters.yml: {name}"
            yield from _unknown(where, "dataset", [str(one.dataset)], assets.datasets)
            known = columns_of(assets, str(one.dataset))
            yield from _unknown(where, "column", [str(one.column)], known)
    shown: set[str] = set()
    for name, dashboard in assets.dashboards.items():
        where = f"dashboards/{name}.yml"
        yield from _unknown(where, "filters", dashboard.filters, assets.filters)
        for row in rows_of(dashboard):
            yield from _unknown(where, "charts", row.charts, assets.charts)
            shown |= set(row.charts)
            if row.charts and sum(row.charts.values()) != 12:
                yield f"{where}: the widths of {', '.join(row.charts)} do not add up to 12"
    for name in sorted(set(assets.charts) - shown):
        yield f"{assets.files[name]}: no dashboard shows it"


def _unknown(where: str, field: str, named: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    for one in named:
        if one not in set(known):
            near = difflib.get_close_matches(one, list(known), n=1)
            yield f"{where}: {field}: there is no {one!r}" + (
                f"; did you mean {near[0]!r}?" if near else ""
            )


def _words(params: dict[str, Any]) -> Iterator[str]:
    """Columns and metrics that the parameters of a chart name."""
    for key in ("metrics", "metrics_b", "groupby", "groupby_b", "all_columns", "groupbyRows"):
        yield from (one for one in params.get(key, []) if isinstance(one, str))
    for key in ("metric", "x_axis", "timeseries_limit_metric", "secondary_metric", "entity",
                "tooltipSizeMetric", "granularity_sqla"):  # fmt: skip
        if isinstance(params.get(key), str):
            yield params[key]


def rows_of(dashboard: Dashboard) -> list[Row]:
    """All rows of a dashboard, also those of its tabs."""
    return [*dashboard.rows, *(row for rows in dashboard.tabs.values() for row in rows)]


def _all(folder: Path, shape: type[_Shape]) -> dict[str, _Shape]:
    adapter = TypeAdapter(shape)
    paths = {path.stem: path for path in sorted(folder.rglob("*.yml"))}
    return {name: _one(path, adapter, paths) for name, path in paths.items()}


def _like(path: Path, siblings: dict[str, Path]) -> Any:
    """What a file holds, over that of the file it says it is like."""
    held = read_yaml(path)
    if not isinstance(held, dict) or "like" not in held:
        return held
    model = held.pop("like")
    for complaint in _unknown(_named(path), "like", [model], siblings):
        raise AssetError(complaint)
    base = _like(siblings[model], siblings)
    for field, value in held.items():
        both = isinstance(value, dict) and isinstance(base.get(field), dict)
        base[field] = base[field] | value if both else value
        if both:
            # `name: null` leaves one out.
            base[field] = {name: one for name, one in base[field].items() if one is not None}
    return base


def _one(path: Path, adapter: TypeAdapter[Any], siblings: dict[str, Path] | None = None) -> Any:
    try:
        return adapter.validate_python(_like(path, siblings or {}))
    except ValidationError as error:
        raise AssetError(f"{_named(path)}: {_told(error, adapter)}") from None


def _told(error: ValidationError, adapter: TypeAdapter[Any]) -> str:
    """The first fault, in words of these files."""
    fault = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "missing":
        return f"the field {field!r} is missing"
    if fault["type"] == "extra_forbidden":
        known = _field_names(adapter.json_schema())
        near = difflib.get_close_matches(str(fault["loc"][-1]), known, n=1)
        return f"there is no field {field!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    return f"{field}: {fault['msg']}"


def _field_names(schema: dict[str, Any]) -> set[str]:
    """Fields of a shape and of the shapes in it."""
    shapes = [schema, *schema.get("$defs", {}).values()]
    return {name for shape in shapes for name in shape.get("properties", {})}


def _named(path: Path) -> str:
    """A file as people know it: `charts/overview/volume.yml`."""
    return path.as_posix().rpartition(f"/{ASSETS.name}/")[2]


def read_yaml(path: Path) -> Any:
    """What a file holds; {} when that is nothing. Raises AssetError."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise AssetError(f"{_named(path)}: {' '.join(str(error).split())}") from None
