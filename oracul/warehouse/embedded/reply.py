"""How results and errors look on the wire: headers, content types, the mark of a late failure."""

import json
import secrets
import time

from oracul.warehouse.embedded.faults import Fault
from oracul.warehouse.embedded.run import Run

Headers = list[tuple[bytes, bytes]]

_CONTENT_TYPES = {
    "json": "application/json; charset=UTF-8",
    "ndjson": "application/x-ndjson; charset=UTF-8",
    "csv": "text/csv; charset=UTF-8; header=absent",
    "csvwithnames": "text/csv; charset=UTF-8; header=present",
    "csvwithnamesandtypes": "text/csv; charset=UTF-8; header=present",
    "xml": "application/xml; charset=UTF-8",
    "html": "text/html; charset=UTF-8",
}
_BINARY = ("native", "rowbinary", "arrow", "parquet", "orc", "avro", "msgpack", "bson", "npy")


def content_type(fmt: str | None) -> str:
    """Content type of a format, as ClickHouse names it."""
    name = (fmt or "").lower()
    if name in _CONTENT_TYPES:
        return _CONTENT_TYPES[name]
    if name.startswith("json"):
        each_row = name.endswith(("eachrow", "lines"))
        return _CONTENT_TYPES["ndjson" if each_row else "json"]
    if name.startswith(_BINARY):
        return "application/octet-stream"
    if name.startswith(("tabseparated", "tsv")):
        return "text/tab-separated-values; charset=UTF-8"
    return "text/plain; charset=UTF-8"


def summary(run: Run, started: float) -> str:
    """Value of the summary header; `started` is a time of `time.perf_counter`."""
    totals = run.totals
    return json.dumps(
        {
            "read_rows": str(totals.read_rows),
            "read_bytes": str(totals.read_bytes),
            "written_rows": str(totals.written_rows),
            "written_bytes": str(totals.written_bytes),
            "total_rows_to_read": "0",
            "result_rows": "0",
            "result_bytes": str(totals.result_bytes),
            "elapsed_ns": str(int((time.perf_counter() - started) * 1e9)),
        }
    )


def headers_of(run: Run, started: float, encoding: str | None) -> Headers:
    """Headers of a result."""
    pairs = {
        "Content-Type": content_type(run.fmt),
        "X-ClickHouse-Summary": summary(run, started),
        "X-ClickHouse-Query-Id": run.query_id,
        "X-ClickHouse-Server-Display-Name": "oracul",
        "X-ClickHouse-Timezone": "UTC",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if run.fmt:
        pairs["X-ClickHouse-Format"] = run.fmt
    if encoding:
        pairs["Content-Encoding"] = encoding
    return [
        (name.lower().encode(), value.encode("latin-1", "replace")) for name, value in pairs.items()
    ]


def headers_of_fault(fault: Fault, query_id: str | None) -> Headers:
    """Headers of an error."""
    headers = [
        (b"content-type", b"text/plain; charset=UTF-8"),
        (b"x-clickhouse-exception-code", str(fault.code).encode()),
        (b"x-clickhouse-timezone", b"UTC"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if query_id:
        headers.append((b"x-clickhouse-query-id", query_id.encode("latin-1", "replace")))
    if fault.status == 401:
        headers.append((b"www-authenticate", b'Basic realm="Oracul warehouse"'))
    if fault.status == 503:
        headers.append((b"retry-after", b"1"))
    return headers


def new_tag() -> str:
    """Sixteen letters that mark an error inside this one result."""
    return secrets.token_hex(8)


def late_fault(fault: Fault, tag: str) -> bytes:
    """An error after the first rows are out, in the form that ClickHouse's clients look for."""
    text = fault.text().encode()
    marks = f"\r\n__exception__\r\n{tag}\r\n", f"{len(text)} {tag}\r\n__exception__\r\n"
    return marks[0].encode() + text + marks[1].encode()
