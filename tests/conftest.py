"""Fixtures that tests of every room share."""

pytest_plugins = ["tests.fixtures.warehouse", "tests.fixtures.chain_landing"]
