"""What supervisord is told."""

import configparser
from pathlib import Path

import pytest

from oracul.errors import ConfigError
from oracul.settings import ClickHouseSettings, PrefectSettings, Settings, SupersetSettings
from oracul.stack.parts import parts_of
from oracul.stack.supervision import configuration, socket_of


def _settings(home, **options):
    return Settings(home=home, _env_file=None, **options)


def _read(settings):
    parser = configparser.RawConfigParser()
    parser.read_string(configuration(settings, parts_of(settings)))
    return parser


def test_every_part_is_a_program_that_is_started_again(tmp_path):
    read = _read(_settings(tmp_path))
    programs = [name for name in read.sections() if name.startswith("program:")]
    workers = ["program:worker", "program:worker-ingest"]
    assert programs == ["program:warehouse", "program:prefect", *workers, "program:superset"]
    assert {read[name]["autorestart"] for name in programs} == {"true"}


def test_worker_waits_for_the_deployments(tmp_path):
    read = _read(_settings(tmp_path))
    for name in ("worker", "worker-ingest"):
        assert read[f"program:{name}"]["autostart"] == "false"


def test_warehouse_elsewhere_is_no_part(tmp_path):
    settings = _settings(tmp_path, clickhouse=ClickHouseSettings(host="ch.example"))
    assert "warehouse" not in [part.name for part in parts_of(settings)]


def test_superset_can_be_left_out(tmp_path):
    settings = _settings(tmp_path, superset=SupersetSettings(enabled=False))
    assert "superset" not in [part.name for part in parts_of(settings)]


def test_servers_listen_on_this_machine_only(tmp_path):
    settings = _settings(tmp_path, prefect=PrefectSettings(port=4311))
    server = parts_of(settings)[1]
    assert server.command[-4:] == ("--host", "127.0.0.1", "--port", "4311")
    assert server.health_url == "http://127.0.0.1:4311/api/health"


def test_configuration_holds_no_secret(tmp_path):
    settings = _settings(
        tmp_path,
        clickhouse=ClickHouseSettings(host="ch.example", password="canary-7f3a"),
        chains={"ethereum": {"rpc_urls": "https://node.example/canary-7f3a"}},
    )
    assert "canary" not in configuration(settings, parts_of(settings))


def test_per_cent_sign_in_a_path_is_taken_literally(tmp_path):
    read = _read(_settings(tmp_path / "50%"))
    assert read["supervisord"]["pidfile"] == f"{tmp_path}/50%%/stack/supervisord.pid"


def test_path_that_cannot_be_quoted_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot take"):
        configuration(_settings(tmp_path / 'a"b'), [])


def test_socket_of_a_long_path_is_short_and_private(tmp_path):
    home = tmp_path / ("x" * 120)
    path = socket_of(_settings(home))
    assert len(str(path)) < 95
    assert path.parent.stat().st_mode & 0o077 == 0
    assert path == socket_of(_settings(home)) != socket_of(_settings(Path(f"{home}y")))


@pytest.mark.parametrize(("minutes", "seconds"), [(2, 30), (5, 60), (10, 120)])
def test_run_gives_some_signs_of_life_before_it_counts_as_silent(tmp_path, minutes, seconds):
    settings = _settings(tmp_path, prefect=PrefectSettings(silent_minutes=minutes))
    worker = next(part for part in parts_of(settings) if part.name == "worker")
    assert worker.environment["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == str(seconds)
