"""Superset's own settings: everything that differs between places comes from the environment.

`oracul up` sets these variables; docs/how-to/run-superset.md says what each of them means.
"""

import logging
import os
from pathlib import Path
from typing import Any

from clickhouse_connect import common
from superset.config import THEME_DEFAULT as _THEME
from superset.utils.core import QuerySource

HOME = Path(os.environ["SUPERSET_HOME"])
SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
_DASHBOARDS = (QuerySource.DASHBOARD, QuerySource.CHART)
if os.environ.get("SUPERSET_WAREHOUSE_EMBEDDED") == "true":
    # It shows all settings as read-only and knows which it takes all the same.
    common.set_setting("invalid_setting_action", "send")
    logging.getLogger("clickhouse_connect.driver.client").addFilter(
        lambda record: "readonly setting" not in record.getMessage()
    )
# Superset says so of each request without a user, and goes on.
logging.getLogger().addFilter(
    lambda record: not str(record.msg).startswith("Failed to add user to db session")
)
_REDIS = os.environ.get("SUPERSET_REDIS_URL", "")

# SQLite has one writer: let the others wait for their turn.
SQLALCHEMY_DATABASE_URI = os.environ.get(
    "SUPERSET_METADATA_URL",
    f"sqlite:///{HOME / 'superset.db'}?check_same_thread=false&timeout=30",
)


def DB_CONNECTION_MUTATOR(  # noqa: N802 - Superset's name
    uri: Any, params: dict[str, Any], username: str, security_manager: Any, source: Any
) -> tuple[Any, dict[str, Any]]:
    """Say where the warehouse is at each connection, so that no bundle holds a password."""
    if uri.get_backend_name() != "clickhousedb":
        return uri, params
    found = os.environ
    uri = uri.set(
        host=found["SUPERSET_WAREHOUSE_HOST"],
        port=int(found["SUPERSET_WAREHOUSE_PORT"]),
        username=found["SUPERSET_WAREHOUSE_USER"],
        password=found["SUPERSET_WAREHOUSE_PASSWORD"],
    )
    if found.get("SUPERSET_WAREHOUSE_SECURE", "false") == "true":
        secure = {"secure": "true", "verify": found.get("SUPERSET_WAREHOUSE_VERIFY", "true")}
        if authority := found.get("SUPERSET_WAREHOUSE_CA_CERT"):
            secure["ca_cert"] = authority
        uri = uri.update_query_dict(secure)
    if found.get("SUPERSET_WAREHOUSE_EMBEDDED") == "true" and source in _DASHBOARDS:
        # Panels read a few rows of each of many days: reading them in two steps takes a
        # sixth longer. Questions of SQL Lab may look for rare rows, where it saves most.
        uri = uri.update_query_dict({"ch_optimize_move_to_prewhere": "0"})
    return uri, params


APP_NAME = "Oracul"
# Drawn here, so that no page has to fetch it: a block under a magnifying glass.
_LOGO = (
    "data:image/svg+xml;utf8,"
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 170 40'>"
    "<g fill='none' stroke='%231FA8C9' stroke-width='3' stroke-linejoin='round'>"
    "<path d='M18 6l11 6v13l-11 6-11-6V12z M7 12l11 6 11-6 M18 18v13'/>"
    "<path d='M31 29l6 6' stroke-linecap='round'/></g>"
    "<text x='46' y='29' font-family='Inter,Helvetica,Arial,sans-serif' font-size='25'"
    " font-weight='600' fill='%23333333'>Oracul</text></svg>"
)
_BRAND = {
    "brandAppName": APP_NAME,
    "brandLogoAlt": APP_NAME,
    "brandLogoUrl": _LOGO,
    "brandLogoHref": "/dashboard/list/",
}
THEME_DEFAULT = {**_THEME, "token": {**_THEME["token"], **_BRAND}}
THEME_DARK = None
FEATURE_FLAGS = {
    # A dashboard's roles decide who sees it and its numbers: a viewer needs no right to a dataset.
    "DASHBOARD_RBAC": True,
    "ALERT_REPORTS": False,
    "THUMBNAILS": False,
    "ENABLE_TEMPLATE_PROCESSING": False,
    "DRILL_BY": True,
    "DRILL_TO_DETAIL": True,
    # The days before the newest one are counted in a column that asks for the newest day.
    "ALLOW_ADHOC_SUBQUERY": False,
}

# Superset would ask a telemetry pixel, map tiles and fonts from elsewhere: a page asks only us.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'"],
        "frame-ancestors": ["'self'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": os.environ.get("SUPERSET_BEHIND_TLS", "false") == "true",
}
ENABLE_PROXY_FIX = os.environ.get("SUPERSET_BEHIND_TLS", "false") == "true"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = TALISMAN_CONFIG["session_cookie_secure"]
# Guessing a password is slow work: Flask-AppBuilder's own limit on the login page.
RATELIMIT_ENABLED = True
RATELIMIT_STORAGE_URI = _REDIS or "memory://"
AUTH_RATE_LIMITED = True
AUTH_RATE_LIMIT = "10 per 20 second"

SUPERSET_WEBSERVER_TIMEOUT = 60
ROW_LIMIT = 10_000
SQL_MAX_ROW = 100_000
DISPLAY_MAX_ROW = 10_000
SQLLAB_TIMEOUT = 30
SQLLAB_CTAS_NO_LIMIT = False
WTF_CSRF_ENABLED = True
DEFAULT_TIME_FILTER = "No filter"


def _cache(name: str, seconds: int) -> dict[str, Any]:
    """A cache in Redis where there is one, else in files: SQLite has enough to write."""
    shared = {"CACHE_DEFAULT_TIMEOUT": seconds, "CACHE_KEY_PREFIX": f"oracul_{name}_"}
    if _REDIS:
        return {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": _REDIS, **shared}
    folder = str(HOME / "cache" / name)
    return {"CACHE_TYPE": "FileSystemCache", "CACHE_DIR": folder, "CACHE_THRESHOLD": 5000, **shared}


# New numbers come every quarter of an hour at most; the curated tables follow at that pace.
DATA_CACHE_CONFIG = _cache("data", 300)
CACHE_CONFIG = _cache("metadata", 300)
FILTER_STATE_CACHE_CONFIG = {**_cache("filters", 30 * 86400), "REFRESH_TIMEOUT_ON_RETRIEVAL": True}
EXPLORE_FORM_DATA_CACHE_CONFIG = {**_cache("forms", 86400), "REFRESH_TIMEOUT_ON_RETRIEVAL": True}


class CeleryConfig:
    """No queue: every query is answered while its page waits."""

    broker_url = "memory://"
    result_backend = None
    imports = ()
    beat_schedule: dict[str, Any] = {}


CELERY_CONFIG = CeleryConfig
