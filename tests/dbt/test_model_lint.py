"""Mistakes of a first model, and whether what is said about them would help."""

import pytest

from tests.fixtures.project_copy import project_copy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FOLDER = "dbt_project/models/marts/tokens"
FIRST_TRY = """\
with logs as (SELECT * from {{ source('raw', 'logs') }})
select address as token_address from logs
union all
select token_address from marts.token_metrics_daily
"""
ITS_YML = """\
version: 2
models:
  - name: token_logs
    columns:
      - name: token_address
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    with project_copy(tmp_path_factory.mktemp("lint") / "project") as project:
        project.write(f"{FOLDER}/token_logs.sql", FIRST_TRY)
        project.write(f"{FOLDER}/token_logs.yml", ITS_YML)
        done = project.run("oracul dbt lint token_logs")
    assert done.returncode == 1
    return done.stdout


@pytest.mark.parametrize(
    ("mistake", "advice"),
    [
        ("does not match the supplied regex", "Name it <entity>_<measure>_<grain>"),
        ("references a source", "ref('stg_<source>__<entities>')"),
        ("hard-coded table references", "Without ref()"),
        ("does not have a populated description", "One row is one token and UTC day"),
        ("columns that do not have a populated description", "what NULL means"),
        ("without a declared `data_type`", "data_type: Nullable(Float64)"),
        ("0 test(s) matching ['unique_key']", "data_tests: [{unique_key:"),
        ("first line does not say what a row is", "-- grain: one token"),
    ],
)
def test_mistake_is_followed_by_what_to_do(said, mistake, advice):
    told = said.partition(mistake)[2].partition("→ ")[2].partition("\n")[0]
    assert advice in told


def test_layout_is_told_with_its_line_and_the_command_that_mends_it(said):
    assert "Keywords must be lower case" in said
    assert "oracul dbt lint --fix" in said
