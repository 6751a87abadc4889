"""The warehouse as SQLAlchemy sees it, for tools that speak SQLAlchemy (Great Expectations)."""

from types import ModuleType

from oracul.settings import Settings
from oracul.warehouse.client import connection_environment


def sqlalchemy_url(settings: Settings, database: str = "default") -> str:
    """URL of the warehouse for SQLAlchemy; the embedded one is started when none runs.

    Holds the password: do not log it. Sessions answer left joins with NULL, as ours do.
    """
    from sqlalchemy import URL

    known = connection_environment(settings)
    place = {name: known.get(f"ORACUL_CLICKHOUSE__{name}", "") for name in ("HOST", "PORT", "USER")}
    target = settings.clickhouse
    query = {"ch_join_use_nulls": "1", "autogenerate_session_id": "false"}
    if target.secure and not settings.is_embedded:
        query |= {"secure": "true", "verify": str(target.verify).lower()}
        query |= {"ca_cert": str(target.ca_cert)} if target.ca_cert else {}
    url = URL.create(
        "clickhousedb",
        username=place["USER"],
        password=known.get("ORACUL_CLICKHOUSE__PASSWORD", ""),
        host=place["HOST"],
        port=int(place["PORT"]),
        database=database,
        query=query,
    )
    return url.render_as_string(hide_password=False)


def clickhouse_dialect() -> ModuleType:
    """A module with ClickHouse's dialect and column types under the names tools look for.

    Great Expectations recognises a dialect by `ClickHouseDialect` in the driver's module, which
    clickhouse-connect splits in two: without this, checks by regular expression and type fail.
    """
    from clickhouse_connect.cc_sqlalchemy import dialect
    from clickhouse_connect.cc_sqlalchemy.datatypes import sqltypes

    module = ModuleType("oracul_clickhouse_dialect")
    vars(module).update({n: v for n, v in vars(sqltypes).items() if isinstance(v, type)})
    vars(module)["ClickHouseDialect"] = dialect.ClickHouseDialect
    return module
