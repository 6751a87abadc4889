"""Pages written from code say what the code says."""

from oracul.cli.reference import env_example, setting_rows, stale_pages


def test_generated_pages_are_fresh():
    assert stale_pages() == []


def test_every_setting_has_a_description():
    assert [name for name, _, _, text in setting_rows() if not text] == []


def test_env_example_names_the_promised_settings():
    text = env_example()
    for name in (
        "ORACUL_HOME",
        "ORACUL_CLICKHOUSE__HOST",
        "ORACUL_CLICKHOUSE__PORT",
        "ORACUL_CLICKHOUSE__USER",
        "ORACUL_CLICKHOUSE__PASSWORD",
        "ORACUL_CLICKHOUSE__SECURE",
        "ORACUL_CHAINS__ETHEREUM__RPC_URLS",
        "ORACUL_PRICES__COINGECKO__BASE_URL",
    ):
        assert f"#{name}=" in text
