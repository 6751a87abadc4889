"""The two users and their passwords: made at first use, kept in a file for its owner only."""

import hmac
import json
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pydantic import SecretStr

from oracul.errors import WarehouseError
from oracul.redact import hide
from oracul.settings import Settings
from oracul.warehouse.embedded.faults import AUTHENTICATION_FAILED, Fault
from oracul.warehouse.embedded.files import write_private
from oracul.warehouse.embedded.request import Credentials

READER = "reader"


@dataclass(frozen=True, slots=True)
class Users:
    """Name of the administrator and both passwords."""

    admin: str
    admin_password: SecretStr
    reader_password: SecretStr

    def sign_in(self, offered: Credentials) -> bool:
        """True when this is the reader, False for the administrator. Raises Fault for others.

        Takes the same time whatever is wrong: name and both passwords are always compared.
        """
        is_admin = _same(offered.user, self.admin)
        is_reader = _same(offered.user, READER)
        admin_ok = _same(offered.password, self.admin_password.get_secret_value())
        reader_ok = _same(offered.password, self.reader_password.get_secret_value())
        if not (is_admin & admin_ok or is_reader & reader_ok):
            raise Fault(
                AUTHENTICATION_FAILED,
                "Authentication failed: password is incorrect, or there is no user with such name."
                ' In a shell, `eval "$(oracul warehouse env)"` sets both',
            )
        return is_reader


def _same(offered: str, actual: str) -> bool:
    return hmac.compare_digest(
        sha256(offered.encode("utf-8", "surrogateescape")).digest(),
        sha256(actual.encode()).digest(),
    )


def load_users(settings: Settings, path: Path) -> Users:
    """The users of this home; missing passwords are made and stored in `path` (mode 0600).

    A password from the settings wins over a stored one. Raises WarehouseError when the file is
    damaged or the names of both users are the same.
    """
    admin = settings.clickhouse.user
    if admin == READER or not admin:
        raise WarehouseError(
            f"The user '{admin}' cannot be the administrator of the embedded warehouse.",
            hint=f"Set ORACUL_CLICKHOUSE__USER to a name other than '{READER}'.",
        )
    stored = _stored(path)
    wanted = {"admin": stored.get("admin"), "reader": stored.get("reader")}
    for role, password in wanted.items():
        wanted[role] = password or secrets.token_urlsafe(24)
        hide(str(wanted[role]))
    if wanted != stored:
        write_private(path, json.dumps(wanted, indent=1) + "\n")
    given = settings.clickhouse.password
    chosen = given if given is not None and given.get_secret_value() else None
    return Users(
        admin=admin,
        admin_password=chosen or SecretStr(str(wanted["admin"])),
        reader_password=SecretStr(str(wanted["reader"])),
    )


def _stored(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text())
        return {str(role): str(password) for role, password in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise WarehouseError(
            f"The passwords in {path} cannot be read: {error}.",
            hint="Delete the file: new passwords are made at the next start.",
        ) from None
    finally:
        if path.exists():
            path.chmod(0o600)
