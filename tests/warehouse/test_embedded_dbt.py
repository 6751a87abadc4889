"""dbt-clickhouse on the embedded warehouse: materialisations, unit tests, four threads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from oracul.warehouse import Client
from oracul.warehouse.embedded import Endpoint, environment

pytestmark = pytest.mark.slow

FILES = {
    "dbt_project.yml": """
name: mini
version: '1.0'
profile: mini
flags: {send_anonymous_usage_stats: false}
""",
    "profiles.yml": """
mini:
  target: dev
  outputs:
    dev:
      type: clickhouse
      driver: http
      host: "{{ env_var('ORACUL_CLICKHOUSE__HOST') }}"
      port: "{{ env_var('ORACUL_CLICKHOUSE__PORT') | int }}"
      user: "{{ env_var('ORACUL_CLICKHOUSE__USER') }}"
      password: "{{ env_var('ORACUL_CLICKHOUSE__PASSWORD') }}"
      schema: dbt_mini
      threads: 4
""",
    "seeds/s.csv": "id,name,day\n1,a,2024-01-01\n2,b,2024-01-02\n3,c,2024-01-02\n",
    "models/v.sql": """{{ config(materialized='view') }}
select id, upper(name) as name, toDate(day) as day, toDateTime(day) as at from {{ ref('s') }}""",
    "models/t.sql": """{{ config(materialized='table', order_by='id') }}
select * from {{ ref('v') }}""",
    "models/added.sql": """{{ config(
    materialized='incremental', incremental_strategy='append', order_by='id') }}
select * from {{ ref('v') }}
{% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}""",
    "models/replaced.sql": """{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='id',
    order_by='id') }}
select * from {{ ref('v') }}""",
    "models/overwritten.sql": """{{ config(
    materialized='incremental', incremental_strategy='insert_overwrite', partition_by='day',
    order_by='id') }}
select * from {{ ref('v') }}""",
    "models/by_batch.sql": """{{ config(
    materialized='incremental', incremental_strategy='microbatch', event_time='at',
    begin='2024-01-01', batch_size='day', unique_key='id', order_by='id') }}
select * from {{ ref('t') }}""",
    "models/schema.yml": """
models:
  - name: t
    description: "a table's description"
    config:
      event_time: at
      contract: {enforced: true}
    columns:
      - {name: id, data_type: Int32, data_tests: [unique, not_null]}
      - {name: name, data_type: String}
      - {name: day, data_type: Date}
      - {name: at, data_type: DateTime}
unit_tests:
  - name: names_are_raised
    model: v
    given:
      - input: ref('s')
        rows: [{id: 1, name: x, day: '2024-01-01'}]
    expect:
      rows: [{id: 1, name: X, day: '2024-01-01', at: '2024-01-01 00:00:00'}]
""",
} | {f"models/wide_{n}.sql": "select * from {{ ref('t') }}" for n in range(8)}
TABLES = ("t", "added", "replaced", "overwritten", "by_batch", "wide_7")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("dbt")
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return root


def dbt(project: Path, endpoint: Endpoint, *arguments: str) -> None:
    span = ["--event-time-start", "2024-01-01", "--event-time-end", "2024-01-04"]
    done = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", *arguments, *span],
        cwd=project,
        env={**os.environ, **environment(endpoint), "DBT_PROFILES_DIR": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


@pytest.mark.parametrize("run", ["first", "again", "full-refresh"])
def test_every_materialisation_builds(
    project: Path, warehouse_endpoint: Endpoint, warehouse_client: Client, run: str
) -> None:
    dbt(
        project, warehouse_endpoint, "build", *(["--full-refresh"] if run == "full-refresh" else [])
    )

    counts = {
        table: warehouse_client.command(f"SELECT count() FROM dbt_mini.{table}") for table in TABLES
    }

    assert counts == dict.fromkeys(TABLES, 3)
