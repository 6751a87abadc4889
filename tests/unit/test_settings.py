"""Settings come from ORACUL_* variables; a mistake names the variable and never shows its value."""

import pytest

from oracul.errors import ConfigError
from oracul.settings import load_settings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch, tmp_path):
    import os

    for name in list(os.environ):
        if name.startswith("ORACUL_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_rpc_urls_are_split_at_commas(monkeypatch):
    monkeypatch.setenv("ORACUL_CHAINS__ETHEREUM__RPC_URLS", "http://a:1, http://b:2,")
    urls = load_settings().chains["ethereum"].rpc_urls
    assert [u.get_secret_value() for u in urls] == ["http://a:1", "http://b:2"]


def test_home_defaults_to_a_folder_of_the_working_directory(tmp_path):
    assert load_settings().home == tmp_path / ".oracul"


def test_values_are_read_from_a_dotenv_file(tmp_path):
    (tmp_path / ".env").write_text("ORACUL_WAREHOUSE__PORT=19000\n")
    assert load_settings().warehouse.port == 19000


def test_unknown_name_in_a_group_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("ORACUL_WAREHOUSE__PROT", "1")
    with pytest.raises(ConfigError, match="ORACUL_WAREHOUSE__PROT"):
        load_settings()


def test_wrong_value_is_refused_without_showing_it(monkeypatch):
    monkeypatch.setenv("ORACUL_CLICKHOUSE__PORT", "hunter2")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert "ORACUL_CLICKHOUSE__PORT" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_settings_show_no_secret_when_printed(monkeypatch):
    monkeypatch.setenv("ORACUL_CLICKHOUSE__PASSWORD", "canary-one")
    monkeypatch.setenv("ORACUL_CHAINS__ETHEREUM__RPC_URLS", "http://x/canary-two")
    assert "canary" not in repr(load_settings())


def test_warehouse_is_embedded_unless_a_host_is_named(monkeypatch):
    assert load_settings().is_embedded
    monkeypatch.setenv("ORACUL_CLICKHOUSE__HOST", "db.example")
    assert not load_settings().is_embedded


def test_misspelt_setting_is_refused_with_the_nearest_name(monkeypatch):
    monkeypatch.setenv("ORACUL_WAREHUSE__PORT", "1")
    with pytest.raises(ConfigError, match="Did you mean ORACUL_WAREHOUSE"):
        load_settings()


def test_settings_of_an_unknown_chain_are_refused(monkeypatch):
    monkeypatch.setenv("ORACUL_CHAINS__ETHERUM__RPC_URLS", "http://a")
    with pytest.raises(ConfigError, match="Unknown chain 'etherum'"):
        load_settings()


def test_empty_variable_means_the_default(monkeypatch):
    monkeypatch.setenv("ORACUL_CLICKHOUSE__HOST", "")
    monkeypatch.setenv("ORACUL_CLICKHOUSE__PORT", "")
    assert load_settings().is_embedded


def test_channels_are_groups_by_name(monkeypatch):
    monkeypatch.setenv("ORACUL_ALERTS__CHANNELS__OPS__URL", "slack://KEY-ONE/KEY-TWO/KEY-THREE")
    monkeypatch.setenv("ORACUL_ALERTS__CHANNELS__OPS__RULES", "lag, gap")
    channel = load_settings().alerts.channels["ops"]
    assert (channel.rules, channel.min_severity) == (["lag", "gap"], "low")
    assert "KEY" not in repr(channel)


@pytest.mark.parametrize(
    ("name", "value"),
    [("OPS__RULES", "lagg"), ("OPS__MIN_SEVERITY", "loud"), ("WEBHOOK__URL", "slack://a/b/c"),
     ("O-PS__URL", "slack://a/b/c"), ("TEAM__RULES", "lag")],
)  # fmt: skip
def test_channel_that_makes_no_sense_is_refused(monkeypatch, name, value):
    monkeypatch.setenv("ORACUL_ALERTS__CHANNELS__OPS__URL", "slack://a/b/c")
    monkeypatch.setenv(f"ORACUL_ALERTS__CHANNELS__{name}", value)
    with pytest.raises(ConfigError, match="ORACUL_ALERTS__CHANNELS"):
        load_settings()
