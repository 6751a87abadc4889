"""TLS to a server: every way in checks the certificate, and says what is wrong with it."""

import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from pydantic import SecretStr

from oracul.errors import ConfigError, WarehouseError
from oracul.settings import ClickHouseSettings, Settings
from oracul.warehouse import connect, connection_environment
from oracul.warehouse.dbt import run_dbt
from oracul.warehouse.sqlalchemy_url import sqlalchemy_url
from tests.fixtures.tls_endpoint import make_authority, tls_in_front_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def authority(folder):
    return make_authority(folder)


@pytest.fixture(scope="module")
def stranger(folder):
    return make_authority(folder, "Another Authority")


@pytest.fixture(scope="module")
def tls_port(folder, authority, warehouse_endpoint):
    """A server whose certificate is for localhost, not for 127.0.0.1."""
    context = authority.sign(folder, ["localhost"])
    with tls_in_front_of(warehouse_endpoint.port, context) as port:
        yield port


@pytest.fixture
def settings_of(tmp_path, tls_port, authority, warehouse_endpoint):
    """Settings of the server behind TLS, the right ones unless told otherwise."""

    def make(**fields):
        right = {
            "host": "localhost",
            "port": tls_port,
            "user": warehouse_endpoint.user,
            "password": SecretStr(warehouse_endpoint.password.get_secret_value()),
            "secure": True,
            "ca_cert": authority.certificate,
        }
        return Settings(
            home=tmp_path, clickhouse=ClickHouseSettings(**right | fields), _env_file=None
        )

    return make


def test_known_authority_lets_the_client_in(settings_of):
    assert connect(settings_of()).command("select 40 + 2") == 42


def test_unknown_authority_is_refused(settings_of, stranger):
    for ca_cert in (stranger.certificate, None):
        with pytest.raises(WarehouseError, match=r"not trusted \(.*CA_CERT"):
            connect(settings_of(ca_cert=ca_cert))


def test_wrong_host_name_is_refused(settings_of):
    with pytest.raises(WarehouseError, match="another host name"):
        connect(settings_of(host="127.0.0.1"))


def test_switched_off_check_works_and_warns(settings_of, caplog, capfd):
    client = connect(settings_of(verify=False, ca_cert=None, host="127.0.0.1"))
    assert client.command("select 1") == 1
    told = capfd.readouterr()
    assert "certificate_not_checked" in told.err + told.out + caplog.text


def test_plain_request_to_a_tls_port_says_so(settings_of):
    with pytest.raises(WarehouseError, match="SECURE=true"):
        connect(settings_of(secure=False))


def test_tls_request_to_a_plain_port_says_so(settings_of, warehouse_endpoint):
    with pytest.raises(WarehouseError, match="does not speak TLS"):
        connect(settings_of(port=warehouse_endpoint.port))


@pytest.mark.parametrize("content", [None, "nothing"])
def test_authority_that_is_no_certificate_is_a_setting_error(settings_of, tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match="CA_CERT"):
        connect(settings_of(ca_cert=path))


def test_no_error_shows_the_password(settings_of, stranger, warehouse_endpoint):
    password = warehouse_endpoint.password.get_secret_value()
    for fields in ({"ca_cert": stranger.certificate}, {"host": "127.0.0.1"}, {"secure": False}):
        with pytest.raises(WarehouseError) as told:
            connect(settings_of(**fields))
        assert password not in str(told.value)


@pytest.mark.parametrize(
    ("fields", "is_let_in"),
    [({}, True), ({"ca_cert": None}, False), ({"host": "127.0.0.1"}, False),
     ({"ca_cert": None, "verify": False}, True)],
)  # fmt: skip
def test_sqlalchemy_checks_the_certificate(settings_of, fields, is_let_in):
    """The way in of Great Expectations."""
    from sqlalchemy import create_engine, text

    engine = create_engine(sqlalchemy_url(settings_of(**fields)))
    refused = pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED")
    with nullcontext() if is_let_in else refused, engine.connect() as connection:
        assert connection.execute(text("select 1")).scalar() == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "is_let_in"),
    [({}, True), ({"ca_cert": None}, False), ({"host": "127.0.0.1"}, False),
     ({"ca_cert": None, "verify": False}, True)],
)  # fmt: skip
def test_dbt_checks_the_certificate(settings_of, fields, is_let_in):
    settings = settings_of(**fields)
    done = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "debug", "--connection",
         "--project-dir", ROOT / "dbt_project", "--profiles-dir", ROOT / "dbt_project",
         "--log-path", settings.home / "logs"],
        env=os.environ | connection_environment(settings) | {"DBT_TARGET_PATH": settings.home},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == is_let_in, done.stdout
    assert is_let_in or "CERTIFICATE_VERIFY_FAILED" in done.stdout


@pytest.mark.slow
def test_dbt_of_the_main_job_trusts_the_authority_of_the_settings(settings_of):
    before = os.environ.get("SSL_CERT_FILE")
    run_dbt(settings_of(), ["show", "--inline", "select 1 as one", "--quiet"])
    assert os.environ.get("SSL_CERT_FILE") == before


def test_file_of_authorities_keeps_the_usual_ones(settings_of, authority):
    bundle = Path(connection_environment(settings_of())["SSL_CERT_FILE"]).read_text()
    assert authority.certificate.read_text() in bundle
    assert bundle.count("BEGIN CERTIFICATE") > 50
