"""`assets/` → the files that Superset imports.

`python bundle.py oracul.zip` writes them for a Superset of one's own (Settings → Import).
The short files hold what people decide; ids, layout and Superset's boilerplate are made here, the
same at every run, so that a second import changes nothing.
"""

import sys
import uuid
import zipfile
from typing import Any

import yaml
from assets import ASSETS, AssetError, Assets, columns_of, read_assets, read_yaml, rows_of
from layout import position_of
from shapes import Certifier, Condition, Dashboard

DATABASE = "warehouse"
# Every id is made from the file's name below this one.
_NAMESPACE = uuid.UUID("0f4fcb2e-6a35-5a0c-9d57-2f6a6d1c7f10")


def bundle(assets: Assets) -> dict[str, str]:
    """Files of Superset's export format, version 1, by their path."""
    files: dict[str, Any] = {"metadata.yaml": {"version": "1.0.0", "type": "assets"}}
    files[f"databases/{DATABASE}.yaml"] = _database()
    for name in assets.datasets:
        files[f"datasets/{DATABASE}/{name}.yaml"] = _dataset(assets, name)
    for name in assets.charts:
        files[f"charts/{name}.yaml"] = _chart(assets, name)
    for name in assets.dashboards:
        files[f"dashboards/{name}.yaml"] = _dashboard(assets, name)
    return {
        path: yaml.safe_dump(held, sort_keys=False, allow_unicode=True)
        for path, held in files.items()
    }


def id_of(kind: str, name: str) -> str:
    """The lasting id of a chart, dataset, dashboard or database."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}"))


def _database() -> dict[str, Any]:
    return {
        "version": "1.0.0",
        "uuid": id_of("databases", DATABASE),
        "database_name": DATABASE,
        # Host, user and password stand in for what superset_config.py sets at each connection.
        "sqlalchemy_uri": "clickhousedb://reader@warehouse.invalid:8123/marts",
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_file_upload": False,
        "cache_timeout": 300,
        "is_managed_externally": True,
        "extra": {
            "allows_virtual_table_explore": True,
            "metadata_cache_timeout": {"schema_cache_timeout": 600, "table_cache_timeout": 600},
        },
    }


def _dataset(assets: Assets, name: str) -> dict[str, Any]:
    dataset = assets.datasets[name]
    table = assets.columns[f"{dataset.database}.{dataset.table}"]
    columns: list[dict[str, Any]] = []
    for column, known in table["columns"].items():
        kind = known["type"]
        columns.append({
            "column_name": column,
            "type": kind,
            "description": known["description"],
            "verbose_name": dataset.titles.get(column),
            "is_dttm": "Date" in kind,
            "groupby": True,
            "filterable": True,
        })  # fmt: skip
    added = {one: assets.shared[one] for one in dataset.shared} | dataset.columns
    for column, own in added.items():
        columns.append({
            "column_name": column,
            "type": own.type,
            "expression": own.expression.replace("{table}", dataset.table),
            "description": own.description,
            "verbose_name": own.title,
            "is_dttm": "Date" in own.type,
            "groupby": True,
            "filterable": True,
        })  # fmt: skip
    metrics = [
        {
            "metric_name": metric,
            "verbose_name": own.title,
            "expression": own.expression,
            "description": own.description + (f" Unit: {own.unit}." if own.unit else ""),
            "d3format": own.format or None,
            "extra": {
                "certification": {
                    "certified_by": Certifier,
                    "details": f"Defined once, in datasets/{name}.yml",
                }
            },
        }
        for metric, own in dataset.metrics.items()
    ]
    return {
        "version": "1.0.0",
        "uuid": id_of("datasets", name),
        "database_uuid": id_of("databases", DATABASE),
        "schema": dataset.database,
        "table_name": dataset.table,
        "description": table["description"],
        "main_dttm_col": dataset.time_column,
        "filter_select_enabled": True,
        "columns": columns,
        "metrics": metrics,
        "is_managed_externally": True,
    }


def _chart(assets: Assets, name: str) -> dict[str, Any]:
    chart = assets.charts[name]
    params = {
        "viz_type": chart.viz,
        "adhoc_filters": [_condition(one) for one in chart.where],
        **chart.params,
    }
    if chart.viz == "mixed_timeseries":
        params.setdefault("adhoc_filters_b", params["adhoc_filters"])
    return {
        "version": "1.0.0",
        "uuid": id_of("charts", name),
        "dataset_uuid": id_of("datasets", chart.dataset),
        "slice_name": chart.title,
        "description": chart.description,
        "viz_type": chart.viz,
        "params": params,
        "certified_by": Certifier,
        "certification_details": f"charts/{name}.yml",
        "is_managed_externally": True,
    }


def _condition(one: Condition) -> dict[str, Any]:
    return {
        "clause": "WHERE",
        "expressionType": "SIMPLE",
        "subject": one.column,
        "operator": one.op,
        "comparator": one.value,
        "isExtra": False,
    }


def _dashboard(assets: Assets, name: str) -> dict[str, Any]:
    dashboard = assets.dashboards[name]
    numbers = {
        chart: number
        for number, chart in enumerate(
            dict.fromkeys(chart for row in rows_of(dashboard) for chart in row.charts), start=1
        )
    }
    ids = {chart: id_of("charts", chart) for chart in numbers}
    titles = {chart: assets.charts[chart].title for chart in numbers}
    return {
        "version": "1.0.0",
        "uuid": id_of("dashboards", name),
        "dashboard_title": dashboard.title,
        "description": dashboard.description,
        "slug": name.replace("_", "-"),
        "published": True,
        "certified_by": Certifier,
        "certification_details": f"dashboards/{name}.yml",
        "is_managed_externally": True,
        "css": (ASSETS / "dashboard.css").read_text(encoding="utf-8"),
        "position": position_of(dashboard, numbers, ids, titles),
        "metadata": {
            "cross_filters_enabled": True,
            "color_scheme": "supersetColors",
            "label_colors": read_yaml(ASSETS / "colors.yml"),
            "expanded_slices": {},
            "refresh_frequency": 0,
            "timed_refresh_immune_slices": [],
            "filter_bar_orientation": "HORIZONTAL",
            "native_filter_configuration": [
                _filter(assets, dashboard, one, numbers) for one in dashboard.filters
            ],
        },
    }


def _filter(
    assets: Assets, dashboard: Dashboard, name: str, numbers: dict[str, int]
) -> dict[str, Any]:
    own = assets.filters[name]
    has = {
        chart
        for chart in numbers
        if own.kind == "time" or own.column in columns_of(assets, assets.charts[chart].dataset)
    }
    # A list of values that follows the filters before it.
    before = [one for one in dashboard.filters[: dashboard.filters.index(name)]
              if own.kind == "select" and assets.filters[one].kind == "select"
              and assets.filters[one].column in columns_of(assets, str(own.dataset))]  # fmt: skip
    configured: dict[str, Any] = {
        "id": f"NATIVE_FILTER-{name}",
        "name": own.title,
        "description": own.description,
        "type": "NATIVE_FILTER",
        "filterType": f"filter_{own.kind}",
        "targets": [{}],
        "scope": {
            "rootPath": ["ROOT_ID"],
            "excluded": [numbers[chart] for chart in numbers if chart not in has],
        },
        "controlValues": {},
        "defaultDataMask": {"extraFormData": {}, "filterState": {}},
        "cascadeParentIds": [f"NATIVE_FILTER-{one}" for one in before],
    }
    if own.kind == "time":
        return configured
    configured["targets"] = [
        {"column": {"name": own.column}, "datasetUuid": id_of("datasets", str(own.dataset))}
    ]
    configured["adhoc_filters"] = [_condition(one) for one in own.where]
    if own.kind == "range":
        configured["controlValues"] = {"rangeDisplayMode": "slider-and-input"}
        if own.default is not None:
            configured["defaultDataMask"] = {
                "extraFormData": {"filters": [{"col": own.column, "op": "<=", "val": own.default}]},
                "filterState": {"value": [None, own.default], "label": f"≤ {own.default}"},
            }
        return configured
    configured["controlValues"] = {
        "multiSelect": own.many,
        "enableEmptyFilter": own.first is not None,
        "defaultToFirstItem": own.first is not None,
        "searchAllOptions": True,
        "creatable": own.free,
        "sortAscending": own.first is None,
    }
    if own.first is not None:
        configured["sortMetric"] = own.first
    if own.default is not None:
        values = own.default if isinstance(own.default, list) else [own.default]
        configured["defaultDataMask"] = {
            "extraFormData": {"filters": [{"col": own.column, "op": "IN", "val": values}]},
            "filterState": {"value": values, "label": ", ".join(values)},
        }
    return configured


def main() -> int:
    """Write the bundle as a zip file, or with `--check` only say what is in it."""
    if len(sys.argv) != 2:
        print("Say where to: python bundle.py oracul.zip", file=sys.stderr)
        return 2
    try:
        files = bundle(read_assets())
    except AssetError as error:
        print(error, file=sys.stderr)
        return 1
    if sys.argv[1] != "--check":
        with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
            for path, text in files.items():
                archive.writestr(f"oracul/{path}", text)
    print("\n".join(files))
    return 0


if __name__ == "__main__":
    sys.exit(main())
