"""What the files in `assets/` may hold. An unknown or misspelt field is an error."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Certifier = "Oracul"
# Superset 6.1's names of kinds of charts, without those that need maps from elsewhere.
KINDS = frozenset(
    """
    ag-grid-table big_number big_number_total box_plot bubble_v2 bullet cal_heatmap chord
    compare country_map echarts_area echarts_timeseries echarts_timeseries_bar
    echarts_timeseries_line echarts_timeseries_scatter echarts_timeseries_smooth
    echarts_timeseries_step funnel gantt_chart gauge_chart graph_chart handlebars heatmap_v2
    histogram_v2 horizon mixed_timeseries para partition pie pivot_table_v2 pop_kpi radar rose
    sankey_v2 sunburst_v2 table time_pivot time_table tree_chart treemap_v2 waterfall word_cloud
    world_map
    """.split()  # noqa: SIM905 - forty names read better as a paragraph
)


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Metric(_Shape):
    """A number that charts show. Its expression is ClickHouse SQL over the dataset's columns."""

    title: str
    expression: str
    description: str
    unit: str = ""
    format: str = Field(
        "SMART_NUMBER", description="as d3-format writes it, or one of Superset's names"
    )


class Link(_Shape):
    """A text that opens another dashboard with one of its filters set. SQL gives both."""

    when: str = Field("1", description="rows that have this link: a condition in SQL")
    dashboard: Name
    filter: Name
    value: str
    text: str
    is_hex: bool = Field(
        False, description="value and text are made of an address: nothing in them can do harm"
    )


class Column(_Shape):
    """A column that Superset adds to those of the table: an expression, or a link in each cell."""

    title: str
    description: str
    type: str = "String"
    expression: str = ""
    links: list[Link] = []

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.expression) == bool(self.links):
            raise ValueError("give it an expression or links")
        return self


class Dataset(_Shape):
    """A table of the warehouse as charts see it; its columns are known from dbt."""

    table: Name
    database: Name = "marts"
    time_column: Name | None = None
    titles: dict[str, str] = Field({}, description="what to call a column on screen")
    shared: list[Name | dict[Name, Name]] = Field(
        [], description="columns of shared.yml that it has; `here: there` under another name"
    )
    columns: dict[Name, Column] = {}
    metrics: dict[Name, Metric] = {}

    def shared_names(self) -> dict[str, str]:
        """Name in shared.yml by the name that the column has here."""
        named = [one if isinstance(one, dict) else {one: one} for one in self.shared]
        return {here: there for one in named for here, there in one.items()}


class Condition(_Shape):
    """Rows that a chart shows: `column`, Superset's word for the comparison, and the value."""

    column: Name
    op: Literal["==", "!=", ">", "<", ">=", "<=", "IN", "NOT IN", "IS NOT NULL", "IS NULL", "LIKE"]
    value: Any = None


class Chart(_Shape):
    """A panel. `params` are Superset's own words for the kind of chart `viz`."""

    title: str
    description: str
    empty: str = Field(
        "Nothing fits these filters. Choose more days back, or remove a filter.",
        description="what it says where there is nothing: why that may be, and what to do",
    )
    dataset: Name
    viz: str
    where: list[Condition] = []
    params: dict[str, Any] = {}
    cache_seconds: int | None = Field(
        None, ge=0, description="how old its numbers may be, where that is not Superset's default"
    )


class Filter(_Shape):
    """A filter that dashboards can have; it acts on every chart whose dataset has the column."""

    title: str
    description: str
    kind: Literal["select", "range", "time"]
    dataset: Name | None = None
    column: Name | None = None
    many: bool = True
    free: bool = Field(False, description="values may be typed that are not in the list")
    default: Any = None
    first: Name | None = Field(None, description="choose the value with most of this metric")
    where: list[Condition] = []


class Row(_Shape):
    """Charts beside each other, with widths that add up to 12, or a text over the whole width."""

    charts: dict[Name, Annotated[int, Field(ge=1, le=12)]] = {}
    text: str = ""
    height: int = Field(28, ge=3, le=150, description="in steps of 8 pixels")


class Dashboard(_Shape):
    """A dashboard. Either `rows`, or `tabs`: rows under each title."""

    title: str
    description: str
    order: int
    filters: list[Name] = []
    rows: list[Row] = []
    tabs: dict[str, list[Row]] = {}
