"""What went out to one source over HTTP and what came back. Counted where the request is made."""

from dataclasses import dataclass, replace


@dataclass
class Traffic:
    """Counts of one source in one run; they only grow.

    `requests` were sent, and held `calls` together (JSON-RPC calls of a batch; else one each).
    `received_bytes` are those of the answers' bodies, packed as they came over the wire. `failures`
    brought no answer, those that could not be sent among them.
    """

    requests: int = 0
    calls: int = 0
    received_bytes: int = 0
    failures: int = 0

    def copy(self) -> "Traffic":
        """The counts as they are now."""
        return replace(self)

    def since(self, before: "Traffic") -> "Traffic":
        """What was added to `before`."""
        return Traffic(
            self.requests - before.requests,
            self.calls - before.calls,
            self.received_bytes - before.received_bytes,
            self.failures - before.failures,
        )
