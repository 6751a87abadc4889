"""What `deployments/clickhouse` ships: it parses, it loads, and its roles suffice and no more."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest

from flows.main_job import call, run_steps, step_named
from flows.steps import Run
from oracul.errors import OraculError, WarehouseError
from oracul.times import utc_now
from oracul.warehouse import connect, migrate
from oracul.warehouse.backups import restore, take
from oracul.warehouse.backups.drafts import DATABASES, DRAFTS
from oracul.warehouse.embedded.config import DURABLE_TABLES, PROFILE, READER_SYSTEM_TABLES
from oracul.warehouse.publish import MARTS_NEXT
from tests.fixtures.hardened import HARDENED, ROOT, grants_of, statements, warehouse_of_role
from tests.fixtures.landing import land_blocks
from tests.fixtures.toy_chain import address, digest, toy_block, transaction, transfer_log

USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
JOB = ["validate_raw", "transform", "validate_marts", "publish", "detect"]
XML_FILES = sorted(HARDENED.rglob("*.xml"))
# Ports, paths and lists are no settings of this table.
NO_SETTING = {"timezone", "listen_host", "openSSL", "https_port", "tcp_port_secure", "http_port",
              "tcp_port", "mysql_port", "postgresql_port", "interserver_http_port", "merge_tree",
              "backups", "remote_url_allow_hosts", "user_files_path", "access_control_improvements",
              "logger", "query_log", "backup_log", "display_secrets_in_show_and_select",
              "allow_plaintext_password", "allow_no_password", "allow_implicit_no_password",
              "max_temporary_data_on_disk_size"}  # fmt: skip


@pytest.mark.parametrize(
    ("file", "statement"), statements(), ids=[f"{n}-{f}" for n, (f, _) in enumerate(statements())]
)
def test_statement_parses(warehouse_client, file, statement):
    given = dict.fromkeys(re.findall(r"\{(\w+):String\}", statement), "a secret")
    answer = warehouse_client.query(f"explain ast {statement}", parameters=given).result_rows
    assert re.search(r"Query", answer[0][0])


def test_statement_that_is_none_does_not_parse(warehouse_client):
    """Negative control."""
    with pytest.raises(Exception, match="SYNTAX_ERROR"):
        warehouse_client.query("explain ast grant select marts.* on oracul_reader")


def test_no_password_is_written_anywhere():
    for _, statement in statements():
        assert not re.search(r"\bby '", statement)
    for path in XML_FILES:
        for element in ET.parse(path).iter():
            if "password" in element.tag and not element.tag.startswith("allow_"):
                assert "remove" in element.attrib or "from_env" in element.attrib


def test_settings_of_profiles_are_known_to_the_engine(warehouse_client):
    for _, statement in statements():
        found = re.match(r"create settings profile .*? settings\s+(.*)", statement, re.S)
        if found:
            warehouse_client.query(f"select 1 settings {without_readonly(found[1])}")


def without_readonly(settings):
    return re.sub(r"readonly = 1,\s+", "", settings)


def test_writer_profile_has_the_defaults_of_the_embedded_warehouse():
    text = next(s for _, s in statements() if "profile if not exists oracul_writer" in s)
    for name in ("join_use_nulls", "async_insert", "input_format_null_as_default",
                 "insert_deduplicate", "do_not_merge_across_partitions_select_final"):  # fmt: skip
        assert re.search(rf"\b{name} = {PROFILE[name]}\b", text)


@pytest.mark.parametrize("path", XML_FILES, ids=lambda path: path.name)
def test_file_is_a_part_of_a_configuration(path):
    assert ET.parse(path).getroot().tag == "clickhouse"


def test_server_settings_exist_and_tables_are_durable(tmp_path):
    """The engine itself merges the shipped file into its configuration."""
    shipped = (HARDENED / "config.d" / "oracul.xml").read_text()
    # The engine of this process has one user, without a password: see the test after this one.
    lenient = re.sub(r"<(allow_\w*password)>0</\1>", "", shipped)
    done = loaded_by_the_engine(tmp_path, lenient)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    root = ET.fromstring(shipped)
    wanted = {e.tag: e.text for e in root.find("merge_tree")}
    assert {name: found["merge_tree"].get(name) for name in wanted} == wanted
    assert {name: int(wanted[name]) for name in DURABLE_TABLES} == DURABLE_TABLES
    named = {element.tag for element in root}
    assert named - NO_SETTING <= set(found["server"])


def test_shipped_settings_refuse_a_user_without_a_password(tmp_path):
    shipped = (HARDENED / "config.d" / "oracul.xml").read_text()
    assert "is not allowed" in loaded_by_the_engine(tmp_path, shipped).stderr


def loaded_by_the_engine(folder, config):
    """A process that loads the file from `config.d` and prints the settings it ends up with."""
    (folder / "config.d").mkdir()
    (folder / "config.d" / "oracul.xml").write_text(config)
    (folder / "config.xml").write_text("<clickhouse></clickhouse>")
    script = (
        "import chdb, json, sys\n"
        "at = sys.argv[1]\n"
        "c = chdb.connect(f'{at}/data?config-file={at}/config.xml')\n"
        "ask = lambda t: dict(json.loads(line) for line in str(c.query("
        "f'select name, value from system.{t}', 'JSONCompactEachRow')).splitlines() if line)\n"
        "print(json.dumps({'merge_tree': ask('merge_tree_settings'),"
        " 'server': ask('server_settings')}))"
    )
    return subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False
    )


def databases_of_the_code():
    made = [
        name
        for path in (ROOT / "oracul" / "warehouse" / "migrations").glob("*.sql")
        for name in re.findall(r"create database if not exists (\w+)", path.read_text())
    ]
    assert MARTS_NEXT in made
    return {*made, *DATABASES}


def engines_of_the_code():
    texts = [
        path.read_text()
        for folder in ("oracul", "extractors", "flows", "expectations", "dbt_project")
        for kind in ("*.py", "*.sql", "*.yml")
        for path in (ROOT / folder).rglob(kind)
        if "target" not in path.parts
    ]
    named = {n for text in texts for n in re.findall(r"(?i:\bengine ?= ?)([A-Z]\w+)", text)}
    # dbt's tables when a model names no engine, and temporary tables of its unit tests.
    return named | {"MergeTree", "Memory"}


def test_writer_may_use_every_database_and_engine_of_the_code():
    text = "\n".join(grants_of("oracul_writer"))
    for database in databases_of_the_code():
        assert re.search(rf"insert.*create table.* on {database}\.\*", text), database
    for engine in engines_of_the_code():
        assert f"table engine on {engine}" in text, engine


def test_backup_role_may_use_its_drafts():
    text = "\n".join(grants_of("oracul_backup"))
    for database in DRAFTS:
        assert re.search(rf"insert.*backup on {database}\.\*", text), database


def test_reader_sees_what_the_embedded_reader_sees():
    on = {grant.partition(" on ")[2] for grant in grants_of("oracul_reader")}
    assert on == {"curated.*", "marts.*", "information_schema.*"} | {
        f"system.{table}" for table in READER_SYSTEM_TABLES
    }
    assert all(grant.startswith("grant select on ") for grant in grants_of("oracul_reader"))


def run_job(settings, client, day):
    """The main job over one more block: how each step ended."""
    second = int(datetime(2024, 3, day, 12, tzinfo=UTC).timestamp())
    log = transfer_log(USDC, address("alice"), address("bob"), day)
    # Days apart, so that no block claims to follow another one.
    block = toy_block(
        day * 10_000, digest("parent", day), [transaction(f"{day}", [log])],
        edit_header=lambda header: header.update(timestamp=hex(second)),
    )  # fmt: skip
    land_blocks(client, "ethereum", [block])
    steps = [step_named(name) for name in JOB]
    return {o.step: (o.status, o.summary) for o in run_steps(Run(settings), call, steps)}


def refused_long_ago(client):
    """A row that maintenance is to delete, and a table in many parts."""
    for day in range(32):
        at = datetime(2020, 1, 1, tzinfo=UTC) if day == 0 else utc_now()
        client.insert("meta.rejected_rows", [["a", "raw.blocks", str(day), "why", "", at]])


@pytest.mark.slow
def test_main_job_backup_and_restore_run_with_the_shipped_rights(tmp_path):
    home = tmp_path / "home"
    with warehouse_of_role(home, "oracul_writer") as settings:
        client = connect(settings)
        migrate(client)
        for day in (1, 2):
            ended = run_job(settings, client, day)
            assert {status for status, _ in ended.values()} <= {"done", "degraded"}, ended
        refused_long_ago(client)
        maintained = step_named("maintain")(Run(settings))
        assert (maintained.status, "1 row of meta.rejected_rows" in maintained.summary) == (
            "done", True,
        )  # fmt: skip
        for statement in (
            "select * from file('x.csv')", "select * from url('http://127.0.0.1/', CSV)",
            "create database other", "create table default.x (a Int8) engine = Memory",
            "create user x", "grant select on raw.* to oracul_reader", "select * from system.users",
        ):  # fmt: skip
            with pytest.raises(Exception, match="ACCESS_DENIED"):
                client.command(statement)
        with pytest.raises(WarehouseError, match=r"Not enough privileges.*oracul_backup"):
            take(settings, client, "refused")
    with warehouse_of_role(home, "oracul_backup") as settings:
        client = connect(settings)
        volumes = "select block_date, volume_raw_exact from marts.token_metrics_daily order by 1"
        before = client.query(volumes).result_rows
        take(settings, client, "allowed")
        restore(settings, client, "allowed", replace=True)
        assert client.query(volumes).result_rows == before
        assert len(before) == 2


@pytest.mark.slow
def test_missing_right_fails_the_migrations(tmp_path):
    """Negative control: a role without one database."""
    home = tmp_path / "home"
    with (
        warehouse_of_role(home, "oracul_writer", without="marts_next") as settings,
        pytest.raises(OraculError, match="Not enough privileges"),
    ):
        migrate(connect(settings))
