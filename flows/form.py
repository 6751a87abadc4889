"""How the parameters of a flow look in the form of the Prefect UI.

Prefect puts its own description (none) in the place of a Field's, and draws a switch between the
type and None where a value may be left out. What stands in the schema itself it shows as it is.
"""

from typing import Any

from pydantic import Field, WithJsonSchema


def told(description: str, **constraints: Any) -> Any:
    """Annotation of a parameter: what the form says below its name."""
    return Field(
        description=description, json_schema_extra={"description": description}, **constraints
    )


def may_be_empty(description: str, **schema: Any) -> WithJsonSchema:
    """Annotation of a parameter that is None by default: one plain field that may be left empty.

    `schema` is the JSON schema of a value that is given. The type beside it still says what is
    accepted.
    """
    if "enum" in schema:
        schema["enum"] = [None, *schema["enum"]]
    return WithJsonSchema({**schema, "description": description})
