"""ClickHouse's own parser understands what Oracul says to a cluster."""

import re

import pytest

from oracul.chains import PROJECT_ROOT
from oracul.warehouse import warehouse_errors
from oracul.warehouse.cluster import on_cluster
from oracul.warehouse.migrate import read_migrations, split_statements

SCALING = PROJECT_ROOT / "docs" / "explanation" / "scaling.md"
GRANTS = PROJECT_ROOT / "deployments" / "k8s" / "production" / "cluster-grants.sql"


def migrations():
    return [on_cluster(s, "oracul") for m in read_migrations() for s in m.statements]


def shown_on_the_page():
    (text,) = re.findall(r"```sql\n(.*?)```", SCALING.read_text(), re.S)
    return split_statements(text)


@pytest.mark.parametrize(
    "statement",
    [
        *migrations(),
        *shown_on_the_page(),
        *split_statements(GRANTS.read_text()),
        "system sync replica on cluster oracul marts.token_metrics_daily__new",
        on_cluster("exchange tables marts.a__new and marts.a", "oracul"),
        on_cluster("create table marts.a__new as marts_next.a", "oracul"),
    ],
)
def test_statement_parses(warehouse_client, statement):
    with warehouse_errors("it does not parse"):
        said = warehouse_client.query(
            "select formatQuerySingleLine({q:String})", parameters={"q": statement}
        ).result_rows[0][0]
    assert ("ON CLUSTER oracul" in said) == ("on cluster oracul" in statement)


def test_parser_refuses_a_cluster_in_the_wrong_place(warehouse_client):
    from oracul.errors import WarehouseError

    with pytest.raises(WarehouseError), warehouse_errors("it does not parse"):
        warehouse_client.query(
            "select formatQuerySingleLine('create table t (x Int8) on cluster c engine = Memory')"
        )
