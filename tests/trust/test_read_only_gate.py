"""Promise "read-only gate": nothing that a reader may not see comes out, nothing changes."""

from collections.abc import Iterator
from itertools import chain

import pytest

from oracul.warehouse.embedded.confine import landlock_version
from tests.fixtures.guarded_warehouse import (
    READER_ROWS,
    Guarded,
    guarded_warehouse,
    hostile_statements,
)
from tests.fixtures.hostile_grammar import made_up

PROMISE = "read-only gate"
needs_landlock = pytest.mark.skipif(
    landlock_version() < 4, reason="this kernel's Landlock knows no network rules"
)
# Values for the statements that ask for parameters.
PARAMETERS = {"param_t": "system.processes", "param_f": "file", "param_q": "{}", "param_p": "1"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded_warehouse(tmp_path_factory.mktemp("guarded")) as warehouse:
        yield warehouse


def leaks(guarded: Guarded, body: bytes) -> bool:
    return any(secret in body for secret in guarded.secrets())


def test_hostile_statements_are_refused(guarded, promise):
    by_class = hostile_statements()
    statements = [one for statements in by_class.values() for one in statements]
    trial = promise(PROMISE, small=len(statements), full=len(statements), unit="statements")
    before = guarded.fingerprint()
    through = list(through_by_statements(guarded))
    leaked = [one for one in through if leaks(guarded, one[-1])]
    changed = changes(before, guarded.fingerprint())
    trial.saw(
        f"{len(by_class)} classes: {len(through)} through, {len(leaked)} canaries out,"
        f" {len(changed)} changes, {guarded.listener.calls} calls outside"
    )
    assert len(statements) >= 200
    assert len(by_class) >= 12
    assert (through, leaked, changed, guarded.listener.calls) == ([], [], [], 0)


def through_by_statements(guarded: Guarded) -> Iterator[tuple[str, int, bytes]]:
    """Statements that are answered, or tell a canary in their refusal."""
    for statement in (one for several in hostile_statements().values() for one in several):
        status, body = guarded.ask(guarded.fill_in(statement), **PARAMETERS)
        if status < 400 or leaks(guarded, body):
            yield statement, status, body[:2000]


# The same wishes, told by parameters of the request instead of the statement.
BY_PARAMETERS = [
    ("select * from raw.canary", {"readonly": "0"}),
    ("select * from raw.canary", {"role": "oracul_admin"}),
    ("select * from raw.canary", {"profile": "default"}),
    ("select * from raw.canary", {"allow_ddl": "1"}),
    ("select * from raw.canary", {"session_id": "x", "session_check": "0"}),
    ("select * from canary", {"database": "raw"}),
    ("select * from canary", {"database": "RAW"}),
    ("select * from canary", {"database": "raw`; set role all; select `1"}),
    ("select * from processes", {"database": "system"}),
    ("select * from users", {"database": "system"}),
    ("select 1", {"database": "system"}),
    ("select 1", {"database": "marts`.`open"}),
    ("select 1", {"readonly = 0, max_threads": "1"}),
    ("select 1", {"max_threads = 1; drop table marts.open; set x": "1"}),
    ("select 1", {"max_result_bytes": "0"}),
    ("select 1", {"result_overflow_mode": "break"}),
    ("select 1", {"timeout_overflow_mode": "break"}),
    ("select 1", {"max_rows_to_read": "0"}),
    ("select 1", {"log_comment": "x"}),
    ("select 1", {"allow_introspection_functions": "1"}),
    ("select 1", {"additional_result_filter": "hostName() = 1"}),
    ("select a from marts.open", {"additional_table_filters": "{'marts.open': 'hostName()=1'}"}),
    ("select 1 format Template", {"format_template_row": "@FILE@"}),
    ("select 1 format Template", {"format_template_resultset": "@FILE@"}),
    ("select 1 format Protobuf", {"format_schema": "@FILE@:x"}),
    ("select 1 format CapnProto", {"format_schema_source": "file"}),
    ("select 1", {"output_format_schema": "@OUT@"}),
    ("select 1", {"http_response_headers": "{'x': 'y'}"}),
    ("select 1", {"max_parser_depth": "1000000"}),
    ("select 1", {"param_x' = 1, 'y": "1"}),
    ("select 1", {"param_": "1"}),
    ("select 1", {"default_format": "CSV settings readonly=0"}),
    ("select 1", {"default_format": "CSV'; drop table marts.open"}),
    ("select 1", {"query_id": "x'; drop table marts.open --\n"}),
    ("select 1", {"session_timezone": "../../@FILE@"}),
    ("select number from numbers(200000) format JSON", {"max_result_rows": "0"}),
    ("select number from numbers(200000) format JSON", {"max_result_rows": "-1"}),
    ("select number from numbers(200000) format JSON", {"max_result_rows": "9" * 30}),
    ("select count() from numbers(1e12) where sipHash64(number) = 1", {"max_execution_time": "0"}),
    ("select groupArray(number) from numbers(1e9)", {"max_memory_usage": "0"}),
    ("; drop table marts.open", {"query": "select 1"}),
    ("hostName()", {"query": "select"}),
    ("select * from {t:Identifier}", {"param_t": "raw.canary"}),
    ("select * from {d:Identifier}.{t:Identifier}", {"param_d": "raw", "param_t": "canary"}),
    ("select {e:String}()", {"param_e": "hostName"}),
    ("select arrayMap({e:Identifier}, [1])", {"param_e": "hostName"}),
    ("select a from marts.open limit {n:UInt64}", {"param_n": "(select 1)"}),
]

# With the administrator's password in strange hands, the kernel is what is left.
AS_ADMINISTRATOR = [
    "select file('@FILE@')",
    "select * from file('@FILE@', 'LineAsString')",
    "select * from file('@HOME@/canary.txt', 'LineAsString')",
    "select * from file('@HOME@/warehouse/passwords.json', 'LineAsString')",
    "select * from file('/proc/self/environ', 'RawBLOB')",
    "select * from file('/proc/self/task/*/environ', 'RawBLOB')",
    "select * from file('/proc/thread-self/environ', 'RawBLOB')",
    "select * from file('/proc/thread-self/mem', 'RawBLOB')",
    "select * from file('/proc/thread-self/root@FILE@', 'RawBLOB')",
    "select * from file('/proc/self/root@FILE@', 'RawBLOB')",
    "select * from file('/proc/self/cwd/canary.txt', 'RawBLOB')",
    "select * from `@FILE@`",
    "select * from filesystem('@HOME@/..')",
    "insert into function file('@OUT@', 'CSV', 'a Int8') values (1)",
    "insert into function file('@FILE@', 'LineAsString', 'a String') settings"
    " engine_file_truncate_on_insert = 1 values ('x')",
    "insert into function file('@HOME@/warehouse/passwords.json', 'LineAsString', 'a String')"
    " settings engine_file_truncate_on_insert = 1 values ('x')",
    "backup table marts.open to File('@OUT@')",
    "backup table marts.open to Disk('default', '../../stray')",
    "create database stray engine = SQLite('@OUT@')",
    "select * from sqlite('@OUT@', 't')",
    "select * from executable('/bin/cat @FILE@', LineAsString, 'a String')",
    "select * from python('x')",
    "select * from url('http://127.0.0.1:@PORT@/', 'LineAsString')",
    "insert into function url('http://127.0.0.1:@PORT@/', 'CSV', 'a Int8') values (1)",
    "select * from s3('http://127.0.0.1:@PORT@/a/b', 'CSV', 'a String')",
    "select * from remote('127.0.0.1:@PORT@', 'raw', 'canary')",
    "select * from mysql('127.0.0.1:@PORT@', 'a', 'b', 'c', 'd')",
    "select * from postgresql('127.0.0.1:@PORT@', 'a', 'b', 'c', 'd')",
    "select * from redis('127.0.0.1:@PORT@', 'k', 'k String')",
]
# One try of each connection, so that what the kernel refuses is not asked for again and again.
ONCE = {
    "http_max_tries": "1",
    "s3_retry_attempts": "0",
    "postgresql_connection_pool_retries": "0",
    "connections_with_failover_max_tries": "1",
    "external_storage_connect_timeout_sec": "1",
    "connect_timeout": "1",
}


def through_by_parameters(guarded: Guarded) -> Iterator[tuple[str, int, bytes]]:
    """The same for what is told by parameters."""
    for statement, params in BY_PARAMETERS:
        filled = {name: guarded.fill_in(value) for name, value in params.items()}
        for method in ("POST", "GET"):
            status, body = guarded.ask(statement, method=method, **filled)
            if status < 400 or leaks(guarded, body):
                yield f"{method} {statement} {params}", status, body[:2000]


def test_hostile_parameters_are_refused(guarded, promise):
    trial = promise(PROMISE, small=94, full=94, unit="requests with hostile parameters")
    before = guarded.fingerprint()
    through = list(through_by_parameters(guarded))
    changed = changes(before, guarded.fingerprint())
    trial.saw(f"{len(through)} through, {len(changed)} changes")
    assert len(BY_PARAMETERS) * 2 == trial.count
    assert (through, changed) == ([], [])


def out_as_administrator(guarded: Guarded) -> list[tuple[object, ...]]:
    """What reached a file beside the warehouse, or the listener. A name alone is no content."""
    found = []
    for statement in AS_ADMINISTRATOR:
        calls, files = guarded.listener.calls, guarded.files()
        status, body = guarded.ask(guarded.fill_in(statement), admin=True, **ONCE)
        if leaks(guarded, body) or (calls, files) != (guarded.listener.calls, guarded.files()):
            found.append((statement, status, body[:200]))
    return found


@needs_landlock
def test_kernel_keeps_the_administrator_from_files_and_network(guarded, promise):
    count = len(AS_ADMINISTRATOR)
    trial = promise(PROMISE, small=count, full=count, unit="statements of the administrator")
    out = out_as_administrator(guarded)
    trial.saw(f"{len(out)} reached a file or the network")
    assert out == []


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]


def test_made_up_statements_bring_nothing_out(guarded, promise):
    trial = promise(PROMISE, small=300, full=10_000, unit="made-up statements")
    before = guarded.fingerprint()
    through, leaked, answered = [], [], 0
    for seed in range(trial.count):
        one = made_up(seed)
        status, body = guarded.ask(guarded.fill_in(one.text))
        answered += status == 200
        if one.is_forbidden and status < 400:
            through.append((seed, one.text, status, body[:200]))
        if leaks(guarded, body):
            leaked.append((seed, one.text, status, body[:200]))
    changed = changes(before, guarded.fingerprint())
    calls = guarded.listener.calls
    trial.saw(
        f"{answered:,} harmless answered, {len(through)} forbidden through,"
        f" {len(leaked)} canaries out, {len(changed)} changes, {calls} calls outside"
    )
    # A grammar whose harmless statements fail would prove nothing about the others.
    assert answered > trial.count // 5
    assert (through, leaked, changed, calls) == ([], [], [], 0)


# Each layer that may fall, and where the others leave a gap then.
@pytest.mark.slow
@pytest.mark.parametrize(
    "layer",
    ["functions", "classification", "tree", "role", "readonly", "settings", "databases"],
)
def test_something_gets_through_without_one_layer(layer, tmp_path, promise):
    trial = promise(PROMISE, small=1, full=1, unit=f"server without {layer}")
    with guarded_warehouse(tmp_path, layer) as weak:
        through = next(chain(through_by_statements(weak), through_by_parameters(weak)), None)
        trial.saw(f"through, as it must: {through[0][:60]}" if through else "nothing through")
        assert through


@pytest.mark.slow
def test_large_result_gets_through_without_limits(tmp_path, promise):
    trial = promise(PROMISE, small=1, full=1, unit="server without limits")
    with guarded_warehouse(tmp_path, "limits") as weak:
        status, body = weak.ask(f"select number from numbers({2 * READER_ROWS}) format JSON")
        trial.saw("1 through, as it must" if status == 200 else "0 through")
        assert status == 200, body[:200]


@needs_landlock
@pytest.mark.slow
def test_administrator_reaches_files_and_network_without_landlock(tmp_path, promise):
    trial = promise(PROMISE, small=1, full=1, unit="server without landlock")
    with guarded_warehouse(tmp_path, "landlock") as weak:
        out = out_as_administrator(weak)
        trial.saw(f"{len(out)} reached a file or the network, as they must")
        assert out
