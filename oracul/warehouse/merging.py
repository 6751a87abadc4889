"""Merging tables that lie in many small parts: each read opens all of them."""

from clickhouse_connect.driver.client import Client

# The engine merges by itself while it runs. These are for one that seldom runs for long; more parts
# than this it leaves standing only when it had no time, and larger ones are not worth a night.
_MANY = 30
_LARGEST_BYTES = 2_000_000_000
_AT_ONCE = 50
_SCATTERED_SQL = f"""
select database, table, partition_id, count() as part_count
from system.parts
where active and database in ('raw', 'meta', 'curated', 'marts')
group by database, table, partition_id
having part_count >= {_MANY} and sum(bytes_on_disk) < {_LARGEST_BYTES}
order by part_count desc limit {_AT_ONCE}
"""


def merge_small_parts(client: Client, *, is_rehearsal: bool = False) -> int:
    """Let the engine merge partitions of many small parts; how many, at most 50 a call."""
    found = client.query(_SCATTERED_SQL).result_rows
    for database, table, partition, _ in found if not is_rehearsal else ():
        client.command(f"optimize table {database}.`{table}` partition id '{partition}'")
    return len(found)
