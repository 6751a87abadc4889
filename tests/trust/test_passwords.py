"""Who is let in: nothing listens beyond this machine, no password is a default or can be timed."""

import hmac
import ipaddress
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from pydantic import SecretStr

from oracul.settings import Settings, WarehouseSettings
from oracul.warehouse.embedded import Endpoint, ensure_running
from oracul.warehouse.embedded.faults import Fault
from oracul.warehouse.embedded.files import places_of
from oracul.warehouse.embedded.request import Credentials
from oracul.warehouse.embedded.serving import running
from oracul.warehouse.embedded.users import Users, load_users


def test_embedded_server_listens_on_loopback_alone(warehouse_settings: Settings) -> None:
    info = running(warehouse_settings)
    assert info is not None
    listening = [
        c.laddr.ip
        for c in psutil.Process(info.pid).net_connections()
        if c.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert all(ipaddress.ip_address(ip).is_loopback for ip in listening)


def test_no_setting_opens_the_embedded_server_to_others() -> None:
    names = set(WarehouseSettings.model_fields)
    assert not [name for name in names if re.search("host|listen|bind|address|interface", name)]


def test_local_stack_binds_prefect_to_loopback() -> None:
    from oracul.stack.parts import parts_of

    parts = {part.name: part for part in parts_of(Settings(_env_file=None))}
    command = parts["prefect"].command
    assert command[command.index("--host") + 1] == "127.0.0.1"


def test_prefect_of_the_local_stack_answers_no_page_from_elsewhere() -> None:
    from prefect.settings import PREFECT_SERVER_CORS_ALLOWED_ORIGINS, temporary_settings

    from oracul.stack.parts import prefect_environment

    settings = Settings(_env_file=None)
    given = prefect_environment(settings)["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"]
    assert given == f"http://127.0.0.1:{settings.prefect.port}"
    with temporary_settings({PREFECT_SERVER_CORS_ALLOWED_ORIGINS: given}):
        assert PREFECT_SERVER_CORS_ALLOWED_ORIGINS.value() == given


CASES = {
    "right": ("oracul", "admin's password"), "reader": ("reader", "reader's password"),
    "wrong password": ("oracul", "x"), "unknown user": ("nobody", "admin's password"),
    "nothing": ("", ""), "longer": ("oracul", "admin's password" * 1000),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_sign_in_compares_everything_in_constant_time(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []
    real = hmac.compare_digest

    def counting(a: Any, b: Any) -> bool:
        compared.append((len(a), len(b)))
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    users = Users("oracul", SecretStr("admin's password"), SecretStr("reader's password"))
    try:
        users.sign_in(Credentials(*CASES[case]))
    except Fault:
        assert case not in ("right", "reader")
    # Both names and both passwords, whatever was wrong, as digests of one length.
    assert compared == [(32, 32)] * 4


def test_wrong_password_and_unknown_user_get_the_same_answer(warehouse_endpoint: Endpoint) -> None:
    address = f"http://{warehouse_endpoint.host}:{warehouse_endpoint.port}/"
    answers = [
        httpx.post(address, content="select 1", auth=pair)
        for pair in (("oracul", "x"), ("nobody", "x"), ("reader", "x"), ("", ""))
    ]
    assert {(a.status_code, a.text) for a in answers} == {(answers[0].status_code, answers[0].text)}
    assert answers[0].status_code in (401, 403)


def test_wrong_passwords_are_answered_slowly(warehouse_endpoint: Endpoint) -> None:
    address = f"http://{warehouse_endpoint.host}:{warehouse_endpoint.port}/"
    right = (warehouse_endpoint.user, warehouse_endpoint.password.get_secret_value())
    wrong = httpx.post(address, content="select 1", auth=("oracul", "x"))
    good = httpx.post(address, content="select 1", auth=right)
    assert wrong.elapsed.total_seconds() >= 0.2
    assert good.status_code == 200


def test_made_passwords_carry_192_random_bits(tmp_path: Path) -> None:
    settings = Settings(_env_file=None)
    made = set()
    for i in range(50):
        users = load_users(settings, tmp_path / f"{i}.json")
        made |= {users.admin_password.get_secret_value(), users.reader_password.get_secret_value()}
    assert len(made) == 100
    assert min(map(len, made)) >= 32


def test_home_and_what_it_keeps_are_for_their_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    before = os.umask(0)
    try:
        places = places_of(Settings(home=home, _env_file=None))
        places.make()
        load_users(Settings(home=home, _env_file=None), places.passwords)
    finally:
        os.umask(before)
    modes = {
        path.relative_to(tmp_path).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in (home, *home.rglob("*"))
    }
    assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}


def test_running_server_leaves_no_file_to_others(warehouse_settings: Settings) -> None:
    ensure_running(warehouse_settings)
    home = warehouse_settings.home
    root = home / "warehouse"
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert stat.S_IMODE((root / "passwords.json").stat().st_mode) == 0o600
    assert set(json.loads((root / "passwords.json").read_text())) == {"admin", "reader"}
