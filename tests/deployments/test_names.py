"""Every command, variable and port of the deployments is one that the programs know."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml

from oracul.chains import PROJECT_ROOT
from oracul.settings import load_settings
from tests.fixtures.kustomize import containers, render

DEPLOYMENTS = PROJECT_ROOT / "deployments"
OVERLAYS = ("small", "production")


def compose_services():
    text = (DEPLOYMENTS / "docker" / "compose.yaml").read_text()
    return yaml.safe_load(text)["services"]


def uses():
    """(where, command, variables) of every container; a secret's value is its reference."""
    for name, service in compose_services().items():
        yield f"compose/{name}", service.get("command", []), service.get("environment", {})
    for overlay in OVERLAYS:
        documents = render(DEPLOYMENTS / "k8s" / overlay)
        maps = {d["metadata"]["name"]: d["data"] for d in documents if d["kind"] == "ConfigMap"}
        for document in documents:
            for container in containers(document):
                variables = {}
                for source in container.get("envFrom", []):
                    variables |= maps.get(source.get("configMapRef", {}).get("name"), {})
                for one in container.get("env", []):
                    variables[one["name"]] = one.get("value", "a-secret")
                where = f"{overlay}/{document['metadata']['name']}"
                yield where, container.get("command", []), variables


def words_of(command):
    """The commands in a container's command line: one, or those of a small shell script."""
    if command[:2] == ["sh", "-ec"]:
        return [part.split() for part in command[2].split(";")]
    return [list(command)] if command else []


ALL = list(uses())
COMMANDS = sorted({tuple(words) for _, command, _ in ALL for words in words_of(command) if words})


def test_oracul_commands_exist():
    from oracul.cli.app import app

    asked = [words[1:] for words in COMMANDS if words[0] == "oracul"]
    assert asked
    for words in asked:
        command = typer.main.get_command(app)
        for word in words:
            command = command.commands[word]


@pytest.mark.parametrize("command", [w for w in COMMANDS if w[0] == "prefect"], ids=" ".join)
def test_prefect_commands_exist_with_their_options(command):
    words = [word for word in command[1:] if word != "--no-prompt"]
    first_option = next(n for n, word in enumerate(words) if word.startswith("--"))
    verbs = words[: first_option - (words[:2] == ["work-pool", "create"])]
    program = Path(sys.executable).with_name("prefect")
    shown = subprocess.run(
        [program, *verbs, "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert "Usage: prefect " + " ".join(verbs) in shown
    assert [w for w in words if w.startswith("--") and w not in shown] == []


@pytest.mark.parametrize(
    ("where", "variables"), [(w, v) for w, _, v in ALL], ids=[w for w, _, _ in ALL]
)
def test_oracul_variables_are_settings(where, variables, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name, value in variables.items():
        if name.startswith("ORACUL_"):
            monkeypatch.setenv(name, value)
    settings = load_settings()
    if "ORACUL_CLICKHOUSE__HOST" in variables:
        assert (settings.clickhouse.host, settings.clickhouse.port) == ("clickhouse", 8443)


def test_prefect_variables_are_settings_of_prefect():
    from prefect.settings import Settings
    from prefect.settings.legacy import _get_settings_fields

    known = set(_get_settings_fields(Settings))
    used = {name for _, _, variables in ALL for name in variables if name.startswith("PREFECT_")}
    assert used
    assert used <= known


def test_image_sets_variables_that_somebody_reads():
    from prefect.settings import Settings
    from prefect.settings.legacy import _get_settings_fields

    known = set(_get_settings_fields(Settings)) | {"ORACUL_HOME", "ORACUL_PROJECT_DIR"}
    text = (DEPLOYMENTS / "docker" / "Dockerfile").read_text()
    own = {w.partition("=")[0] for w in text.split() if w.startswith(("ORACUL_", "PREFECT_"))}
    assert own
    assert own <= known


def test_health_is_asked_where_workers_answer_it():
    from prefect.settings import get_current_settings

    port = get_current_settings().worker.webserver.port
    assert f"127.0.0.1:{port}/health" in (DEPLOYMENTS / "docker" / "Dockerfile").read_text()
    for overlay in OVERLAYS:
        for document in render(DEPLOYMENTS / "k8s" / overlay):
            for container in containers(document):
                if "--with-healthcheck" in container.get("command", []):
                    assert container["ports"] == [{"name": "health", "containerPort": port}]


def test_prefect_listens_where_clients_look_for_it():
    for where, command, variables in ALL:
        if command[:3] == ["prefect", "server", "start"]:
            assert command[command.index("--port") + 1] == "4200", where
        if "PREFECT_API_URL" in variables:
            assert variables["PREFECT_API_URL"] == "http://prefect:4200/api", where


def test_dbt_can_be_told_of_the_cluster_that_production_names():
    names = {v.get("ORACUL_CLICKHOUSE__CLUSTER") for w, _, v in ALL if w.startswith("production/")}
    text = (DEPLOYMENTS / "k8s" / "production" / "cluster.xml").read_text()
    assert names - {None} == {"oracul"}
    assert "<oracul>" in text
