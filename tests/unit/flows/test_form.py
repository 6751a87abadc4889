"""What the forms of the Prefect UI show of a flow's parameters."""

import importlib

import pytest
import yaml
from prefect.exceptions import ParameterTypeError

from oracul.chains import PROJECT_ROOT, load_chains

DEPLOYMENTS = yaml.safe_load((PROJECT_ROOT / "prefect.yaml").read_text())["deployments"]
ENTRYPOINTS = sorted({deployment["entrypoint"] for deployment in DEPLOYMENTS})


def flow_of(entrypoint):
    path, name = entrypoint.split(":")
    return getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name)


def fields_of(entrypoint):
    return flow_of(entrypoint).parameters.model_dump()["properties"]


@pytest.mark.parametrize("entrypoint", ENTRYPOINTS)
def test_every_field_is_explained_and_plain(entrypoint):
    """A field of several types would be a switch between them, without a word."""
    for name, field in fields_of(entrypoint).items():
        assert field.get("description", "").endswith("."), name
        assert "anyOf" not in field, name


def test_chain_is_chosen_from_a_list():
    assert set(fields_of("flows/backfill.py:backfill")["chain"]["enum"]) == set(load_chains())
    assert None in fields_of("flows/ingest.py:ingest_chain")["chain"]["enum"]


def test_backfill_is_a_dry_run_unless_one_says_otherwise():
    assert fields_of("flows/backfill.py:backfill")["dry_run"]["default"] is True


@pytest.mark.parametrize("given", [{"chain": None}, {"chain": "devnet", "blocks": "nonsense"}])
def test_flow_refuses_what_the_form_would(given):
    with pytest.raises(ParameterTypeError):
        flow_of("flows/backfill.py:backfill").validate_parameters(given)
