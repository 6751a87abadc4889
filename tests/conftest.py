"""Fixtures that tests of every room share."""

import os

from hypothesis import settings

# The shell of a developer may lead to their own warehouse and nodes; tests must not.
for _name in [name for name in os.environ if name.startswith("ORACUL_")]:
    del os.environ[_name]

# The same examples in every run; `--hypothesis-profile explore` looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=5_000)
settings.load_profile("same")

pytest_plugins = [
    "tests.fixtures.warehouse",
    "tests.fixtures.chain_landing",
    "tests.fixtures.evm_node",
    "tests.fixtures.promises",
]
