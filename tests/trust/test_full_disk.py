"""Promise: a full disk loses nothing, is told clearly, and work goes on by itself afterwards.

The disk is a tmpfs of 96 MB with the whole home on it, which needs the right to mount.
"""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pydantic import SecretStr

from flows.main_job import call, run_steps, step_named
from flows.steps import Run
from oracul.demo.recording import Recording
from oracul.demo.replay import serve_recording
from oracul.settings import AlertSettings
from oracul.warehouse import Patience, connect, migrate
from oracul.warehouse.embedded import stop
from tests.fixtures.chain_landing import empty, with_urls
from tests.fixtures.content import content_hashes
from tests.fixtures.own_home import home_settings
from tests.fixtures.small_disk import small_disk  # noqa: F401
from tests.fixtures.toy_chain import toy_chain

pytestmark = pytest.mark.slow

COUNT = 60
KEPT_FREE_BYTES = 32 << 20
# Nothing fits any more, not even a line of the ledger.
NO_ROOM_BYTES = 300 << 10


@pytest.fixture(scope="module")
def told():
    """A webhook; the bodies that were posted to it."""
    bodies = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["content-length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        bodies.append(f"http://127.0.0.1:{server.server_port}/hook")
        yield bodies
        server.shutdown()


class Site:
    """A home on a small disk, a node, and the steps `ingest_chain` and `alert`."""

    def __init__(self, disk, settings, client, node, told):
        self.disk, self.client, self.told = disk, client, told
        alerts = AlertSettings(webhook_url=SecretStr(told[0]), allow_private_webhook=True)
        own = with_urls(settings, "devnet", [node.url], deadline_seconds=20)
        self.settings = own.model_copy(update={"alerts": alerts})

    def land(self, blocks):
        """How the two steps ended, and what the webhook was told."""
        del self.told[1:]
        run = Run(self.settings, chain="devnet", blocks=blocks)
        steps = [step_named("ingest_chain"), step_named("alert")]
        ended = {outcome.step: outcome for outcome in run_steps(run, call, steps)}
        return ended["ingest_chain"], " ".join(self.told[1:])

    def hashes(self):
        return content_hashes(self.client, ("raw", "meta"))


@pytest.fixture(scope="module")
def site(small_disk, told):  # noqa: F811
    settings = home_settings(small_disk.path / "home")
    client = connect(settings, Patience(60))
    migrate(client)
    for table in ("blocks", "transactions", "logs", "withdrawals"):
        client.command(
            f"alter table raw.{table} modify setting"
            f" min_free_disk_bytes_to_perform_insert = {KEPT_FREE_BYTES}"
        )
    with serve_recording(Recording(31337, toy_chain(COUNT)), own_process=False) as node:
        yield Site(small_disk, settings, client, node, told)
    client.close()
    stop(settings)


@pytest.fixture(scope="module")
def clean(site):
    """Hashes after landing in two runs with room for all."""
    empty(site.client)
    for blocks in ((0, COUNT // 2), (COUNT // 2, COUNT)):
        assert site.land(blocks)[0].status == "done"
    return site.hashes()


def test_full_disk_loses_nothing_is_told_and_passes(site, clean, promise):
    trial = promise("full disk, store down 60 s", small=2, full=5, unit="full disks")
    good = 0
    for index in range(trial.count):
        is_ledger_full = index % 2 == 1
        empty(site.client)
        site.land((0, COUNT // 2))
        before = site.hashes()
        site.disk.fill(NO_ROOM_BYTES if is_ledger_full else KEPT_FREE_BYTES // 2)
        failed, told = site.land((COUNT // 2, COUNT))
        kept = {**site.hashes(), "meta.chain_tips": None} == {**before, "meta.chain_tips": None}
        site.disk.make_room()
        resumed, _ = site.land((COUNT // 2, COUNT))
        assert failed.status == "failed"
        assert "Make room" in failed.detail.hint, failed.summary
        assert ("nothing can be recorded" if is_ledger_full else "ingest_chain failed") in told
        assert resumed.status == "done", resumed.summary
        good += kept and site.hashes() == clean
    trial.saw(f"0 lost, told, resumed: {good} of {trial.count} hash-equal")
    assert good == trial.count


def test_insert_that_finds_no_room_is_not_acknowledged(site):
    site.client.command("create table default.rows (n Int64) engine = MergeTree order by n")
    site.disk.fill(NO_ROOM_BYTES)
    try:
        with pytest.raises(Exception, match="NOT_ENOUGH_SPACE"):
            site.client.insert("default.rows", [[1]], column_names=["n"])
    finally:
        site.disk.make_room()
    assert site.client.command("select count() from default.rows") == 0
