"""The target `dev`: what a developer tries stays in schemas of their own, and reads the rest.

One copy of the project and one warehouse, taken through a developer's day in the tests' order.
"""

import json
from datetime import date

import pytest

from oracul.warehouse import connect, migrate
from oracul.warehouse.dbt_state import keep_built, keep_next, publish_state, state_dir
from tests.fixtures.landing import land_blocks
from tests.fixtures.project_copy import project_copy
from tests.fixtures.transfer_days import THREE_DAYS, block_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MART = "dbt_project/models/marts/tokens/token_metrics_daily.sql"
CHANGED = "oracul dbt build --target dev --select state:modified+"
READ = ("marts.token_metrics_daily", "curated.erc20_transfers", "meta.built_days final")
SHOWN = (
    "select database || '.' || name from system.tables"
    " where startsWith(database, 'dev_') order by 1"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    with project_copy(tmp_path_factory.mktemp("dev") / "project") as copy:
        yield copy


@pytest.fixture(scope="module")
def client(project):
    client = connect(project.settings)
    migrate(client)
    land_blocks(client, "ethereum", [block_of(day, 10) for day in THREE_DAYS])
    yield client
    client.close()


@pytest.fixture(scope="module")
def refused(project, client):
    """What is said before anything was published."""
    return project.run(CHANGED)


@pytest.fixture(scope="module")
def published(project, client, refused):
    project.expect("oracul transform")
    return hashes(client)


@pytest.fixture(scope="module")
def built(project, client, published):
    """A mart that was edited, and built."""
    edited = project.root / MART
    edited.write_text(edited.read_text() + "where sums.transfer_count >= 0\n")
    return project.expect(CHANGED)


def hashes(client):
    """What the tables hold that people read, and the ledger of their days, to the last column."""
    sql = "select count(), sum(cityHash64(toString(tuple(*)))) from {}"
    return {name: client.query(sql.format(name)).result_rows[0] for name in READ}


def tables(client):
    return [row[0] for row in client.query(SHOWN).result_rows]


def test_nothing_published_yet_is_said_with_what_to_do(refused):
    assert refused.returncode == 2
    assert "oracul transform" in refused.stdout


def test_nothing_is_built_where_nothing_was_edited(project, published):
    assert "Nothing to do" in project.expect(CHANGED)


def test_edited_mart_is_built_alone_in_a_schema_with_the_name(built, client):
    assert tables(client) == ["dev_ann_marts.token_metrics_daily", "dev_ann_meta.built_days"]


def test_edited_mart_has_the_rows_of_what_it_reads_from_the_published_tables(built, client):
    rows = [
        client.query(f"select block_date, volume_raw_exact from {place} order by 1").result_rows
        for place in ("marts.token_metrics_daily", "dev_ann_marts.token_metrics_daily")
    ]
    assert rows[0] == rows[1]
    assert len(rows[0]) == len(THREE_DAYS)


def test_published_tables_and_their_ledger_are_as_they_were(built, client, published):
    assert hashes(client) == published
    assert published["marts.token_metrics_daily"][0] == len(THREE_DAYS)


def test_second_build_builds_no_day_again(built, project):
    assert "0 of 3 days built" in project.expect(CHANGED)


def test_new_day_of_the_published_tables_is_one_day_for_the_developer(built, project, client):
    land_blocks(client, "ethereum", [block_of(date(2024, 3, 4), 40)])
    project.expect("oracul dbt run --select +erc20_transfers")
    assert "1 of 4 days built" in project.expect(CHANGED)


def test_only_the_newest_days_are_built_where_history_is_long(built, project):
    said = project.expect(f"{CHANGED} --full-refresh --vars 'dev_days: 2'")
    assert "2 of 2 days built, of the newest 2" in said


def test_plain_dbt_does_the_same_when_it_is_told_so(built, project):
    said = project.expect(
        'eval "$(oracul warehouse env)"; cd dbt_project; dbt build --target dev --profiles-dir .'
        ' --defer --favor-state --state "$ORACUL_HOME/dbt/state" --select state:modified+'
    )
    assert "dev_ann_marts" in said


def test_drop_dev_drops_the_schemas_of_this_name_and_no_other(built, project, client):
    client.command("create database dev_ann_b_marts")
    before = hashes(client)
    said = project.expect("oracul dbt drop-dev")
    left = client.query("select name from system.databases where name like 'dev_%'").result_rows
    client.command("drop database dev_ann_b_marts")
    assert left == [("dev_ann_b_marts",)]
    assert "Dropped dev_ann_marts" in said
    assert hashes(client) == before


def test_drop_dev_of_another_target_is_refused(project, published):
    done = project.run("oracul dbt run-operation drop_dev")
    assert done.returncode == 1
    assert "--target dev" in done.stdout


def test_name_is_made_fit_for_a_schema(project, published):
    said = project.expect(
        "oracul dbt ls --target dev --select token_metrics_daily"
        " --output json --output-keys schema",
        ORACUL_DBT_DEV_NAME="Ann-Marie O'Neil",
    )
    assert '"schema": "dev_ann_marie_o_neil_marts"' in said


def test_name_without_a_letter_is_refused_with_what_to_do(project, published):
    done = project.run("oracul dbt ls --target dev", ORACUL_DBT_DEV_NAME="Ω")
    assert done.returncode == 2
    assert "export ORACUL_DBT_DEV_NAME=" in done.stdout


def test_model_built_by_hand_into_the_published_tables_is_no_change_any_more(built, project):
    project.expect("oracul dbt build --select token_metrics_daily")
    assert "Nothing to do" in project.expect(CHANGED)


def manifest_of(*names, schema="marts", macro="old"):
    nodes = {
        name: {
            "resource_type": "model",
            "schema": schema,
            "relation_name": f"`{schema}`.`{name}`",
            "code": macro,
        }
        for name in names
    }
    return {"nodes": nodes, "unit_tests": {}, "macros": {"m": macro}}


@pytest.fixture
def write(tmp_path):
    def written(**words):
        path = tmp_path / "written.json"
        path.write_text(json.dumps(manifest_of("a", "b", **words)))
        return path

    return written


def kept(home):
    return json.loads((state_dir(home) / "manifest.json").read_text())


def test_what_is_built_beside_is_kept_under_the_published_name_once_published(tmp_path, write):
    keep_next(tmp_path, write(schema="marts_next"), beside="marts_next", published="marts")
    assert not (state_dir(tmp_path) / "manifest.json").exists()
    publish_state(tmp_path)
    assert kept(tmp_path)["nodes"]["a"]["relation_name"] == "`marts`.`a`"


def test_part_of_a_build_leaves_the_other_nodes_and_the_macros(tmp_path, write):
    keep_built(tmp_path, write(), {"a", "b"})
    keep_built(tmp_path, write(macro="new"), {"a"})
    after = kept(tmp_path)
    assert [after["nodes"][name]["code"] for name in ("a", "b")] == ["new", "old"]
    assert after["macros"] == {"m": "old"}


def test_part_of_a_build_alone_is_not_kept(tmp_path, write):
    keep_built(tmp_path, write(), {"a"})
    assert not state_dir(tmp_path).exists()
