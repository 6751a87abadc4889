"""A day of an operator on a real Prefect server and worker, with the demo's chain.

What is scheduled, the whole way from blocks to anomalies, a source that fails, runs that collide, a
backfill that is killed. One stack for the file; each test goes on where the one before left off.
"""

import json
from contextlib import closing

import pytest
import yaml

from oracul.chains import PROJECT_ROOT
from oracul.demo.places import chain_loader
from oracul.demo.replay import serve_recording
from oracul.demo.replay_state import HttpFault
from oracul.demo.stage import CHAIN
from oracul.warehouse import connect
from tests.fixtures.operated_stack import BLOCKS_PER_RUN, SILENT_MINUTES, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NODES = f"ORACUL_CHAINS__{CHAIN.upper()}__RPC_URLS"
# The oldest blocks: left alone until a backfill is killed in them.
PAST = 400


@pytest.fixture(scope="module")
def client(operated):
    with closing(connect(operated.settings)) as client:
        yield client


@pytest.fixture
def number(client):
    return lambda sql: int(client.command(f"select {sql}"))


@pytest.fixture
def slow_node():
    """The node that takes a second for each answer."""
    with serve_recording(chain_loader(), latency_seconds=1.0) as node:
        yield {
            NODES: node.url,
            f"ORACUL_CHAINS__{CHAIN.upper()}__MAX_BATCH_BLOCKS": "2",
            f"ORACUL_CHAINS__{CHAIN.upper()}__MAX_CONCURRENCY": "2",
        }


@pytest.fixture
def refusing_node():
    """The node that knows no key of ours."""
    refusal = HttpFault(401, {}, b'{"error":"unknown key"}')
    with serve_recording(chain_loader(), fault=lambda *_: refusal, own_process=False) as node:
        yield {NODES: node.url, f"ORACUL_CHAINS__{CHAIN.upper()}__DEADLINE_SECONDS": "5"}


def completed(stack, deployment, environment=None, **given):
    """Id of a run of this deployment, which ended well."""
    run = stack.start(deployment, environment, **given)
    state = stack.ended(run)
    assert state["type"] == "COMPLETED", (state["message"], stack.logged(run))
    return run


def table(artifact):
    return json.loads(artifact["data"])


def steps(stack, run):
    """Status of each step of a run, as its page shows them."""
    (artifact,) = [one for key, one in stack.artifacts(run).items() if key.endswith("-steps")]
    return {row["step"]: row["status"] for row in table(artifact) if row["step"]}


def test_every_deployment_is_registered(operated):
    told = yaml.safe_load((PROJECT_ROOT / "prefect.yaml").read_text())["deployments"]
    assert set(operated.deployments()) == {deployment["name"] for deployment in told}


def test_schedules_of_what_is_followed_create_runs(operated):
    active = {
        name
        for name, deployment in operated.deployments().items()
        if any(schedule["active"] for schedule in deployment["schedules"])
    }
    assert {f"ingest-{CHAIN}", "prices", "transform", "validate", "detect", "verify"} <= active
    assert "ingest-ethereum" not in active

    def scheduled():
        due = {run["deployment_id"] for run in operated.runs("SCHEDULED")}
        return {name for name, one in operated.deployments().items() if one["id"] in due}

    wait_until(lambda: scheduled() >= active, 120, "runs of every schedule")
    assert scheduled() == active


def test_blocks_are_landed(quiet, number):
    run = completed(quiet, f"ingest-{CHAIN}")
    # One of the demo's nodes falsifies answers: it is found out, and the run says so.
    assert steps(quiet, run)["ingest_chain"] == "degraded"
    state = quiet.flow_run(run)["state"]
    assert state["name"] == "Degraded"
    assert "was set aside" in state["message"]
    assert number("count() from meta.canonical_blocks final") >= BLOCKS_PER_RUN
    landed = table(quiet.artifacts(run)["ingest-chain-landed-rows"])
    assert {row["table"] for row in landed} >= {"raw.blocks", "raw.transactions", "raw.logs"}


def test_prices_are_landed(quiet, number):
    run = completed(quiet, "prices")
    assert steps(quiet, run) == {"ingest_prices": "done"}
    assert number("count() from raw.prices_spot final") > 0


def test_marts_whose_turn_is_still_to_come_are_no_fault(quiet):
    """Validated every hour; the first tokens and addresses are built at night."""
    run = completed(quiet, "validate")
    message = quiet.flow_run(run)["state"]["message"]
    assert "not built yet: network, tokens, addresses" in message


@pytest.mark.parametrize(
    ("deployment", "mart"),
    [
        ("transform", "network_metrics_daily"),
        ("marts-tokens", "token_metrics_daily"),
        ("marts-addresses", "address_flows_daily"),
    ],
)
def test_marts_are_built_and_published(quiet, number, deployment, mart):
    run = completed(quiet, deployment)
    assert set(steps(quiet, run).values()) == {"done"}
    artifacts = quiet.artifacts(run)
    assert {"transform-validate-raw", "transform-validate-marts"} <= set(artifacts)
    nodes = {row["name"]: row["status"] for row in table(artifacts["transform-dbt-nodes"])}
    assert nodes[mart] == "success"
    assert number(f"count() from marts.{mart}") > 0


def test_doors_are_checked(quiet):
    """The chain stood still some days ago: a warning that says so, no failure."""
    run = completed(quiet, "validate")
    assert steps(quiet, run)["validate_marts"] == "done"
    checks = table(quiet.artifacts(run)["validate-validate-raw"])
    assert {row["status"] for row in checks} <= {"pass", "warn"}


def test_anomalies_are_found(quiet, number):
    run = completed(quiet, "detect")
    assert steps(quiet, run)["detect"] == "done"
    assert number("count() from marts.anomalies final") > 0


def test_source_that_refuses_fails_the_run_and_says_what_to_do(quiet, refusing_node):
    state = quiet.ended(quiet.start(f"ingest-{CHAIN}", refusing_node))
    assert state["type"] == "FAILED"
    assert "401" in state["message"]


def test_run_that_collides_with_another_is_cancelled(quiet, slow_node):
    few = {f"ORACUL_CHAINS__{CHAIN.upper()}__BLOCKS_PER_RUN": "20"}
    first = quiet.start(f"ingest-{CHAIN}", slow_node | few)
    wait_until(lambda: quiet.flow_run(first)["state_type"] == "RUNNING", 120, "the first run")
    second = quiet.start(f"ingest-{CHAIN}")
    assert quiet.ended(second)["type"] == "CANCELLED"
    assert quiet.ended(first)["type"] == "COMPLETED"


def test_dry_run_says_what_a_backfill_takes_and_lands_nothing(quiet, number):
    before = number("count() from meta.canonical_blocks final")
    run = completed(quiet, "backfill", chain=CHAIN, blocks=f"0:{PAST}")
    plan = quiet.artifacts(run)["backfill-plan"]
    assert f"{PAST} blocks of {CHAIN} to land" in plan["description"]
    assert table(plan)[0]["to do"] == str(PAST)
    assert number("count() from meta.canonical_blocks final") == before


def test_backfill_fills_days_and_shows_how_far_it_is(quiet, number):
    span = f"{PAST}:{PAST + 100}"
    run = completed(quiet, "backfill", chain=CHAIN, blocks=span, what=["chain"], dry_run=False)
    progress = quiet.artifacts(run)["backfill-progress"]
    assert (progress["type"], progress["data"]) == ("progress", 100.0)
    assert _landed(number, PAST, PAST + 100) == 100


def test_worker_killed_in_a_backfill_is_started_again_and_the_rest_is_landed(
    quiet, slow_node, number
):
    asked = {"chain": CHAIN, "blocks": f"0:{PAST}", "what": ["chain"], "dry_run": False}
    run = quiet.start("backfill", slow_node, **asked)
    wait_until(lambda: 0 < _landed(number, 0, PAST) < PAST, 240, "the first landed blocks")
    count, killed = len(quiet.workers()), quiet.kill_worker_of(run)
    assert _landed(number, 0, PAST) < PAST, "it was over before it could be killed"

    wait_until(lambda: killed not in quiet.workers(), 30, "the end of the worker")
    wait_until(lambda: len(quiet.workers()) == count, 120, "a new worker")
    again = completed(quiet, "backfill", **asked)
    assert quiet.artifacts(again)["backfill-progress"]["data"] == 100.0
    assert _landed(number, 0, PAST) == PAST
    twice = (
        "count() from (select block_number from raw.blocks final inner join"
        " meta.canonical_blocks final using (chain, block_number, block_hash)"
        " group by block_number having count() > 1)"
    )
    assert number(twice) == 0

    lost = quiet.ended(run, seconds=SILENT_MINUTES * 60 + 180)
    assert lost["type"] == "CRASHED"
    assert "no sign of life" in lost["message"]
    told = "count() from meta.alerts final where title = 'flow backfill failed'"
    wait_until(lambda: number(told), 180, "word of it")


def _landed(number, start, end):
    between = f"block_number >= {start} and block_number < {end}"
    return number(f"count() from meta.canonical_blocks final where {between}")
