"""Fixtures that tests of every room share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from oracul import redact

# A folder to keep pictures of the browser tests in; read before it goes with the others. Workers of
# pytest-xdist start after that, and find it under another name.
if "ORACUL_SCREENSHOTS" in os.environ:
    os.environ["TESTS_SCREENSHOTS"] = os.environ["ORACUL_SCREENSHOTS"]
_SCREENSHOTS = os.environ.get("TESTS_SCREENSHOTS")
# The shell of a developer may lead to their own warehouse and nodes; tests must not.
for _name in [name for name in os.environ if name.startswith("ORACUL_")]:
    del os.environ[_name]

# The same examples in every run; `--hypothesis-profile explore` looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=5_000)
settings.load_profile("same")


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures go: the folder of ORACUL_SCREENSHOTS, or one that pytest throws away."""
    folder = Path(_SCREENSHOTS) if _SCREENSHOTS else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(autouse=True)
def _secrets_of_this_test_only() -> Iterator[None]:
    """What one test sets as a secret is taken out of no text of the next."""
    before = set(redact._grams)
    yield
    redact._grams.clear()
    redact._grams.update(before)


pytest_plugins = [
    "tests.fixtures.warehouse",
    "tests.fixtures.chain_landing",
    "tests.fixtures.evm_node",
    "tests.fixtures.promises",
    "tests.fixtures.operated_stack",
    "tests.fixtures.superset",
]
