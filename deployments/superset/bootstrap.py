"""Bring Superset's own database to what the repository describes; the same again changes nothing.

migrations → roles and users → dashboards → what they may see → what the repository no longer has
"""

import contextlib
import fcntl
import logging
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from assets import AssetError, read_assets
from bundle import DATABASE, bundle, id_of

USERS = {"admin": "Admin", "analyst": "Analyst", "viewer": "Viewer"}
SCHEMAS = ("marts", "curated")
# Beside what Superset's own public role may: find the dashboards, and say who one is.
VIEWER_MAY = {
    ("menu_access", "Dashboards"),
    ("can_recent_activity", "Log"),
    ("can_log", "Superset"),
    ("can_read", "SecurityRestApi"),
    ("can_userinfo", "UserDBModelView"),
    ("can_this_form_get", "ResetMyPasswordView"),
    ("can_this_form_post", "ResetMyPasswordView"),
    ("resetmypassword", "UserDBModelView"),
}
# What Superset's role for analysts may, and shall not: files reach no warehouse of ours, and a
# connection of one's own would go around the read-only user.
ANALYST_MAY_NOT = {
    ("can_upload", "Database"),
    ("can_csv_upload", "Database"),
    ("can_write", "Database"),
    ("can_write", "Theme"),
    ("can_write", "CssTemplate"),
}


class BootstrapError(Exception):
    """Superset cannot be brought to what the repository describes: why, in one line."""


def bootstrap(app: Any) -> None:
    """Do all of it. Raises AssetError for a file that makes no sense, BootstrapError otherwise."""
    files = bundle(read_assets())
    with app.app_context():
        with _step("Superset's database is up to date"):
            _migrate()
        with _step("roles and users"):
            roles = _roles()
            admin = _users(roles)
        with _step(f"{len(files) - 1} files of dashboards, charts and datasets"):
            _import(files, admin)
        with _step("who sees what"):
            _prune(files)
            _grant(roles)


@contextmanager
def _step(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - began:.1f} s", flush=True)


def _migrate() -> None:
    from flask_migrate import upgrade
    from superset.extensions import db

    # Alembic writes a line a step, and sets up logging anew.
    logging.disable(logging.INFO)
    with _whole_or_not_at_all(db.engine) as is_behind:
        if is_behind:
            # Migrations print what they think.
            with contextlib.redirect_stdout(sys.stderr):
                upgrade()
    logging.disable(logging.INFO)


@contextmanager
def _whole_or_not_at_all(engine: Any) -> Iterator[bool]:
    """Whether there is something to migrate; what a killed one left in SQLite is put back before.

    SQLite commits in the middle of a migration, and a half-made one cannot go on. One at a time:
    who comes second waits, and finds it done.
    """
    if engine.dialect.name != "sqlite":
        yield _head() != _current(engine)
        return
    database = Path(engine.url.database)
    before, half_made, lock = (
        database.with_name(f"{database.name}.{end}")
        for end in ("before-migration", "half-migrated", "lock")
    )
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if before.exists():
            engine.dispose()
            for left in ("-journal", "-wal", "-shm"):
                database.with_name(database.name + left).unlink(missing_ok=True)
            # Kept, should somebody have saved something in it.
            database.replace(half_made)
            before.replace(database)
        is_behind = _head() != _current(engine)
        if is_behind:
            _copy(database, before)
        yield is_behind
        before.unlink(missing_ok=True)


def _copy(database: Path, copy: Path) -> None:
    """All of it as of one instant, also while others write."""
    draft = copy.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(draft)) as target:
        source.backup(target)
    draft.chmod(0o600)
    draft.replace(copy)


def _head() -> str | None:
    from flask import current_app

    directory = current_app.extensions["migrate"].directory
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(directory))
    return ScriptDirectory.from_config(config).get_current_head()


def _current(engine: Any) -> str | None:
    from alembic.migration import MigrationContext

    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _roles() -> dict[str, Any]:
    from superset.extensions import appbuilder, db, security_manager

    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    wanted = {
        "Viewer": [
            found
            for permission, view in sorted(security_manager.PUBLIC_ROLE_PERMISSIONS | VIEWER_MAY)
            if (found := security_manager.find_permission_view_menu(permission, view))
        ],
        "Analyst": [
            found
            for name in ("Gamma", "sql_lab")
            for found in security_manager.find_role(name).permissions
            if (found.permission.name, found.view_menu.name) not in ANALYST_MAY_NOT
        ],
    }
    roles = {"Admin": security_manager.find_role("Admin")}
    for name, permissions in wanted.items():
        roles[name] = security_manager.add_role(name)
        # Set, not added to: a right that somebody gave by hand is gone at the next start.
        roles[name].permissions = list(dict.fromkeys(permissions))
    db.session.commit()
    return roles


def _users(roles: dict[str, Any]) -> Any:
    """Make the users whose passwords are given; the administrator. Raises BootstrapError."""
    from superset.extensions import db, security_manager

    for name, role in USERS.items():
        password = os.environ.get(f"SUPERSET_{name.upper()}_PASSWORD")
        if not password:
            continue
        found = security_manager.find_user(username=name)
        if found is None:
            security_manager.add_user(
                name, name.title(), "Oracul", f"{name}@localhost", [roles[role]], password=password
            )
            continue
        found.roles, found.active = [roles[role]], True
        db.session.commit()
        _set_password(found, password)
    admin = security_manager.find_user(username="admin")
    if admin is None:
        raise BootstrapError("there is no administrator: set SUPERSET_ADMIN_PASSWORD")
    return admin


def _set_password(user: Any, password: str) -> None:
    from superset.extensions import security_manager
    from werkzeug.security import check_password_hash

    if not check_password_hash(user.password, password):
        security_manager.reset_password(user.id, password)


def _import(files: dict[str, str], admin: Any) -> None:
    from superset.commands.exceptions import CommandInvalidError, ImportFailedError
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.utils.core import override_user

    try:
        with override_user(admin):
            ImportAssetsCommand(dict(files)).run()
    except (ImportFailedError, CommandInvalidError) as error:
        # Its own text is "for an unknown reason".
        cause = error if hasattr(error, "normalized_messages") else error.__cause__
        told = cause.normalized_messages() if hasattr(cause, "normalized_messages") else cause
        raise BootstrapError(f"Superset does not take the dashboards: {told}") from error


def _prune(files: dict[str, str]) -> None:
    """Remove what came from the repository and is not in it any more; people's own work stays."""
    import yaml
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db
    from superset.models.core import Database
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    ours = {yaml.safe_load(text).get("uuid") for text in files.values()}
    titles = {
        Dashboard: "dashboard_title",
        Slice: "slice_name",
        SqlaTable: "table_name",
        Database: "database_name",
    }
    for model, title in titles.items():
        for found in db.session.query(model).filter_by(is_managed_externally=True):
            if str(found.uuid) not in ours:
                print(f"removed {model.__name__.lower()} {getattr(found, title)}", flush=True)
                db.session.delete(found)
    db.session.commit()


def _grant(roles: dict[str, Any]) -> None:
    from superset.extensions import db, security_manager
    from superset.models.core import Database
    from superset.models.dashboard import Dashboard

    warehouse = db.session.query(Database).filter_by(uuid=id_of("databases", DATABASE)).one()
    for schema in SCHEMAS:
        name = security_manager.get_schema_perm(warehouse.database_name, None, schema)
        granted = security_manager.add_permission_view_menu("schema_access", name)
        security_manager.add_permission_role(roles["Analyst"], granted)
    # The format of the files has no field for them.
    for dashboard in db.session.query(Dashboard).filter_by(is_managed_externally=True):
        dashboard.roles = [roles["Viewer"], roles["Analyst"]]
    db.session.commit()


def make_app() -> Any:
    """Superset's application, quiet but for warnings."""
    from superset.app import create_app

    logging.disable(logging.INFO)
    # It prints which configuration it found.
    with contextlib.redirect_stdout(sys.stderr):
        return create_app()


def main() -> int:
    """Bootstrap and end."""
    try:
        bootstrap(make_app())
    except (AssetError, BootstrapError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
