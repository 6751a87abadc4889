"""What is judged, and on which scale: one row a metric."""

from dataclasses import dataclass
from typing import Literal

EntityType = Literal["token", "address"]
Shape = Literal["amount", "count", "signed", "return"]


@dataclass(frozen=True)
class Metric:
    """One daily series an entity has.

    `shape` decides the scale (see `scales`); `noise_floor` is the smallest standard deviation
    believed on that scale; `unit` stands after numbers in explanations. A value nearer to what was
    expected than `least_move` is not worth telling (USD amounts: a setting decides).
    """

    name: str
    entity_type: EntityType
    shape: Shape
    label: str
    unit: str
    noise_floor: float
    least_move: float = 0.0


# A floor of 0.05 on a logarithmic scale is 5 %: an entity that never moved by more than a fraction
# of a per cent is not unusual when it moves by 3 %. For returns the floor is 0.3 percentage points:
# below it lie the errors of the price sources themselves.
METRICS = (
    Metric("volume_usd", "token", "amount", "volume", "USD", 0.05),
    Metric("transfer_count", "token", "count", "transfer count", "", 0.05, 5.0),
    Metric("unique_addresses", "token", "count", "unique addresses", "", 0.05, 5.0),
    Metric("price_return", "token", "return", "price change", "%", 0.003, 0.01),
    Metric("net_flow_usd", "address", "signed", "net flow", "USD", 0.1),
)


def metrics_of(entity_type: EntityType) -> tuple[Metric, ...]:
    """The metrics of one type of entity, in the order they are judged."""
    return tuple(metric for metric in METRICS if metric.entity_type == entity_type)


def get_metric(name: str) -> Metric:
    """The metric of that name. Raises KeyError when there is none."""
    for metric in METRICS:
        if metric.name == name:
            return metric
    raise KeyError(name)
