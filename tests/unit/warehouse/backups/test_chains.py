"""Which nights take a full backup, and which chains are given up."""

from datetime import UTC, datetime, timedelta

from oracul.warehouse.backups.catalog import Known
from oracul.warehouse.backups.chains import chains_of, is_due, is_full_due, old_chains

NOW = datetime(2026, 3, 1, 3, 30, tzinfo=UTC)


def _known(name, base="", days_ago=0.0, **facts):
    return Known(name, base, NOW - timedelta(days=days_ago), 1, 1, 1, **facts)


def _weeks(count, prefix="nightly-", **facts):
    """Newest first: a full backup and one that stands on it, for each of these weeks."""
    listed = []
    for week in range(count):
        full = f"{prefix}full-{week}"
        listed += [
            _known(f"{prefix}rest-{week}", full, 7 * week + 5, **facts),
            _known(full, "", 7 * week + 6, **facts),
        ]
    return listed


def _names(chains):
    return [[one.name for one in chain.members] for chain in chains]


def test_first_backup_is_due_and_full():
    assert is_due([], NOW)
    assert is_full_due([], NOW)


def test_night_that_is_done_again_takes_none():
    assert not is_due([_known("nightly-a", days_ago=0.1)], NOW)


def test_backup_by_hand_does_not_replace_the_nights():
    assert is_due([_known("by-hand", days_ago=0.1)], NOW)


def test_damaged_backup_does_not_count_as_the_nights():
    assert is_due([_known("nightly-a", days_ago=0.1, verdict="damaged")], NOW)


def test_week_after_the_full_one_takes_the_next():
    rest = _known("nightly-b", "nightly-a", 1)
    assert not is_full_due([rest, _known("nightly-a", days_ago=6)], NOW)
    assert is_full_due([rest, _known("nightly-a", days_ago=7)], NOW)


def test_missed_weekend_is_made_up_for():
    assert is_full_due([_known("nightly-a", days_ago=40)], NOW)


def test_unusable_chain_is_not_built_on():
    broken = _known("nightly-b", "nightly-a", 1, broken_by="nightly-a")
    assert is_full_due([broken, _known("nightly-a", days_ago=2, verdict="damaged")], NOW)


def test_chains_beyond_those_kept_are_old():
    assert _names(old_chains(_weeks(3), 2)) == [["nightly-full-2", "nightly-rest-2"]]


def test_as_many_chains_as_are_kept_stay():
    assert old_chains(_weeks(2), 2) == []


def test_last_good_chain_stays_however_many_damaged_ones_are_newer():
    damaged = [
        _known(f"nightly-bad-{n}", days_ago=n, verdict="damaged", details="x") for n in range(6)
    ]
    good = [_known("nightly-good", days_ago=30)]
    assert old_chains([*damaged, *good], 1) == []


def test_chain_with_a_backup_by_hand_stays():
    by_hand = [_known("on-top", "nightly-full-2", 18)]
    assert old_chains([*_weeks(3), *by_hand], 1)[0].members[0].name == "nightly-full-1"
    assert all(c.is_ours for c in old_chains([*_weeks(3), *by_hand], 1))


def test_chain_goes_by_its_full_backup():
    (newest, _) = chains_of(_weeks(2))
    assert [one.name for one in newest.members] == ["nightly-full-0", "nightly-rest-0"]
