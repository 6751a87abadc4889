"""Container files: valid by their schemas, hardened, and made of what is in this checkout.

No container can be started here, so nothing below says that one runs.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

from oracul.chains import PROJECT_ROOT
from oracul.stack.parts import WORK_POOL

FOLDER = PROJECT_ROOT / "deployments" / "docker"
DOCKERFILE = FOLDER / "Dockerfile"
SUPERSET = PROJECT_ROOT / "deployments" / "superset"
DOCKERFILES = (DOCKERFILE, SUPERSET / "Dockerfile")
HADOLINT = Path(sys.executable).with_name("hadolint")
ONE_SHOT = {"users", "migrate", "deploy"}
# Made by the operator, as the README says; never in the checkout.
MADE_BY_HAND = ("./tls",)


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((FOLDER / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def services(compose):
    return compose["services"]


def compose_schema():
    schemas = files("check_jsonschema") / "builtin_schemas" / "vendor"
    return json.loads((schemas / "compose-spec.json").read_text())


def copied_sources(dockerfile=DOCKERFILE):
    """Paths of the checkout that the image gets."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", dockerfile.read_text(), re.M)
    return [source for line in lines for source in line.split()[:-1]]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_dockerfile_has_nothing_that_hadolint_minds(dockerfile):
    done = subprocess.run([HADOLINT, dockerfile], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_hadolint_minds_a_dockerfile_that_ends_as_root(tmp_path):
    bad = tmp_path / "Dockerfile"
    bad.write_text(DOCKERFILE.read_text().replace("USER 10001:10001", "USER root"))
    assert subprocess.run([HADOLINT, bad], capture_output=True, check=False).returncode


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_image_is_built_of_files_that_are_tracked(dockerfile):
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    for source in copied_sources(dockerfile):
        assert any(name == source or name.startswith(f"{source}/") for name in tracked), source


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_build_context_holds_what_is_copied_and_starts_from_nothing(dockerfile):
    lines = dockerfile.with_name("Dockerfile.dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "**"
    # A folder that is copied in parts is named once.
    named = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = set(copied_sources(dockerfile))
    assert named <= copied
    assert all(any(f"{one}/".startswith(f"{n}/") for n in named) for one in copied)


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_image_takes_libraries_by_hash_and_gets_no_compiler(dockerfile):
    text = dockerfile.read_text()
    assert "--require-hashes --only-binary :all:" in text
    assert "-r /build/requirements.txt" in text
    assert "ADD " not in text
    assert "apt-get" not in text


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_image_has_no_build_argument_that_could_carry_a_secret(dockerfile):
    assert re.findall(r"^ARG (\w+)", dockerfile.read_text(), re.M) == ["PYTHON_IMAGE"]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_image_runs_as_a_numbered_user_who_is_not_root(dockerfile):
    assert re.findall(r"^USER (.+)$", dockerfile.read_text(), re.M) == ["10001:10001"]


def test_superset_is_told_only_what_its_programs_read(services):
    code = "".join(path.read_text() for path in sorted(SUPERSET.glob("*.py")))
    given = set(services["superset"]["environment"]) | set(
        re.findall(r"(SUPERSET_\w+)=", (SUPERSET / "Dockerfile").read_text())
    )
    # Superset itself reads where its settings are; users are read by their names.
    read = set(re.findall(r"SUPERSET_[A-Z_]+", code)) | {"SUPERSET_CONFIG_PATH"}
    read |= {f"SUPERSET_{user}_PASSWORD" for user in ("ADMIN", "ANALYST", "VIEWER")}
    assert given <= read
    asked = set(re.findall(r'(?:environ|found)\["(SUPERSET_\w+)"\]', code))
    assert asked <= given


def test_superset_reaches_the_warehouse_as_the_reader_only(services):
    environment = services["superset"]["environment"]
    assert environment["SUPERSET_WAREHOUSE_USER"] == "reader"
    assert environment["SUPERSET_WAREHOUSE_PASSWORD"].startswith("${CLICKHOUSE_READER_PASSWORD")
    assert "create user if not exists reader" in "".join(
        path.read_text() for path in sorted((FOLDER.parent / "clickhouse" / "sql").glob("*.sql"))
    )


@pytest.mark.slow
def test_files_of_the_image_suffice_to_start_and_to_load_every_flow(tmp_path):
    for source in copied_sources():
        origin, place = PROJECT_ROOT / source, tmp_path / source
        if origin.is_dir():
            shutil.copytree(origin, place, ignore=shutil.ignore_patterns("target", "logs"))
        else:
            shutil.copy(origin, place)
    deployments = yaml.safe_load((tmp_path / "prefect.yaml").read_text())["deployments"]
    modules = {one["entrypoint"].partition(":")[0][:-3].replace("/", ".") for one in deployments}
    code = (
        f"import {', '.join(sorted(modules))}; import oracul.cli, oracul.chains as c;"
        "from oracul.warehouse.migrate import read_migrations;"
        "assert read_migrations() and c.load_chains() and c.DBT_PROJECT_DIR.is_dir();"
        "print(c.PROJECT_ROOT)"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"], "HOME": str(tmp_path),
             "PREFECT_HOME": str(tmp_path / "prefect"), "DO_NOT_TRACK": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == str(tmp_path), done.stderr[-2000:]


def test_compose_file_is_valid_by_the_compose_specification(compose):
    jsonschema.validate(compose, compose_schema())


def test_specification_refuses_a_misspelt_key(compose):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(
            compose | {"services": {"x": {"image": "y", "read-only": True}}}, compose_schema()
        )


def test_every_service_is_hardened(services):
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["user"].split(":")[0] not in ("0", "root"), name
        assert "privileged" not in service, name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name


def test_every_image_has_a_tag_that_does_not_wander(services):
    for name, service in services.items():
        tag = service["image"].partition(":")[2]
        assert tag, name
        assert tag != "latest", name


def test_server_is_of_the_version_that_the_embedded_engine_is(services):
    requirements = (PROJECT_ROOT / "requirements.txt").read_text()
    locked = re.search(r"^chdb-core==(\d+\.\d+)", requirements, re.M)
    assert services["clickhouse"]["image"].endswith(f":{locked[1]}")


def test_every_service_that_stays_is_watched(services):
    for name, service in services.items():
        if name in ONE_SHOT:
            assert service["healthcheck"] == {"disable": True}
        elif not name.startswith("worker"):
            assert service["healthcheck"]["test"][0] == "CMD", name
        else:
            # The image's own check asks the server that this option starts.
            assert "--with-healthcheck" in service["command"]


def test_only_the_user_interfaces_are_published_and_only_on_this_machine(services):
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {
        "prefect": ["127.0.0.1:${PREFECT_PORT:-4200}:4200"],
        "superset": ["127.0.0.1:${SUPERSET_PORT:-8088}:8088"],
    }


def test_databases_have_no_way_out(compose, services):
    assert compose["networks"]["inside"] == {"internal": True}
    for name in ("clickhouse", "postgres"):
        assert services[name]["networks"] == ["inside"]


def test_every_name_a_service_uses_is_defined(compose, services):
    for service in services.values():
        inside = service.get("network_mode", "").removeprefix("service:")
        assert inside in services or set(service["networks"]) <= set(compose["networks"])
        assert set(service.get("depends_on", {})) <= set(services)
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            if source.startswith(MADE_BY_HAND):
                assert "tls/" in (FOLDER / "README.md").read_text()
            elif source.startswith("."):
                assert (FOLDER / source).exists(), source
            else:
                assert source in compose["volumes"], source


def test_everything_that_is_written_to_is_a_volume_or_memory(services):
    homes = {"oracul": "/var/lib/oracul", "oracul-superset": "/var/lib/superset"}
    for name, service in services.items():
        if home := homes.get(service["image"].partition(":")[0]):
            places = [one.partition(":")[2] for one in service.get("volumes", [])]
            places += [one.partition(":")[0] for one in service["tmpfs"]]
            assert {"/tmp", home} <= set(places), name  # noqa: S108


def test_every_secret_comes_from_outside_and_is_asked_for(services):
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|AUTH|SECRET", variable):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), f"{name}: {variable}"


def test_workers_poll_the_pool_and_every_queue_that_deployments_use(services):
    config = yaml.safe_load((PROJECT_ROOT / "prefect.yaml").read_text())
    pools = [deployment["work_pool"] for deployment in config["deployments"]]
    workers = [s["command"] for name, s in services.items() if name.startswith("worker")]
    assert {pool["name"] for pool in pools} == {WORK_POOL}
    assert all(command[command.index("--pool") + 1] == WORK_POOL for command in workers)
    polled = {command[command.index("--work-queue") + 1] for command in workers}
    assert polled == {pool.get("work_queue_name") or "default" for pool in pools}


def test_services_start_after_what_they_need(services):
    ended = {"condition": "service_completed_successfully"}
    assert services["users"]["depends_on"] == {"clickhouse": {"condition": "service_healthy"}}
    assert services["migrate"]["depends_on"] == {"users": ended}
    assert services["deploy"]["depends_on"] == {"prefect": {"condition": "service_healthy"}}
    for name in ("worker", "worker-ingest"):
        assert services[name]["depends_on"] == {"migrate": ended, "deploy": ended}


def test_users_are_made_of_all_statements_with_all_their_parameters(services):
    users = services["users"]
    statements = "".join(
        file.read_text() for file in sorted((FOLDER.parent / "clickhouse" / "sql").glob("*.sql"))
    )
    asked = set(re.findall(r"\{(\w+):String\}", statements))
    assert set(re.findall(r"--param_(\w+)=", users["command"][0])) == asked
    assert users["volumes"] == ["../clickhouse/sql:/sql:ro"]
    config = (FOLDER.parent / "clickhouse" / "config.d" / "oracul.xml").read_text()
    assert "<tcp_port_secure>9440<" in config
    assert "--port 9440" in users["command"][0]


def test_variables_of_the_server_are_those_that_its_files_read(services):
    folder = FOLDER.parent / "clickhouse"
    text = "".join(file.read_text() for file in folder.glob("[cu]*.d/*.xml"))
    given = set(services["clickhouse"]["environment"]) - {"CLICKHOUSE_SKIP_USER_SETUP"}
    assert given == set(re.findall(r'from_env="(\w+)"', text))
