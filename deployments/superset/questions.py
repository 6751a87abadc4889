"""What datasets add to their tables, as questions that a warehouse can try: `python questions.py`

A line is JSON: `file`, `name` of the metric or column, `table`, and `sql`, which has no rows.
"""

import json
import sys
from collections.abc import Iterator

from assets import AssetError, Assets, columns_of, read_assets
from bundle import expression_of
from shapes import Column


def questions(assets: Assets) -> Iterator[dict[str, str]]:
    """One of each metric and each added column."""
    for name, dataset in assets.datasets.items():
        added = {
            column: expression_of(own, dataset)
            for column, own in columns_of(assets, name).items()
            if isinstance(own, Column)
        }
        metrics = {metric: own.expression for metric, own in dataset.metrics.items()}
        table = f"{dataset.database}.{dataset.table}"
        for kind, expressions in (("columns", added), ("metrics", metrics)):
            for word, expression in expressions.items():
                yield {
                    "file": f"datasets/{name}.yml",
                    "name": f"{kind}.{word}",
                    "table": table,
                    "sql": f"select {expression} from {table} limit 0",
                }


def main() -> int:
    """Print them."""
    try:
        for one in questions(read_assets()):
            print(json.dumps(one))
    except AssetError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
