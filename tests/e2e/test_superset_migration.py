"""A migration of Superset's own database that is killed half-way starts over."""

import os
import sqlite3
import subprocess
from contextlib import closing

import pytest

from oracul.stack.superset import (
    SUPERSET_DIR,
    import_assets,
    superset_environment,
    superset_python,
)
from tests.fixtures.dashboards import repository
from tests.fixtures.operated_stack import wait_until
from tests.fixtures.superset import skip_without_superset, superset_settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# Tables and indexes: 38 are there before the first migration, some 150 after the last one.
HALF_MADE = 70


@pytest.fixture
def settings(tmp_path):
    skip_without_superset()
    found = superset_settings(tmp_path / "home")
    (found.home / "superset").mkdir(parents=True, mode=0o700)
    return found


def count(database, what):
    """Rows of a table; 0 where there is none, or another process has the file to itself."""
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as asked:
            ((number,),) = asked.execute(f"select count(*) from {what}")
    except sqlite3.OperationalError:
        return 0
    return number


def test_migration_that_was_killed_starts_over(settings):
    database = settings.home / "superset" / "superset.db"
    before = database.with_name("superset.db.before-migration")
    process = subprocess.Popen(
        [superset_python(), SUPERSET_DIR / "bootstrap.py"],
        env=os.environ | superset_environment(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(before.exists, 120, "a migration")
        wait_until(lambda: count(database, "sqlite_master") > HALF_MADE, 60, "half of it")
    finally:
        process.kill()
        process.wait(timeout=30)
    assert before.exists(), "it was over before it was killed"
    assert count(database, "dashboards where published") == 0
    # What would trip a second go over the same half-made tables.
    with closing(sqlite3.connect(database)) as spoiled:
        spoiled.execute("create table left_by_the_killed_one (id integer)")
        spoiled.commit()

    assert import_assets(settings)

    assert not before.exists()
    assert count(database, "sqlite_master where name = 'left_by_the_killed_one'") == 0
    assert count(database, "dashboards where published") == len(repository().dashboards)
    assert count(database, "alembic_version") == 1
