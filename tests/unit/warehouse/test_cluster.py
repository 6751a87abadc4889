"""What a statement becomes for a cluster."""

import pytest

from oracul.errors import ConfigError, WarehouseError
from oracul.settings import load_settings
from oracul.warehouse.cluster import on_cluster
from oracul.warehouse.migrate import read_migrations

STATEMENTS = [s for migration in read_migrations() for s in migration.statements]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("create database if not exists raw comment 'x'",
         "create database if not exists raw on cluster c comment 'x'"),
        ("create table a.t (x Int8) engine = ReplacingMergeTree(x) order by x",
         "create table a.t on cluster c (x Int8)"
         " engine = ReplicatedReplacingMergeTree(x) order by x"),
        ("create table a.t as b.t", "create table a.t on cluster c as b.t"),
        ("drop table if exists a.t sync", "drop table if exists a.t on cluster c sync"),
        ("alter table a.t add column y UInt8", "alter table a.t on cluster c add column y UInt8"),
        ("exchange tables a.t and a.u", "exchange tables a.t and a.u on cluster c"),
        ("rename table a.t to a.u, a.v to a.t", "rename table a.t to a.u, a.v to a.t on cluster c"),
        ("-- why\ncreate table t\n(x UInt8) engine = MergeTree order by x",
         "-- why\ncreate table t on cluster c\n(x UInt8) engine = ReplicatedMergeTree order by x"),
    ],
)  # fmt: skip
def test_statement_about_tables_goes_to_all_replicas(said, wanted):
    assert on_cluster(said, "c") == wanted


@pytest.mark.parametrize(
    "said",
    [
        "alter table marts.t replace partition '2024-01-01' from marts_next.t",
        "alter table marts.t drop partition '2024-01-01', replace partition 'x' from b.t",
        "alter table marts.t__new attach partition '2024-01-01' from marts_next.t",
        "insert into meta.t select 'create table x'",
        "select 1",
        "system sync replica on cluster c marts.t",
    ],
)
def test_rows_and_partitions_are_said_to_one_replica(said):
    assert on_cluster(said, "c") == said


@pytest.mark.parametrize("said", STATEMENTS)
def test_without_a_cluster_nothing_changes(said):
    assert on_cluster(said, None) is said


def test_engine_named_in_a_comment_stays():
    said = "create table t (x UInt8 comment 'engine = MergeTree') engine = MergeTree order by x"
    assert "comment 'engine = MergeTree'" in on_cluster(said, "c")


def test_every_migration_makes_replicated_tables_everywhere():
    for statement in STATEMENTS:
        said = on_cluster(statement, "c")
        assert statement.lstrip().startswith("insert") or " on cluster c" in said
        assert said.count("engine = Replicated") == statement.count("engine = ")


def test_clone_is_refused_because_each_replica_would_attach_the_same_rows():
    with pytest.raises(WarehouseError, match="not on a cluster"):
        on_cluster("create table a.t clone as b.t", "c")


def test_unknown_statement_is_refused():
    with pytest.raises(WarehouseError, match="Not known how"):
        on_cluster("truncate table a.t", "c")


@pytest.mark.parametrize("name", ["a b", "x'; drop", "1st"])
def test_name_that_is_none_is_refused(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORACUL_CLICKHOUSE__HOST", "server")
    monkeypatch.setenv("ORACUL_CLICKHOUSE__CLUSTER", name)
    with pytest.raises(ConfigError, match="CLUSTER"):
        load_settings()


def test_cluster_without_a_host_is_refused(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORACUL_CLICKHOUSE__CLUSTER", "oracul")
    with pytest.raises(ConfigError, match="needs a host"):
        load_settings()
