"""One HTTP request, understood: who asks, with which parameters and settings. Pure.

Names end up in SQL, so every name is checked to be an identifier here; values are quoted where they
are used.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from oracul.warehouse.embedded.faults import (
    AUTHENTICATION_FAILED,
    BAD_ARGUMENTS,
    NOT_IMPLEMENTED,
    REQUIRED_PASSWORD,
    UNKNOWN_SETTING,
    Fault,
)

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_DATABASE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_\-.]{0,127}")
_OPAQUE = re.compile(r"[\x21-\x7e]{1,200}")

# Parameters of the protocol itself; all others are settings of the engine.
PROTOCOL = frozenset(
    [
        "query",
        "database",
        "default_format",
        "session_id",
        "session_timeout",
        "session_check",
        "close_session",
        "query_id",
        "quota_key",
        "compress",
        "decompress",
        "wait_end_of_query",
        "http_wait_end_of_query",
        "buffer_size",
        "user",
        "password",
        "stacktrace",
        "readonly",
        "client_protocol_version",
        "send_progress_in_http_headers",
        "http_headers_progress_interval_ms",
        "enable_http_compression",
        "http_zlib_compression_level",
        "add_http_cors_header",
        "http_write_exception_in_output_format",
    ]
)
# Settings by which a request could escape its limits, or that this server uses itself.
RESERVED_SETTINGS = frozenset(["log_comment", "allow_ddl", "profile", "role"])


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user's name and the password offered for it."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Ask:
    """The parameters of one request."""

    query: str
    database: str | None
    default_format: str | None
    session_id: str | None
    session_timeout_seconds: float
    session_check: bool
    close_session: bool
    query_id: str | None
    wait_end_of_query: bool
    may_compress: bool
    readonly: bool
    protocol_version: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)


def read_credentials(headers: Mapping[str, str], params: Mapping[str, str]) -> Credentials:
    """Who asks: `X-ClickHouse-User/Key`, Basic, or user and password parameters; only one of them.

    Raises Fault when none, several, or something unreadable is given.
    """
    ways: list[Credentials] = []
    if "x-clickhouse-user" in headers or "x-clickhouse-key" in headers:
        ways.append(
            Credentials(headers.get("x-clickhouse-user", ""), headers.get("x-clickhouse-key", ""))
        )
    if "authorization" in headers:
        ways.append(_basic(headers["authorization"]))
    if "user" in params or "password" in params:
        ways.append(Credentials(params.get("user", ""), params.get("password", "")))
    if not ways:
        raise Fault(REQUIRED_PASSWORD, "This server asks for a user and a password")
    if len(set(ways)) > 1:
        raise Fault(AUTHENTICATION_FAILED, "Name the user in one way only: header or parameters")
    return ways[0]


def _basic(header: str) -> Credentials:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        raise Fault(AUTHENTICATION_FAILED, "Only Basic authorization is known here")
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Fault(AUTHENTICATION_FAILED, "The Authorization header is not readable") from None
    user, _, password = text.partition(":")
    return Credentials(user, password)


def read_ask(pairs: Iterable[tuple[str, str]], headers: Mapping[str, str]) -> Ask:
    """Check and sort the parameters of a request. Raises Fault for names that are not names."""
    params: dict[str, str] = {}
    settings: dict[str, str] = {}
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if name in PROTOCOL:
            params[name] = value
        elif name.startswith("param_") and _IDENTIFIER.fullmatch(name[6:]):
            parameters[name[6:]] = value
        elif _is_setting(name):
            settings[name] = value
        else:
            raise Fault(UNKNOWN_SETTING, f"Setting '{name[:80]}' cannot be given in a request")
    if _flag(params.get("compress")) or _flag(params.get("decompress")):
        raise Fault(
            NOT_IMPLEMENTED,
            "The parameters compress and decompress are not supported; "
            "use Accept-Encoding and Content-Encoding (lz4, zstd, gzip, deflate). "
            "With JDBC, set the property compress=false",
        )
    database = params.get("database") or headers.get("x-clickhouse-database") or None
    return Ask(
        query=params.get("query", ""),
        database=_checked("database", database, _DATABASE),
        default_format=_checked(
            "default_format",
            params.get("default_format") or headers.get("x-clickhouse-format") or None,
            _IDENTIFIER,
        ),
        session_id=_checked("session_id", params.get("session_id") or None, _OPAQUE),
        session_timeout_seconds=_seconds(params.get("session_timeout")),
        session_check=_flag(params.get("session_check")),
        close_session=_flag(params.get("close_session")),
        query_id=_checked("query_id", params.get("query_id") or None, _OPAQUE),
        wait_end_of_query=_flag(params.get("wait_end_of_query"))
        or _flag(params.get("http_wait_end_of_query")),
        may_compress=params.get("enable_http_compression", "1") not in ("0", "false"),
        readonly=params.get("readonly", "0") not in ("", "0", "false"),
        protocol_version=_version(params.get("client_protocol_version")),
        settings=settings,
        parameters=parameters,
    )


def _is_setting(name: str) -> bool:
    is_name = _IDENTIFIER.fullmatch(name) is not None
    return is_name and name not in RESERVED_SETTINGS and not name.startswith("param_")


def _flag(value: str | None) -> bool:
    return (value or "0").strip().lower() in ("1", "true")


def _seconds(value: str | None) -> float:
    try:
        seconds = float(value or 60)
    except ValueError:
        seconds = -1
    if not 0 < seconds <= 3600:
        raise Fault(BAD_ARGUMENTS, "session_timeout must be above 0 and at most 3600 seconds")
    return seconds


def _version(value: str | None) -> int:
    if value and not re.fullmatch(r"[0-9]{1,9}", value):
        raise Fault(BAD_ARGUMENTS, "client_protocol_version is not a number")
    return int(value or 0)


def _checked(name: str, value: str | None, pattern: re.Pattern[str]) -> str | None:
    if value is not None and not pattern.fullmatch(value):
        raise Fault(BAD_ARGUMENTS, f"{name} is not a name that is allowed here")
    return value
