"""Dashboards as code: what the files may say, what they become, and what is refused."""

import shutil

import pytest
import yaml
from assets import ASSETS, AssetError, columns_of, read_assets, rows_of
from bundle import bundle, id_of
from style import css_of

from oracul.chains import DBT_PROJECT_DIR


@pytest.fixture(scope="module")
def assets():
    return read_assets()


@pytest.fixture(scope="module")
def files(assets):
    return {path: yaml.safe_load(text) for path, text in bundle(assets).items()}


@pytest.fixture
def folder(tmp_path):
    """A copy of the assets to spoil."""
    return shutil.copytree(ASSETS, tmp_path / "assets")


def change(path, **fields):
    held = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(held | fields))


def test_same_files_become_the_same_bundle(assets):
    assert bundle(assets) == bundle(read_assets())


def test_every_id_is_given_once(files):
    ids = [one["uuid"] for path, one in files.items() if path != "metadata.yaml"]
    assert len(ids) == len(set(ids)) == len(files) - 1


def test_bundle_holds_no_password_and_no_address_of_a_server(files):
    uri = files["databases/warehouse.yaml"]["sqlalchemy_uri"]
    assert uri == "clickhousedb://reader@warehouse.invalid:8123/marts"


def test_every_metric_says_what_it_is_and_who_stands_for_it(files):
    for path, dataset in files.items():
        for metric in dataset.get("metrics", []) if path.startswith("datasets/") else []:
            assert len(metric["description"]) > 10, (path, metric["metric_name"])
            assert metric["extra"]["certification"]["certified_by"] == "Oracul"
            assert metric["d3format"]


def test_each_chart_says_in_its_own_words_that_there_is_nothing():
    assets = read_assets()
    assets.charts["token_price"].empty = 'No "price"\n of 1\\2'
    rule = css_of(assets, ["token_price"]).splitlines()[-1]
    assert rule == (
        '[data-test-chart-name="Price"] .ant-empty-description::after'
        ' { content: "No \\"price\\" of 1\\\\2"; }'
    )


def test_titles_of_metrics_are_distinct_and_no_columns(files):
    for path, dataset in files.items():
        if path.startswith("datasets/"):
            titles = [metric["metric_name"] for metric in dataset["metrics"]]
            columns = {column["column_name"] for column in dataset["columns"]}
            assert len(titles) == len(set(titles)), path
            assert not columns & set(titles), path


def test_columns_carry_the_words_of_the_dbt_models(assets, files):
    words = {}
    for path in sorted((DBT_PROJECT_DIR / "models").rglob("*.yml")):
        for model in (yaml.safe_load(path.read_text()) or {}).get("models", []):
            for column in model.get("columns", []):
                words[model["name"], column["name"]] = " ".join(column["description"].split())
    for name, dataset in assets.datasets.items():
        shown = {
            column["column_name"]: column["description"]
            for column in files[f"datasets/warehouse/{name}.yaml"]["columns"]
            if "expression" not in column
        }
        assert shown
        for column, description in shown.items():
            assert description == words[dataset.table, column], (name, column)


def test_every_panel_explains_itself(assets):
    for name, chart in assets.charts.items():
        assert chart.title, name
        assert chart.description.endswith("."), name


def test_every_dashboard_leads_to_every_other(assets, files):
    for name in assets.dashboards:
        position = files[f"dashboards/{name}.yaml"]["position"]
        texts = [box["meta"]["code"] for box in position.values()
                 if isinstance(box, dict) and box["type"] == "MARKDOWN"]  # fmt: skip
        for other in set(assets.dashboards) - {name}:
            assert f"/superset/dashboard/{other.replace('_', '-')}/" in texts[0]


def test_filter_leaves_out_the_charts_that_lack_its_column(assets, files):
    for name, dashboard in assets.dashboards.items():
        held = files[f"dashboards/{name}.yaml"]
        ids = {box["meta"]["chartId"]: box["meta"]["uuid"] for box in held["position"].values()
               if isinstance(box, dict) and box["type"] == "CHART"}  # fmt: skip
        charts = {
            id_of("charts", chart): chart for row in rows_of(dashboard) for chart in row.charts
        }
        for filter_name, native in zip(
            dashboard.filters, held["metadata"]["native_filter_configuration"], strict=True
        ):
            column = assets.filters[filter_name].column
            without = {charts[ids[number]] for number in native["scope"]["excluded"]}
            assert without == {
                chart
                for chart in charts.values()
                if column and column not in columns_of(assets, assets.charts[chart].dataset)
            }


def test_every_filter_acts_on_something(assets, files):
    for name, dashboard in assets.dashboards.items():
        held = files[f"dashboards/{name}.yaml"]
        charts = sum(isinstance(box, dict) and box["type"] == "CHART"
                     for box in held["position"].values())  # fmt: skip
        for native in held["metadata"]["native_filter_configuration"]:
            assert len(native["scope"]["excluded"]) < charts, (dashboard.title, native["name"])


def test_link_is_harmless_whatever_the_symbol_is(files):
    columns = files["datasets/warehouse/token_metrics_daily.yaml"]["columns"]
    link = next(column for column in columns if column["column_name"] == "token_link")
    assert "encodeURLComponent(" in link["expression"]
    assert "encodeXMLComponent(coalesce(token_metrics_daily.symbol" in link["expression"]


TILE = "charts/overview/anomalies_7d.yml"
LIKE = "charts/overview/addresses_unusual.yml"
DATASET = "datasets/anomalies.yml"
BOARD = "dashboards/overview.yml"


def where(**fields):
    return {"where": [{"column": "method", "op": "==", "value": 1} | fields]}


@pytest.mark.parametrize(
    ("file", "fields", "complaint"),
    [
        (TILE, {"titel": "x"}, "no field 'titel'; did you mean 'title'"),
        (TILE, {"viz": "tabel"}, "viz: there is no 'tabel'; did you mean 'table'"),
        (BOARD, {"rows": [{"charts": {"freshness": 12}, "heigth": 9}]}, "did you mean 'height'"),
        (TILE, {"dataset": "anomalys"}, "did you mean 'anomalies'"),
        (TILE, {"params": {"metric": "anomaly"}}, "there is no 'anomaly'"),
        (TILE, where(column="methode"), "did you mean 'method'"),
        (TILE, where(op="="), "where.0.op: Input should be"),
        (LIKE, {"like": "tokens_unusal"}, "did you mean 'tokens_unusual'"),
        (DATASET, {"table": "anomalie"}, "dbt knows no marts.anomalie"),
        (DATASET, {"database": "curated", "table": "blocks"}, "no type of .*say `make format`"),
        (DATASET, {"titles": {"blockdate": "Day"}}, "did you mean 'block_date'"),
        (BOARD, {"filters": ["chains"]}, "did you mean 'chain'"),
        (BOARD, {"rows": [{"charts": {"freshness": 7}}]}, "do not add up to 12"),
    ],
)
def test_mistake_is_named_with_its_file_and_field(folder, file, fields, complaint):
    change(folder / file, **fields)
    with pytest.raises(AssetError, match=complaint) as told:
        read_assets(folder)
    assert str(told.value).startswith(f"{file}: ")


def test_missing_field_is_named(folder):
    path = folder / TILE
    held = yaml.safe_load(path.read_text())
    del held["description"]
    path.write_text(yaml.safe_dump(held))
    with pytest.raises(AssetError, match="the field 'description' is missing"):
        read_assets(folder)


def test_chart_on_no_dashboard_is_told(folder):
    shutil.copy(folder / "charts/overview/freshness.yml", folder / "charts/overview/lonely.yml")
    with pytest.raises(AssetError, match=r"lonely.yml: no dashboard shows it"):
        read_assets(folder)


def test_broken_yaml_is_told_with_its_line(folder):
    (folder / "dashboards/network.yml").write_text("title: [Network\nrows: 3\n")
    with pytest.raises(AssetError, match=r"network.yml: .*line 2"):
        read_assets(folder)


def test_chart_like_another_has_what_it_does_not_say_itself(assets):
    weekly, daily = (assets.charts[f"network_gas_{grain}"] for grain in ("weekly", "daily"))
    assert weekly.title == daily.title
    assert weekly.params["x_axis"] == "week_start"
    assert weekly.params | {"x_axis": "block_date"} == daily.params
