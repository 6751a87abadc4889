"""Promise: a build or publication killed amid its work is made good by the next.

Two branches of one chain are landed; a flip of the pointers moves days, drops one and brings it
back, and each kill happens while the marts follow a flip.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from oracul.warehouse.dbt import raise_first_failure, run_dbt
from oracul.warehouse.publish import MARTS_NEXT, publish
from tests.fixtures import killing
from tests.fixtures.content import content_hashes
from tests.fixtures.landing import land_blocks
from tests.fixtures.own_home import own_client, own_settings  # noqa: F401
from tests.fixtures.toy_chain import ZERO_HASH, address, toy_block, transaction, transfer_log

pytestmark = pytest.mark.slow

PROMISE = "crash anywhere in landing, recovery and transform"
MODELS = ("+network_metrics_daily", "+token_days")
BUILD = ("dbt", "run", "--select", *MODELS)
PUBLISH = ("step", "publish")
START = date(2024, 3, 1)
# Day of each block: on the second branch, the last day is gone and the second is fuller.
MAIN_DAYS = (0, 0, 1, 1, 2, 2)
SIDE_DAYS = (0, 0, 1, 1, 1, 1)


def branch(days, salt):
    blocks, parent = [], ZERO_HASH
    for number, day in enumerate(days):
        at = datetime.combine(START + timedelta(days=day), datetime.min.time(), UTC)
        second = int(at.timestamp()) + 12 * number
        own = salt if number >= 3 else ""
        log = transfer_log(address("token", own), address("a"), address("b"), number + 1)
        blocks.append(
            toy_block(
                number,
                parent,
                [transaction(f"{number}{own}", [log])],
                salt=own,
                edit_header=lambda header, second=second: header.update(timestamp=hex(second)),
            )
        )
        parent = blocks[-1].hash
    return blocks


BRANCHES = (branch(MAIN_DAYS, "main"), branch(SIDE_DAYS, "side"))


class Site:
    """A warehouse whose chain flips between two branches, and builds on it that may be killed."""

    def __init__(self, settings, client):
        self.settings, self.client = settings, client
        self.variables = {
            "ORACUL_HOME": str(settings.home),
            "ORACUL_DBT_MARTS_SCHEMA": MARTS_NEXT,
            "DBT_TARGET_PATH": str(settings.home / "dbt" / "by-hand"),
        }

    def flip(self, side):
        land_blocks(self.client, "ethereum", BRANCHES[side])

    def build(self):
        raise_first_failure(run_dbt(self.settings, BUILD[1:], marts=MARTS_NEXT))

    def publish(self):
        publish(self.settings, self.client)

    def follow(self, side):
        """A flip, a build and a publication that nobody kills."""
        self.flip(side)
        self.build()
        self.publish()

    def die(self, words, point, without=()):
        ended = killing.command(words, self.variables, point, without=without)
        assert ended.returncode == killing.KILLED, ended.stdout + ended.stderr

    def hashes(self):
        found = content_hashes(self.client, ("curated", "marts", MARTS_NEXT))
        # What a killed build was putting together beside a table; dropped when it is a day old.
        return {table: said for table, said in found.items() if "__dbt_" not in table}


@pytest.fixture(scope="module")
def site(own_settings, own_client):  # noqa: F811
    return Site(own_settings, own_client)


@pytest.fixture(scope="module")
def clean(site):
    """Hashes of either branch, built and published without a kill."""
    found = {}
    for side in (0, 1):
        site.follow(side)
        found[side] = site.hashes()
    assert found[0] != found[1]
    return found


def test_build_killed_anywhere_is_made_good_by_the_next(site, clean, promise):
    points = list(killing.TRANSFORM)
    trial = promise(PROMISE, small=3, full=30, unit="kills in a build")
    equal, side = 0, 1
    for index in range(trial.count):
        site.flip(1 - side)
        site.die(BUILD, points[index % len(points)])
        # Every other time the chain flips back while the build lies dead.
        side = side if index % 2 else 1 - side
        site.follow(side)
        equal += site.hashes() == clean[side]
    trial.saw(f"{equal} of {trial.count} hash-equal")
    assert equal == trial.count


def test_day_that_went_while_its_first_build_lay_dead_is_dropped(site, clean):
    site.follow(1)
    site.flip(0)
    site.die(BUILD, "days replaced, not yet booked")
    site.follow(1)
    assert site.hashes() == clean[1]


def test_publication_killed_anywhere_is_made_good_by_the_next(site, clean, promise):
    points = list(killing.PUBLISH)
    trial = promise(PROMISE, small=2, full=20, unit="kills in a publication")
    equal = 0
    for index in range(trial.count):
        site.follow(0)
        site.flip(1)
        site.build()
        site.die(PUBLISH, points[index % len(points)])
        side = 1 - index // 2 % 2
        site.follow(side)
        equal += site.hashes() == clean[side]
    trial.saw(f"{equal} of {trial.count} hash-equal")
    assert equal == trial.count


def test_control_build_whose_days_were_not_unbooked_is_seen(site, clean):
    site.follow(0)
    site.client.command("create table default.booked as meta.built_days")
    site.client.command("insert into default.booked select * from meta.built_days final")
    site.flip(1)
    site.die(BUILD, "days replaced, not yet booked")
    # The book as it would be if a build began without unbooking.
    site.client.command(
        "insert into meta.built_days select * replace (now64(3) as built_at) from default.booked"
    )
    site.follow(0)
    assert site.hashes() != clean[0]
    site.client.command("truncate table meta.built_days")
    site.follow(0)
    assert site.hashes() == clean[0]
