"""`oracul backfill` on the whole demo chain: what it says before, killed midway, bad input."""

import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from extractors.evm.backfill import alone, plan_chain
from oracul.demo.places import chain_loader
from oracul.demo.replay import serve_recording
from oracul.warehouse import connect, migrate
from tests.fixtures.content import contents, differences
from tests.fixtures.warehouse import own_warehouse

pytestmark = pytest.mark.slow

KILLS = 3


@pytest.fixture(scope="module")
def node():
    with serve_recording(chain_loader()) as server:
        yield server


@pytest.fixture(scope="module")
def head(node):
    return node.set()["view"]["head"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    with own_warehouse(tmp_path_factory.mktemp("undisturbed") / "home") as settings:
        yield settings


def command(settings, node, *words, **variables):
    """The words of a shell and the environment that lead to a home and a node."""
    environment = os.environ | {
        "ORACUL_HOME": str(settings.home),
        "ORACUL_CHAINS__DEVNET__RPC_URLS": node.url,
        "COLUMNS": "200",
        **variables,
    }
    return [sys.executable, "-m", "oracul.cli", "backfill", *words], environment


def run(settings, node, *words, **variables):
    line, environment = command(settings, node, *words, **variables)
    return subprocess.run(
        line, env=environment, cwd=settings.home, capture_output=True, text=True, check=False
    )


def landed(client):
    return int(client.command("select count() from meta.canonical_blocks final"))


def whole(head):
    return ["--chain", "devnet", "--blocks", f"0:{head + 1}", "--what", "chain,marts"]


@pytest.fixture(scope="module")
def first_run(undisturbed, node, head):
    """A dry run and the real one; what the node counted for the landing."""
    client = connect(undisturbed)
    migrate(client)
    plan = plan_chain(_with_node(undisturbed, node), client, "devnet", blocks=(0, head + 1))
    node.set(reset_counts=True)
    done = run(undisturbed, node, *whole(head), "--oldest-first")
    assert done.returncode == 0, done.stdout + done.stderr
    yield plan, client, done
    client.close()


def _with_node(settings, node):
    from pydantic import SecretStr

    from oracul.settings import ChainSettings

    chain = ChainSettings(rpc_urls=[SecretStr(node.url)])
    return settings.model_copy(update={"chains": {"devnet": chain}})


def test_dry_run_says_what_the_run_takes(first_run):
    plan, client, _ = first_run
    assert plan.blocks == landed(client)
    used = client.query(
        "select sum(requests), sum(bytes) from meta.rpc_usage final where flow = 'backfill'"
    ).result_rows[0]
    # The run makes a plan of its own first, which tries some blocks: no part of the landing.
    assert used[0] == pytest.approx(plan.requests, rel=0.1, abs=15)
    assert used[1] == pytest.approx(plan.bytes, rel=0.5)


def test_blocks_that_are_there_are_not_asked_for_again(first_run, undisturbed, node, head):
    again = run(undisturbed, node, *whole(head), "--dry-run")
    assert again.returncode == 0
    assert re.search(rf"0:{head + 1} *│ *{head + 1:,} *│ *0 ", again.stdout)


def test_killed_three_times_it_ends_as_if_it_had_not_been(first_run, tmp_path, node, head):
    with own_warehouse(tmp_path / "home") as settings:
        client = connect(settings)
        migrate(client)
        slow = {"ORACUL_CHAINS__DEVNET__MAX_BATCH_BLOCKS": "2"}
        slow["ORACUL_CHAINS__DEVNET__MAX_CONCURRENCY"] = "2"
        for kill in range(1, KILLS + 1):
            line, environment = command(settings, node, *whole(head), **slow)
            running = subprocess.Popen(
                line, env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            while landed(client) < kill * head // (KILLS + 2) and running.poll() is None:
                pass
            assert running.poll() is None, "it was over before it could be killed"
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        done = run(settings, node, *whole(head))
        assert done.returncode == 0, done.stdout + done.stderr
        layers = ("raw", "curated", "marts")
        clean = contents(first_run[1], layers)
        assert differences(clean, contents(client, layers)) == []
        assert clean["raw.blocks"].rows == head + 1
        client.close()


def test_days_are_the_blocks_that_the_node_dates_so(first_run, undisturbed, node, head):
    _, client, _ = first_run
    first, last = client.query(
        "select toDate(min(block_timestamp)) + 10, toDate(min(block_timestamp)) + 12"
        " from meta.canonical_blocks final"
    ).result_rows[0]
    plan = plan_chain(_with_node(undisturbed, node), client, "devnet", days=(first, last))
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    ((low, high),) = client.query(
        "select min(block_number), max(block_number) + 1 from meta.canonical_blocks final"
        " where block_timestamp >= {start:DateTime} and block_timestamp < {end:DateTime}",
        parameters={"start": start, "end": start + timedelta(days=3)},
    ).result_rows
    assert (plan.start, plan.end) == (low, high)
    assert (plan.first_at.date(), plan.last_at.date()) == (first, last)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--chain", "devnet"], "needs blocks or days"),
        (["--chain", "devnet", "--blocks", "1:2", "--from", "2026-10-01"], "only one of them"),
        (["--chain", "devnet", "--blocks", "20:10"], "did you mean 10:20"),
        (["--chain", "devnet", "--from", "2026-10-05", "--to", "2026-10-01"], "before they begin"),
        (["--chain", "devnet", "--from", "yesterday"], "is not a day"),
        (["--chain", "devnet", "--from", "2019-01-01"], "has no block"),
        (["--chain", "devnet", "--blocks", "0:99999999"], "does not exist yet"),
        (["--chain", "atlantis", "--blocks", "0:10"], "Unknown chain 'atlantis'"),
        (["--chain", "ethereum", "--blocks", "0:10"], "No RPC URL is set for ethereum"),
        (["--chain", "devnet", "--blocks", "0:10", "--what", "blocks"], "does not know"),
    ],
)
def test_bad_input_is_told_and_nothing_is_landed(first_run, undisturbed, node, words, told):
    before = landed(first_run[1])
    done = run(undisturbed, node, *words)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, said
    assert told in said
    assert landed(first_run[1]) == before


def test_second_backfill_of_a_chain_is_told_of_the_first(first_run, undisturbed, node):
    with alone(undisturbed.home, "devnet", "0:10"):
        done = run(undisturbed, node, "--chain", "devnet", "--blocks", "0:10", "--what", "chain")
    said = " ".join((done.stdout + done.stderr).split())
    assert f"A backfill of devnet is running: blocks 0:10, process {os.getpid()}" in said
    assert done.returncode != 0
    assert json.loads((undisturbed.home / "backfill" / "devnet.lock").read_text())["span"] == "0:10"
