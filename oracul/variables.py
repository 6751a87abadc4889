"""Names of the `ORACUL_*` variables that settings are read from."""

from collections.abc import Iterable
from difflib import get_close_matches

from oracul.errors import ConfigError

# Variables of this name that are read elsewhere: by dbt, by prefect.yaml, by the stack.
_READ_ELSEWHERE = {
    "ORACUL_DBT_DEV_NAME", "ORACUL_DBT_SCHEMA_PREFIX", "ORACUL_DBT_MARTS_SCHEMA",
    "ORACUL_PROJECT_DIR",
}  # fmt: skip


def refuse_unknown(variables: Iterable[str], fields: Iterable[str]) -> None:
    """Raise ConfigError for a variable of no top-level field of the settings.

    A misspelt name would be ignored, and its setting silently stay at the default.
    """
    groups = {variable_name((name,)) for name in fields}
    for variable in sorted(variables):
        group = variable.upper().partition("__")[0]
        if not group.startswith("ORACUL_") or group in groups | _READ_ELSEWHERE:
            continue
        close = get_close_matches(group, groups, n=1)
        raise ConfigError(
            f"There is no setting {variable}.",
            hint=(f"Did you mean {close[0]}? " if close else "")
            + "See .env.example for every setting.",
        )


def variable_name(location: tuple[int | str, ...]) -> str:
    """Environment variable of a field, from the path to it."""
    return "ORACUL_" + "__".join(str(part).upper() for part in location)
