"""Great Expectations in memory: no project folder, nothing generated in git, Data Docs on disk."""

import logging
import os
from pathlib import Path
from typing import Any

from oracul.settings import Settings
from oracul.warehouse.sqlalchemy_url import clickhouse_dialect, sqlalchemy_url

SITE = "oracul"


def new_context(docs_dir: Path) -> Any:
    """An ephemeral context that writes Data Docs into a folder, quietly. Import costs 6 s CPU."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
    )

    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.ERROR)  # the second sets a level of its own
    in_memory = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    context = gx.get_context(
        mode="ephemeral", project_config=DataContextConfig(store_backend_defaults=in_memory)
    )
    context.variables.progress_bars = {"globally": False}
    context.add_data_docs_site(
        site_name=SITE,
        site_config={
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(docs_dir),
            },
        },
    )
    return context


def add_warehouse(context: Any, settings: Settings) -> Any:
    """The warehouse as a data source of the context."""
    source = context.data_sources.add_or_update_sql(
        "warehouse", connection_string=sqlalchemy_url(settings)
    )
    source.get_execution_engine().dialect_module = clickhouse_dialect()
    return source
