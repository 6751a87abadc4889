"""The style of dashboards, and what their charts say where there is nothing."""

from collections.abc import Iterable

from assets import ASSETS, Assets


def css_of(assets: Assets, charts: Iterable[str]) -> str:
    """The style that all dashboards have, with the texts of these charts.

    Superset says the same sentence of every chart without rows, and takes no other for it.
    """
    texts = {assets.charts[chart].title: assets.charts[chart].empty for chart in charts}
    rules = (
        f"[data-test-chart-name={_quoted(title)}] .ant-empty-description::after"
        f" {{ content: {_quoted(text)}; }}"
        for title, text in texts.items()
    )
    return "\n".join([(ASSETS / "dashboard.css").read_text(encoding="utf-8"), *rules])


def _quoted(text: str) -> str:
    """A string of CSS."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{" ".join(escaped.split())}"'
