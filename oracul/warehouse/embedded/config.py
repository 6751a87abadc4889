"""The engine's configuration files: durable tables, two roles, and defaults that every client gets.

Pure text in, text out. The roles carry the grants; `engine.Handle` chooses one for each request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

ADMIN_ROLE = "oracul_admin"
READER_ROLE = "oracul_reader"

# What people and BI tools may read. The role refuses other databases; the engine shows some system
# tables to everybody, so the gate holds them to this list as well.
READER_DATABASES = ("curated", "marts")
READER_SYSTEM_TABLES = (
    "build_options",
    "collations",
    "columns",
    "contributors",
    "data_type_families",
    "databases",
    "formats",
    "functions",
    "keywords",
    "licenses",
    "numbers",
    "one",
    "settings",
    "table_engines",
    "table_functions",
    "tables",
    "time_zones",
)

PROFILE: dict[str, int | str] = {
    "join_use_nulls": 1,
    "async_insert": 0,
    "input_format_null_as_default": 0,
    "insert_deduplicate": 0,
    "do_not_merge_across_partitions_select_final": 1,
    "enable_http_compression": 1,
    "session_timezone": "UTC",
    # The engine runs as ClickHouse's command line tool does; these two make it act as a server.
    "implicit_select": 0,
    "max_query_size": 4 << 20,
    "allow_introspection_functions": 0,
    "cancel_http_readonly_queries_on_client_close": 1,
    # Nobody reads what these find out.
    "memory_profiler_step": 0,
    "query_profiler_real_time_period_ns": 0,
    "query_profiler_cpu_time_period_ns": 0,
}

# A power cut keeps what was acknowledged: the price is some 3 ms an insert.
DURABLE_TABLES = {"fsync_after_insert": 1, "fsync_part_directory": 1}
# A landing is one file to write and wait for, not two a column; merges part what has grown.
_QUICK_LANDINGS = {"min_bytes_for_wide_part": 128 << 20}


@dataclass(frozen=True, slots=True)
class EngineFiles:
    """Where the engine keeps its data and reads its configuration."""

    data: Path
    config: Path
    users: Path
    backups: Path
    user_files: Path


def server_xml(files: EngineFiles, max_server_memory_bytes: int) -> str:
    """Server configuration: paths, total memory, where backups may be written."""
    tables = _settings(DURABLE_TABLES | _QUICK_LANDINGS)
    return (
        "<clickhouse>"
        "<timezone>UTC</timezone>"
        f"<users_config>{escape(str(files.users))}</users_config>"
        f"<user_files_path>{escape(str(files.user_files))}/</user_files_path>"
        f"<max_server_memory_usage>{max_server_memory_bytes}</max_server_memory_usage>"
        f"<backups><allowed_path>{escape(str(files.backups))}</allowed_path></backups>"
        f"<merge_tree>{tables}</merge_tree>"
        "</clickhouse>\n"
    )


def users_xml(profile: dict[str, int | str]) -> str:
    """One engine user that holds both roles; a request keeps only the role of its own user."""
    reads = [f"GRANT SELECT ON {database}.*" for database in READER_DATABASES]
    reads += [f"GRANT SELECT ON system.{table}" for table in READER_SYSTEM_TABLES]
    reads += ["GRANT SELECT ON information_schema.*", "GRANT SELECT ON INFORMATION_SCHEMA.*"]
    return (
        "<clickhouse>"
        f"<profiles><default>{_settings(PROFILE | profile)}</default></profiles>"
        "<quotas><default></default></quotas>"
        "<roles>"
        f"<{ADMIN_ROLE}>{_grants(['GRANT ALL ON *.* WITH GRANT OPTION'])}</{ADMIN_ROLE}>"
        f"<{READER_ROLE}>{_grants(reads)}</{READER_ROLE}>"
        "</roles>"
        "<users><default><password></password><profile>default</profile><quota>default</quota>"
        "<networks><ip>::/0</ip></networks>"
        f"{_grants([f'GRANT {ADMIN_ROLE}', f'GRANT {READER_ROLE}'])}"
        "</default></users>"
        "</clickhouse>\n"
    )


def _settings(values: Mapping[str, int | str]) -> str:
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in values.items())


def _grants(statements: list[str]) -> str:
    queries = "".join(f"<query>{statement}</query>" for statement in statements)
    return f"<grants>{queries}</grants>"
