"""What a run of the price extractor did, in numbers and in one line."""

from dataclasses import dataclass, field

from oracul.units import plural


@dataclass
class SourceReport:
    """One source's share. `asked` counts asset-hours, `error` says why it went down, if it did.

    `unknown` are assets it does not list, `refusals` other questions it could not answer.
    """

    asked: int = 0
    landed: int = 0
    rejected: int = 0
    unknown: set[str] = field(default_factory=set)
    refusals: list[str] = field(default_factory=list)
    error: str = ""


@dataclass
class ExtractedPrices:
    """All sources together; counts are asset-hours."""

    assets: int
    sources: dict[str, SourceReport]

    @property
    def asked(self) -> int:
        """Asset-hours that were asked for."""
        return sum(share.asked for share in self.sources.values())

    @property
    def landed(self) -> int:
        """Observations that were believed and landed."""
        return sum(share.landed for share in self.sources.values())

    @property
    def rejected(self) -> int:
        """Observations that were refused; `meta.rejected_rows` says why."""
        return sum(share.rejected for share in self.sources.values())

    @property
    def degraded(self) -> list[str]:
        """One line for each source that went down."""
        return [f"{name} is out: {s.error}" for name, s in self.sources.items() if s.error]

    @property
    def is_all_down(self) -> bool:
        """True when every source that was asked went down."""
        asked = [share for share in self.sources.values() if share.asked]
        return bool(asked) and all(share.error for share in asked)

    @property
    def sentence(self) -> str:
        """The run in one line."""
        if not self.assets:
            return "nothing needs a price yet"
        if not self.asked:
            return "every wanted hour has its prices already"
        spoke = sum(1 for share in self.sources.values() if share.landed)
        if not self.landed and not self.rejected:
            text = f"nothing new, {self.asked:,} asset-hours are still without an answer"
        else:
            text = (
                f"{plural(self.landed, 'price')} of {plural(self.assets, 'asset')} "
                f"from {plural(spoke, 'source')}, {self.rejected:,} not believed"
            )
        return "; ".join([text, *self.degraded])
