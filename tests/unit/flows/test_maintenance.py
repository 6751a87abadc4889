"""Parts of maintenance: their order, and one that fails beside the others."""

import pytest

from flows.bodies import maintain
from flows.main_job import step_named
from flows.maintenance import PARTS, chosen, do_parts
from flows.steps import Run
from oracul.errors import ConfigError, WarehouseError
from oracul.settings import MaintenanceSettings, Settings


def _run(**facts):
    return Run(Settings(_env_file=None), **facts)


def _say(text):
    return lambda run, client: text


def _fail(error):
    def do(run, client):
        raise error

    return do


QUIET = dict.fromkeys(PARTS, _say(""))


def test_all_parts_are_chosen_when_none_is_named():
    assert chosen([]) == PARTS


def test_named_parts_keep_their_order():
    assert chosen(["merges", "backup"]) == ("backup", "merges")


def test_unknown_part_is_refused_with_those_that_there_are():
    with pytest.raises(ConfigError, match="There are: backup, ledger"):
        chosen(["ledgers"])


def test_part_that_fails_leaves_the_others_their_turn():
    doing = QUIET | {
        "ledger": _fail(WarehouseError("it is full.")),
        "prefect": _fail(OSError("refused")),
        "merges": _say("merged 2 partitions"),
    }
    done = do_parts(_run(), None, doing)
    assert done.sentence == (
        "ledger failed: it is full; prefect failed: refused; merged 2 partitions"
    )


def test_night_without_work_says_so():
    assert do_parts(_run(), None, QUIET).sentence == "nothing is due"


def test_rehearsal_says_that_it_is_one():
    done = do_parts(_run(is_rehearsal=True), None, QUIET | {"ledger": _say("deleted 3 rows")})
    assert done.sentence == "would have deleted 3 rows"


def test_step_is_there_beside_the_main_job():
    assert step_named("maintain").body is maintain


@pytest.mark.parametrize("place", ["backups", "./backups", "~/backups"])
def test_place_of_copies_is_a_full_path(place):
    with pytest.raises(ValueError, match="full path"):
        MaintenanceSettings(backup_place=place)
