"""Several chains in one step: one that fails does not keep the others from their turn."""

from dataclasses import dataclass, field

import pytest

from flows.bodies import _each_chain, chains_to_run
from flows.steps import Run
from oracul.errors import ConfigError, ForkBelowFinality, SourceUnavailable
from oracul.settings import ChainSettings, Settings

BOTH = Settings(
    chains={
        "ethereum": ChainSettings(rpc_urls="http://127.0.0.1:1"),
        "optimism": ChainSettings(rpc_urls="http://127.0.0.1:2"),
        "polygon": ChainSettings(),
    }
)


@dataclass
class Landed:
    sentence: str
    degraded: list[str] = field(default_factory=list)


def _work(down):
    def work(chain, record):
        if chain in down:
            raise SourceUnavailable("nobody answers.")
        return Landed(f"{chain} landed")

    return work


def test_chains_without_an_endpoint_are_left_out():
    assert chains_to_run(Run(BOTH)) == ["ethereum", "optimism"]


def test_no_endpoint_at_all_is_a_wrong_setting():
    with pytest.raises(ConfigError, match="RPC_URLS"):
        chains_to_run(Run(Settings(chains={})))


def test_chain_without_an_endpoint_is_told_its_variable():
    with pytest.raises(ConfigError, match="ORACUL_CHAINS__POLYGON__RPC_URLS"):
        chains_to_run(Run(BOTH, chain="polygon"))


def test_chain_after_a_failed_one_has_its_turn(migrated_client):
    outcome = _each_chain("ingest_chain", Run(BOTH), migrated_client, _work({"ethereum"}))
    assert outcome.status == "degraded"
    assert outcome.summary == "ethereum failed: nobody answers.; optimism landed"


def test_every_chain_is_recorded_by_itself(migrated_client):
    run = Run(BOTH)
    _each_chain("ingest_chain", run, migrated_client, _work({"ethereum"}))
    recorded = migrated_client.query(
        "select chain, status from meta.pipeline_runs final where run_id = {run:String}"
        " order by chain",
        parameters={"run": run.run_id},
    ).result_rows
    assert recorded == [("ethereum", "failed"), ("optimism", "done")]


def test_step_fails_when_every_chain_failed(migrated_client):
    with pytest.raises(SourceUnavailable):
        _each_chain("ingest_chain", Run(BOTH), migrated_client, _work({"ethereum", "optimism"}))


def test_degraded_chain_makes_the_step_degraded(migrated_client):
    outcome = _each_chain(
        "ingest_chain", Run(BOTH), migrated_client, lambda chain, record: Landed(chain, ["slow"])
    )
    assert outcome.status == "degraded"


def test_fork_below_finality_fails_the_step_after_the_other_chains(migrated_client):
    done = []

    def work(chain, record):
        if chain == "ethereum":
            raise ForkBelowFinality("ethereum contradicts a final block.")
        done.append(chain)
        return Landed(chain)

    with pytest.raises(ForkBelowFinality):
        _each_chain("ingest_chain", Run(BOTH), migrated_client, work)
    assert done == ["optimism"]
