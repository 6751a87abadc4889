"""`assets/` → the files that Superset imports.

`python bundle.py oracul.zip` writes them for a Superset of one's own (Settings → Import).
The short files hold what people decide; ids, layout and Superset's boilerplate are made here, the
same at every run, so that a second import changes nothing.
"""

import sys
import uuid
import zipfile
from typing import Any
from urllib.parse import quote

import yaml
from assets import ASSETS, AssetError, Assets, columns_of, read_assets, read_yaml, rows_of
from exposures import exposure_complaints
from layout import position_of
from shapes import Certifier, Column, Condition, Dashboard, Dataset, Link, Row
from style import css_of

DATABASE = "warehouse"
# Parameters of charts that name columns, never metrics.
_OF_COLUMNS = {"groupby", "groupby_b", "all_columns", "x_axis"}
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
    for column, own in columns_of(assets, name).items():
        if not isinstance(own, Column):
            continue
        columns.append({
            "column_name": column,
            "type": own.type,
            "expression": expression_of(own, dataset),
            "description": own.description,
            "verbose_name": own.title,
            "is_dttm": "Date" in own.type,
            "groupby": True,
            "filterable": True,
        })  # fmt: skip
    metrics = [
        {
            # Series and legends show this name, whatever the chart: it is the one for people.
            "metric_name": own.title,
            "verbose_name": own.title,
            "expression": own.expression,
            "description": own.description + (f" Unit: {own.unit}." if own.unit else ""),
            "d3format": own.format,
            "currency": (
                {"symbol": "USD", "symbolPosition": "prefix"} if own.unit == "USD" else None
            ),
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


def expression_of(column: Column, dataset: Dataset) -> str:
    """SQL of a dataset's column; of a link, what Superset's tables show as one."""
    if column.expression:
        expression = column.expression
    elif [one.when for one in column.links] == ["1"]:
        expression = _link(column.links[0])
    else:
        cases = ", ".join(f"{one.when}, {_link(one)}" for one in column.links)
        expression = f"multiIf({cases}, '')"
    return expression.replace("{table}", dataset.table)


def _link(link: Link) -> str:
    """SQL that makes an anchor. Its text is of strangers (a token's symbol): it is made harmless.

    The filter travels in the address as Superset reads it there: in Rison, which escapes by `!`.
    What does not differ from row to row is encoded here, once.
    """
    name = f"NATIVE_FILTER-{link.filter}"
    value = link.value
    if not link.is_hex:
        value = f"encodeURLComponent(replaceRegexpAll({value}, '([!\\'])', '!\\\\1'))"
    text = link.text if link.is_hex else f"encodeXMLComponent({link.text})"
    page = f"/superset/dashboard/{slug_of(link.dashboard)}/?native_filters="
    before = quote(f"({name}:(extraFormData:(filters:!((col:{link.filter},op:IN,val:!('", safe="")
    between = quote("')))),filterState:(value:!('", safe="")
    after = quote(f"')),id:{name},ownState:()))", safe="")
    # So that rows are grouped by the value, and only groups get a link.
    concat = "concatAssumeInjective" if link.is_hex else "concat"
    return (
        f"{concat}('<a href=\"{page}{before}', {value}, '{between}', {value}, '{after}\">',"
        f" {text}, '</a>')"
    )


def slug_of(dashboard: str) -> str:
    """The name of a dashboard in an address."""
    return dashboard.replace("_", "-")


def _chart(assets: Assets, name: str) -> dict[str, Any]:
    chart = assets.charts[name]
    params = {
        "viz_type": chart.viz,
        "adhoc_filters": [_condition(one) for one in chart.where],
        **_titled(chart.params, assets.datasets[chart.dataset]),
    }
    if "all_columns" in params:
        params["all_columns"] = [_raw(assets, chart.dataset, one) for one in params["all_columns"]]
    if time_column := assets.datasets[chart.dataset].time_column:
        # What the dashboard's dates act on.
        params["granularity_sqla"] = time_column
        params["adhoc_filters"].append({
            "clause": "WHERE",
            "expressionType": "SIMPLE",
            "subject": time_column,
            "operator": "TEMPORAL_RANGE",
            "comparator": "No filter",
        })  # fmt: skip
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
        "cache_timeout": chart.cache_seconds,
        "certified_by": Certifier,
        "certification_details": f"charts/{name}.yml",
        "is_managed_externally": True,
    }


def _raw(assets: Assets, name: str, column: str) -> str | dict[str, str]:
    """A column of a table of single rows. Superset 6.1 finds calculated ones in groups only."""
    own = columns_of(assets, name)[column]
    if not isinstance(own, Column):
        return column
    expression = expression_of(own, assets.datasets[name])
    return {"expressionType": "SQL", "label": own.title, "sqlExpression": expression}


def _titled(params: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    """Parameters with the titles of metrics in place of their names."""
    titles = {name: metric.title for name, metric in dataset.metrics.items()}

    def titled(value: Any) -> Any:
        if isinstance(value, str):
            return titles.get(value, value)
        if isinstance(value, list):
            return [titled(one) for one in value]
        if isinstance(value, dict):
            return {titled(key): titled(one) for key, one in value.items()}
        return value

    # A metric may have the name of the column that it is made of.
    return {name: value if name in _OF_COLUMNS else titled(value) for name, value in params.items()}


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
    dashboard = dashboard.model_copy(update={"rows": [_ways(assets, name), *dashboard.rows]})
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
        "slug": slug_of(name),
        "published": True,
        "certified_by": Certifier,
        "certification_details": f"dashboards/{name}.yml",
        "is_managed_externally": True,
        "css": css_of(assets, numbers),
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


def _ways(assets: Assets, here: str) -> Row:
    """The row at the top of every dashboard: what this one shows, and the way to the others."""
    others = sorted(assets.dashboards.items(), key=lambda one: one[1].order)
    ways = " · ".join(
        f"**{one.title}**" if name == here
        else f"[{one.title}](/superset/dashboard/{slug_of(name)}/)"
        for name, one in others
    )  # fmt: skip
    return Row(text=f"{ways}\n\n{assets.dashboards[here].description}", height=11)


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
        # Charts wait for it instead of showing everything first.
        configured["requiredFirst"] = True
        configured["sortMetric"] = assets.datasets[str(own.dataset)].metrics[own.first].title
    if own.default is not None:
        values = own.default if isinstance(own.default, list) else [own.default]
        configured["defaultDataMask"] = {
            "extraFormData": {"filters": [{"col": own.column, "op": "IN", "val": values}]},
            "filterState": {"value": values, "label": ", ".join(values)},
        }
    return configured


def main() -> int:
    """Write the bundle as a zip file, or with `--check` only look for mistakes."""
    if len(sys.argv) != 2:
        print("Say where to: python bundle.py oracul.zip", file=sys.stderr)
        return 2
    try:
        assets = read_assets()
        files = bundle(assets)
    except AssetError as error:
        print(error, file=sys.stderr)
        return 1
    if sys.argv[1] == "--check":
        for complaint in exposure_complaints(assets):
            print(complaint, file=sys.stderr)
            return 1
    else:
        with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
            for path, text in files.items():
                archive.writestr(f"oracul/{path}", text)
    print("\n".join(files))
    return 0


if __name__ == "__main__":
    sys.exit(main())
