"""Rows of charts → the tree of boxes in which Superset keeps a dashboard's layout."""

from typing import Any

from shapes import Dashboard, Row


def position_of(
    dashboard: Dashboard, numbers: dict[str, int], ids: dict[str, str], titles: dict[str, str]
) -> dict[str, Any]:
    """`position` of a dashboard.

    `numbers` stand in for the charts' ids in Superset's database; the importer replaces them.
    """
    boxes: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "HEADER_ID": {
            "id": "HEADER_ID",
            "type": "HEADER",
            "meta": {"text": dashboard.title},
        },
    }
    above = ["ROOT_ID", "GRID_ID"]
    boxes["GRID_ID"] = {
        "id": "GRID_ID",
        "type": "GRID",
        "parents": ["ROOT_ID"],
        "children": _rows(boxes, dashboard.rows, "R", above, numbers, ids, titles),
    }
    if dashboard.tabs:
        tabs = [*above, "TABS-1"]
        children = []
        for number, (title, rows) in enumerate(dashboard.tabs.items(), start=1):
            tab = f"TAB-{number}"
            children.append(tab)
            boxes[tab] = {
                "id": tab,
                "type": "TAB",
                "parents": tabs,
                "meta": {"text": title},
                "children": _rows(boxes, rows, f"T{number}", [*tabs, tab], numbers, ids, titles),
            }
        boxes["TABS-1"] = {
            "id": "TABS-1",
            "type": "TABS",
            "parents": above,
            "meta": {},
            "children": children,
        }
        boxes["GRID_ID"]["children"].append("TABS-1")
    return boxes


def _rows(
    boxes: dict[str, Any],
    rows: list[Row],
    prefix: str,
    above: list[str],
    numbers: dict[str, int],
    ids: dict[str, str],
    titles: dict[str, str],
) -> list[str]:
    """Add the boxes of rows to `boxes`; their ids."""
    made = []
    for at, row in enumerate(rows, start=1):
        box = f"ROW-{prefix}{at}"
        made.append(box)
        parents = [*above, box]
        children = []
        if row.text:
            text = f"MARKDOWN-{prefix}{at}"
            children.append(text)
            boxes[text] = {
                "id": text,
                "type": "MARKDOWN",
                "parents": parents,
                "children": [],
                "meta": {"code": row.text, "width": 12, "height": row.height},
            }
        for chart, width in row.charts.items():
            part = f"CHART-{prefix}{at}-{chart}"
            children.append(part)
            boxes[part] = {
                "id": part,
                "type": "CHART",
                "parents": parents,
                "children": [],
                "meta": {
                    "chartId": numbers[chart],
                    "uuid": ids[chart],
                    "sliceName": titles[chart],
                    "width": width,
                    "height": row.height,
                },
            }
        boxes[box] = {
            "id": box,
            "type": "ROW",
            "parents": above,
            "children": children,
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
    return made
