"""What the user `reader` may see, and everything that was thought of to get past the gate."""

import base64
import http.client
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest

from oracul.warehouse import Client
from oracul.warehouse.embedded import Endpoint

Ask = Callable[..., tuple[int, str]]

SECRET = "the-secret-of-raw"


@pytest.fixture(scope="module")
def tables(warehouse_client: Client) -> str:
    """One table that readers may see and one that they may not; returns the open one's name."""
    for database in ("raw", "meta", "curated", "marts"):
        warehouse_client.command(f"CREATE DATABASE IF NOT EXISTS {database}")
    for name, value in (("marts.reader_open", "open"), ("raw.reader_closed", SECRET)):
        warehouse_client.command(
            f"CREATE OR REPLACE TABLE {name} (a UInt64, b String) ENGINE = MergeTree ORDER BY a"
        )
        warehouse_client.command(f"INSERT INTO {name} SELECT number, '{value}' FROM numbers(10)")
    warehouse_client.command(
        "CREATE OR REPLACE DICTIONARY raw.reader_dictionary (a UInt64, b String) PRIMARY KEY a "
        "SOURCE(CLICKHOUSE(TABLE 'reader_closed' DB 'raw')) LAYOUT(FLAT()) LIFETIME(0)"
    )
    return "marts.reader_open"


@pytest.fixture(scope="module")
def ask(warehouse_endpoint: Endpoint, tables: str) -> Ask:
    """Sends a statement as `reader`; returns status and body."""
    secret = warehouse_endpoint.reader_password.get_secret_value()
    token = base64.b64encode(f"reader:{secret}".encode()).decode()

    def send(text: str, method: str = "POST", **params: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(
            warehouse_endpoint.host, warehouse_endpoint.port, timeout=60
        )
        connection.request(
            method, "/?" + urlencode(params), text.encode(), {"Authorization": f"Basic {token}"}
        )
        reply = connection.getresponse()
        body = reply.read().decode(errors="replace")
        connection.close()
        return reply.status, body

    return send


@pytest.mark.parametrize(
    "query",
    [
        "select a, count() from marts.reader_open group by a order by 2 desc limit 5",
        "with x as (select * from marts.reader_open) select count() from x",
        "select toStartOfHour(now()), sum(a) over (order by a) from marts.reader_open limit 3",
        "select * from marts.reader_open where b like '%file(%' or b = 'system.users'",
        "select l.a from marts.reader_open l join marts.reader_open r using a",
        "select number from numbers(3)",
        "select * from values('a Int8', 1, 2)",
        "select * from generate_series(1, 3)",
        "select sumIf(a, a > 3), quantile(0.5)(a), uniqExactIf(a, b = 'x'), count(distinct b)"
        " from marts.reader_open",
        "select cast(a as Int8), a::String, a between 1 and 2, -a, b || 'x', a is null,"
        " case when a > 1 then 'x' else 'y' end, interval 1 day, extract(year from now()),"
        " date_add(day, 1, today()), trim(both 'a' from b), arrayMap(x -> x + 1, [1]), {p:UInt8}"
        " from marts.reader_open limit 1",
        'SELECT "a" AS "x" FROM "marts"."reader_open" LIMIT 1000',
        "select * except b from marts.reader_open union all select 1",
        "select a from marts.reader_open where a in (select a from marts.reader_open) limit 1 by a",
        "show tables from marts",
        "show databases",
        "show create table marts.reader_open",
        "describe table marts.reader_open",
        "exists table marts.reader_open",
        "select name from system.tables where database = 'marts'",
        "select * from system.columns where table = 'reader_open'",
        "select table_name from information_schema.tables",
        "select name, value from system.settings",
        "select version(), timezone(), currentUser(), currentDatabase()",
        "select displayName(), version(), revision(), timezone()",
        "select 1;",
    ],
)  # fmt: skip
def test_what_tools_ask_is_answered(ask: Ask, query: str) -> None:
    status, body = ask(query, param_p="1")

    assert status == 200, body


FILE_ATTACKS = [
    "select file('/etc/passwd')",
    "select/**/file/**/('/etc/passwd')",
    "select FiLe('/etc/passwd')",
    "select `file`('/etc/passwd')",
    "select \"file\"('/etc/passwd')",
    "with (select file('/etc/passwd')) as f select f",
    "select arrayMap(x -> file(x), ['/etc/passwd'])",
    "select 1 where file('/etc/passwd') != ''",
    "select * from marts.reader_open order by file('/etc/passwd')",
    "select (select file('/etc/passwd'))",
    "select * from view(select file('/etc/passwd'))",
    "select * from viewIfPermitted(select file('/etc/passwd') else null('a String'))",
    "select file('/etc/passwd') union all select 'x'",
    "(select file('/etc/passwd')) format Null",
    "select COLUMNS('b') apply (x -> file(x)) from marts.reader_open",
    "select * apply file from marts.reader_open",
    "select * replace (file('/etc/passwd') as b) from marts.reader_open",
    "explain select file('/etc/passwd')",
    "explain syntax select file('/etc/passwd')",
    "explain query tree select file('/etc/passwd')",
    "explain ast select 1",
    "describe file('/etc/passwd')",
    "describe (select file('/etc/passwd'))",
    "show tables where file('/etc/passwd') != ''",
    "show tables from marts limit length(file('/etc/passwd'))",
    "select * from file('/etc/passwd', 'LineAsString')",
    "select * from `file`('/proc/self/environ', 'LineAsString')",
    "select * from format(LineAsString, 'x')",
    "select * from filesystem('/etc')",
    "select * from fileCluster('default', '/etc/passwd', 'LineAsString')",
    "select * from executable('x.sh', TSV, 'a String', (select 1))",
    "select * from python('x')",
    "select * from sqlite('/tmp/x.db', 't')",
    "select * from icebergLocal('/etc')",
    "select * from marts.reader_open into outfile '/tmp/oracul-reader-outfile'",
    "select * from marts.reader_open format Template settings format_template_row = '/etc/passwd'",
    "select catboostEvaluate('/etc/passwd', 1)",
    "select naiveBayesClassifier('/etc/passwd', 'x')",
    "select filesystemAvailable()",
]
NETWORK_ATTACKS = [
    "select * from url('http://127.0.0.1:1/', 'LineAsString')",
    "select * from remote('127.0.0.1', 'raw', 'reader_closed')",
    "select * from remoteSecure('127.0.0.1', 'raw', 'reader_closed')",
    "select * from s3('http://127.0.0.1/x', 'CSV')",
    "select * from mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "select * from postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "select * from mongodb('127.0.0.1:1', 'a', 'b', 'c', 'd', 'e String')",
    "select * from arrowflight('127.0.0.1:1', 'a')",
    "select * from cluster('default', raw.reader_closed)",
    "select aiGenerate('x')",
    "select reverseDNSQuery('127.0.0.1')",
]
OTHER_TABLES = [
    "select * from raw.reader_closed",
    "select * from `raw`.`reader_closed`",
    "select * from marts.reader_open where a in raw.reader_closed",
    "select * from marts.reader_open where a in (select a from raw.reader_closed)",
    "with x as (select * from raw.reader_closed) select * from x",
    "select * from merge('raw', 'reader_closed')",
    "select * from loop(raw.reader_closed)",
    "select * from eval('select * from raw.reader_closed')",
    "select * from dictionary('raw.reader_dictionary')",
    "select dictGet('raw.reader_dictionary', 'b', toUInt64(1))",
    "select dictGetOrNull('raw.reader_dictionary', 'b', toUInt64(1))",
    "select joinGet('raw.reader_closed', 'b', 1)",
    "select hasColumnInTable('raw', 'reader_closed', 'a')",
    "select * from mergeTreeIndex('raw', 'reader_closed')",
    "select * from viewExplain('EXPLAIN', '', (select 1 from raw.reader_closed))",
    "describe table raw.reader_closed",
    "show create table raw.reader_closed",
    "select * from system.processes",
    "select * from SYSTEM.processes",
    "select * from `system`.`processes`",
    "select 1 in (select 1 from system.processes)",
    "select 1 from marts.reader_open prewhere a in system.users",
    "select * from numbers(1) as n join system.processes as p on 1 = 1",
    "select * from system.users",
    "select * from system.query_log",
    "select * from system.server_settings",
    "select * from system.named_collections",
    "select * from system.stack_trace",
    "select * from system.parts",
    "select * from {t:Identifier}",
]
CHANGES = [
    "insert into marts.reader_open values (1, 'x')",
    "insert into function file('/tmp/x', 'CSV', 'a Int8') values (1)",
    "create table marts.stray (a Int8) engine = Memory",
    "create temporary table stray (a Int8)",
    "create view marts.stray as select * from raw.reader_closed",
    "create function stray as x -> x",
    "create user stray",
    "drop table marts.reader_open",
    "truncate table marts.reader_open",
    "alter table marts.reader_open delete where 1",
    "optimize table marts.reader_open final",
    "rename table marts.reader_open to marts.stray",
    "attach table marts.stray",
    "detach table marts.reader_open",
    "grant all on *.* to default",
    "set role all",
    "set role oracul_admin",
    "set readonly = 0",
    "use raw",
    "kill query where 1",
    "system shutdown",
    "system flush logs",
    "backup table marts.reader_open to File('stray')",
    "restore table marts.reader_open from File('stray')",
    "check table marts.reader_open",
    "select 1; drop table marts.reader_open",
    "select 1 -- ;\n; drop table marts.reader_open",
    "(select 1); (select 2)",
    "begin transaction",
    "execute as default select 1",
]
SERVER_ATTACKS = [
    "select sleep(1)",
    "select sleepEachRow(1) from numbers(3)",
    "select getSetting('log_comment')",
    "select getServerPort('tcp_port')",
    "select getMacro('x')",
    "select hostName()",
    "select FQDN()",
    "select currentRoles()",
    "select addressToLine(1)",
    "select stackTrace()",
    "select serverUUID()",
    "select initializeAggregation('sum', 1)",
    "select arrayReduce('sum', [1])",
    "select throwIf(1)",
    "select 1 settings max_execution_time = 0",
    "select * from marts.reader_open settings additional_result_filter = 'file(''/x'') = 1'",
    "show processlist",
    "show users",
    "show grants",
    "show access",
    "show settings like 'x'",
    "watch marts.reader_open",
]


@pytest.mark.parametrize(
    "query", FILE_ATTACKS + NETWORK_ATTACKS + OTHER_TABLES + CHANGES + SERVER_ATTACKS
)
def test_attack_is_refused(ask: Ask, query: str) -> None:
    status, body = ask(query, param_t="system.processes")

    assert status >= 400, body
    assert "root:" not in body
    assert SECRET not in body


def test_attacks_left_no_file() -> None:
    assert not Path("/tmp/oracul-reader-outfile").exists()  # noqa: S108


@pytest.mark.parametrize("query", ["select * from processes", "select * from reader_closed"])
@pytest.mark.parametrize("database", ["system", "SYSTEM", "raw", "meta"])
def test_database_parameter_does_not_open_tables(ask: Ask, query: str, database: str) -> None:
    assert ask(query, database=database)[0] >= 400


@pytest.mark.parametrize(
    "params",
    [
        {"readonly": "0"},
        {"readonly": "0", "role": "oracul_admin"},
        {"role": "oracul_admin"},
        {"profile": "default"},
        {"allow_ddl": "1"},
        {"format_schema": "/etc/passwd:x"},
        {"additional_table_filters": "{'marts.reader_open': 'file(1)'}"},
        {"session_id": "x"},
    ],
)
def test_parameters_do_not_open_tables(ask: Ask, params: dict[str, str]) -> None:
    status, body = ask("select * from raw.reader_closed", **params)

    assert (status >= 400, SECRET in body) == (True, False)


def test_session_gives_a_reader_no_memory(ask: Ask) -> None:
    ask("select 1", session_id="kept", max_block_size="99")

    assert (
        ask("select value from system.settings where name = 'max_block_size'", session_id="kept")[1]
        != "99\n"
    )


def test_result_beyond_the_rows_of_a_reader_is_refused(ask: Ask) -> None:
    status, body = ask("select number from numbers(1100000) format JSON")

    assert (status >= 400, "TOO_MANY_ROWS" in body) == (True, True)


def test_result_of_a_reader_is_bounded_in_bytes(ask: Ask) -> None:
    query = "select toUInt64(value) from system.settings where name = 'max_result_bytes'"

    assert int(ask(query)[1]) > 0


def test_reader_cannot_widen_its_limits(ask: Ask) -> None:
    status, _ = ask("select number from numbers(1100000) format JSON", max_result_rows="0")

    assert status >= 400


def test_reader_may_tighten_its_limits(ask: Ask) -> None:
    status, _ = ask("select number from numbers(1000) format JSON", max_result_rows="10")

    assert status >= 400


def test_reader_reads_by_get(ask: Ask) -> None:
    assert ask("", method="GET", query="select 1") == (200, "1\n")


def test_clickhouse_connect_works_for_the_reader(reader_client: Client, tables: str) -> None:
    assert reader_client.query(f"SELECT count() FROM {tables}").result_rows == [(10,)]


def test_list_of_open_functions_names_only_functions_of_the_engine(
    warehouse_client: Client,
) -> None:
    from oracul.warehouse.embedded.gate import open_functions

    known = {row[0].lower() for row in warehouse_client.query(
        "SELECT name FROM system.functions").result_rows}  # fmt: skip
    by_parser = {"exists", "grouping", "lambda", "untuple"}

    assert open_functions() - known <= by_parser
