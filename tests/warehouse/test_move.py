"""The how-to page's own script carries the facts of one warehouse to another."""

import re
import shutil
import subprocess
from contextlib import ExitStack

import pytest

from oracul.chains import PROJECT_ROOT
from oracul.warehouse import connect, migrate
from oracul.warehouse.embedded import ensure_running
from tests.fixtures.content import content_hashes
from tests.fixtures.landing import land_blocks
from tests.fixtures.toy_chain import toy_chain
from tests.fixtures.warehouse import own_warehouse

PAGE = PROJECT_ROOT / "docs" / "how-to" / "move-to-a-clickhouse-server.md"


@pytest.fixture(scope="module")
def two_warehouses(tmp_path_factory):
    """Settings of one with blocks and of one that only has the tables."""
    with ExitStack() as stack:
        both = [
            stack.enter_context(own_warehouse(tmp_path_factory.mktemp(name)))
            for name in ("old", "new")
        ]
        for settings in both:
            migrate(connect(settings))
        land_blocks(connect(both[0]), "ethereum", toy_chain(5))
        yield both


@pytest.mark.slow
def test_script_of_the_page_copies_every_fact(two_warehouses):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed; the page's script asks for it")
    old, new = two_warehouses
    ends = {}
    for name, settings in (("FROM", old), ("TO", new)):
        end = ensure_running(settings)
        ends[name] = f"http://{end.host}:{end.port}"
        ends[f"{name}_LOGIN"] = f"{end.user}:{end.password.get_secret_value()}"
    (script,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.S)
    for _ in range(2):
        done = subprocess.run(
            ["sh", "-c", re.sub("(?m)^   ", "", script)],
            env=ends | {"PATH": "/usr/bin:/bin:/usr/local/bin"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        told = done.stdout.split()
        assert told.index("raw.blocks") < told.index("meta.canonical_blocks") == len(told) - 1
        before = content_hashes(connect(old), ("raw", "meta"))
        assert before["raw.blocks"][0] == 5
        assert content_hashes(connect(new), ("raw", "meta")) == before
