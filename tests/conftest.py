"""Fixtures that tests of every room share."""

import os

# The shell of a developer may lead to their own warehouse and nodes; tests must not.
for _name in [name for name in os.environ if name.startswith("ORACUL_")]:
    del os.environ[_name]

pytest_plugins = ["tests.fixtures.warehouse", "tests.fixtures.chain_landing"]
