"""What a user who gets something wrong reads: one paragraph with what to do, and an exit code."""

import socket
import sys

import pytest

from oracul.cli import main
from oracul.demo.recording import Recording
from oracul.demo.replay import serve_recording
from oracul.demo.replay_state import HttpFault
from oracul.warehouse import connection_environment
from tests.fixtures.toy_chain import toy_chain

RECORDING = Recording(1, toy_chain(8))


@pytest.fixture
def oracul(monkeypatch, tmp_path, migrated_client, warehouse_settings, capsys):
    """Run the command in this process, on the session's warehouse; (exit code, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORACUL_HOME", str(warehouse_settings.home))

    def run(*words, **variables):
        for name, value in variables.items():
            monkeypatch.setenv(f"ORACUL_{name}", value)
        monkeypatch.setattr(sys, "argv", ["oracul", *words])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code or 0
        return code, " ".join(capsys.readouterr().err.split())

    return run


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _ingest(oracul, chain="ethereum", blocks="1:3", **variables):
    return oracul("ingest", "chain", "--chain", chain, "--blocks", blocks, **variables)


def assert_one_paragraph(text):
    assert text.startswith("Error: ")
    assert "Traceback" not in text
    assert text.count("Error: ") == 1


def test_unknown_chain_lists_the_known_ones(oracul):
    code, text = _ingest(oracul, chain="ethereun")
    assert code == 2
    assert_one_paragraph(text)
    assert "Known chains: arbitrum" in text


def test_missing_endpoint_names_the_variable_and_starts_nothing(oracul, migrated_client):
    runs = "select count() from meta.pipeline_runs"
    before = migrated_client.query(runs).result_rows
    code, text = _ingest(oracul)
    assert code == 2
    assert_one_paragraph(text)
    assert "ORACUL_CHAINS__ETHEREUM__RPC_URLS" in text
    assert migrated_client.query(runs).result_rows == before


def test_no_chain_configured_points_to_the_demo(oracul):
    code, text = oracul("run")
    assert code == 2
    assert_one_paragraph(text)
    assert "oracul demo" in text


def test_reversed_range_proposes_the_order(oracul):
    code, text = _ingest(oracul, blocks="9:3")
    assert code == 2
    assert "did you mean 3:9" in text


def test_unreachable_endpoint_is_named_without_its_key(oracul):
    url = f"http://127.0.0.1:{_free_port()}/v2/canary-key"
    code, text = _ingest(
        oracul, CHAINS__ETHEREUM__RPC_URLS=url, CHAINS__ETHEREUM__DEADLINE_SECONDS="1"
    )
    assert code == 1
    assert_one_paragraph(text)
    assert "127.0.0.1" in text
    assert "canary" not in text


def test_wrong_setting_names_its_variable(oracul):
    code, text = oracul("status", WAREHOUSE__PORT="many")
    assert code == 2
    assert "ORACUL_WAREHOUSE__PORT" in text


def test_refused_password_says_which_settings_to_check(oracul, warehouse_endpoint):
    code, text = oracul(
        "status",
        CLICKHOUSE__HOST=warehouse_endpoint.host,
        CLICKHOUSE__PORT=str(warehouse_endpoint.port),
        CLICKHOUSE__PASSWORD="wrong",
    )
    assert code == 1
    assert_one_paragraph(text)
    assert "ORACUL_CLICKHOUSE__HOST" in text


def test_wrong_query_shows_clickhouses_words(oracul):
    code, text = oracul("sql", "select * from marts.nothing_of_this_name")
    assert code == 1
    assert "nothing_of_this_name" in text


def test_writing_query_is_refused(oracul):
    code, text = oracul("sql", "create table default.x (a Int8) engine = Memory")
    assert code == 1
    assert "readonly" in text


@pytest.fixture
def readers_shell(warehouse_settings, monkeypatch):
    """Variables as `eval "$(oracul warehouse env --reader)"` sets them."""
    for name, value in connection_environment(warehouse_settings, reader=True).items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_question_is_answered_in_a_shell_of_the_reader(oracul, readers_shell, form):
    assert oracul("sql", "select 1 as one", "--format", form) == (0, "")


def test_refusal_in_a_shell_of_the_reader_says_whose_shell_it_may_be(oracul, readers_shell):
    code, text = oracul("status")
    assert code == 1
    assert_one_paragraph(text)
    assert "`oracul warehouse env --reader`" in text


class TestWithAChain:
    """Cases that need a node."""

    def test_endpoint_of_another_chain_is_refused_by_its_id(self, oracul):
        with serve_recording(RECORDING, own_process=False) as node:
            node.set(chain_id=424242)
            code, text = _ingest(oracul, CHAINS__ETHEREUM__RPC_URLS=node.url)
        assert code == 2
        assert_one_paragraph(text)
        assert "424242" in text

    def test_block_beyond_the_head_says_where_the_head_is(self, oracul):
        with serve_recording(RECORDING, own_process=False) as node:
            code, text = _ingest(
                oracul, blocks="900000:900001", CHAINS__ETHEREUM__RPC_URLS=node.url
            )
        assert code in (1, 2)
        assert_one_paragraph(text)
        assert "900000" in text.replace(",", "")

    def test_endpoint_that_always_refuses_ends_at_the_deadline(self, oracul):
        def refuse(method, params, result):
            return HttpFault(429, {"Retry-After": "1"}, b"slow down")

        with serve_recording(RECORDING, fault=refuse, own_process=False) as node:
            code, text = _ingest(
                oracul,
                CHAINS__ETHEREUM__RPC_URLS=node.url,
                CHAINS__ETHEREUM__DEADLINE_SECONDS="2",
            )
        assert code == 1
        assert_one_paragraph(text)
