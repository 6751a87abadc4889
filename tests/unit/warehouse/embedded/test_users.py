"""Passwords of the two users."""

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from oracul.errors import WarehouseError
from oracul.settings import ClickHouseSettings, Settings
from oracul.warehouse.embedded.faults import Fault
from oracul.warehouse.embedded.request import Credentials
from oracul.warehouse.embedded.users import Users, load_users


def settings_with(password: str | None = None) -> Settings:
    secret = SecretStr(password) if password is not None else None
    return Settings(clickhouse=ClickHouseSettings(password=secret), _env_file=None)


def test_generated_passwords_are_long_and_differ(tmp_path: Path) -> None:
    users = load_users(settings_with(), tmp_path / "p.json")

    admin, reader = (
        users.admin_password.get_secret_value(),
        users.reader_password.get_secret_value(),
    )

    assert (len(admin) >= 32, len(reader) >= 32, admin != reader) == (True, True, True)


def test_generated_passwords_stay(tmp_path: Path) -> None:
    path = tmp_path / "p.json"

    assert load_users(settings_with(), path) == load_users(settings_with(), path)


def test_password_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    load_users(settings_with(), path)
    path.chmod(0o644)
    load_users(settings_with(), path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_password_of_the_settings_wins(tmp_path: Path) -> None:
    users = load_users(settings_with("chosen"), tmp_path / "p.json")

    assert users.admin_password.get_secret_value() == "chosen"


def test_empty_password_of_the_settings_is_not_taken(tmp_path: Path) -> None:
    users = load_users(settings_with(""), tmp_path / "p.json")

    assert len(users.admin_password.get_secret_value()) >= 32


def test_damaged_password_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text("[")

    with pytest.raises(WarehouseError, match="cannot be read"):
        load_users(settings_with(), path)


USERS = Users("oracul", SecretStr("admin's"), SecretStr("reader's"))


def test_both_users_sign_in() -> None:
    offered = [Credentials("oracul", "admin's"), Credentials("reader", "reader's")]

    assert [USERS.sign_in(one) for one in offered] == [False, True]


@pytest.mark.parametrize(
    ("user", "password"),
    [("oracul", "reader's"), ("reader", "admin's"), ("oracul", ""), ("", ""), ("x", "admin's"),
     ("oracul", "admin's "), ("ORACUL", "admin's"), ("oracul", "ädmin\udcff")],
)  # fmt: skip
def test_others_do_not(user: str, password: str) -> None:
    with pytest.raises(Fault):
        USERS.sign_in(Credentials(user, password))
