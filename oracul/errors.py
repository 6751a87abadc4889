"""Every error Oracul raises on purpose.

OraculError                    has a hint: what the operator should do
├── ConfigError                settings, arguments or environment are wrong (exit code 2)
├── SourceError                something outside did not answer as it should
│   ├── RateLimited            it asked us to wait
│   ├── SourceUnavailable      it cannot be reached, or failed until the deadline
│   ├── BadReply               it answered, but not with what was asked
│   ├── ProofFailed            it answered with something that the block's header disproves
│   ├── BudgetSpent            it is not asked any more today: the quota in the settings is used up
│   └── ForkBelowFinality      the nodes contradict a block that was final: a person decides
├── WarehouseError             ClickHouse refused, is missing or is in use
│   ├── MigrationDrift         an applied migration differs from the file
│   ├── LandingMismatch        what was read back is not what was written
│   └── BackupDamaged          a backup does not hold what it was saved with
├── QualityError               a critical check failed
└── MetricError                a metric definition is wrong
"""

from oracul.redact import without_secrets


class OraculError(Exception):
    """Base of all errors that carry a message for a person.

    `message` says what is wrong, with the source and the span; `hint` says what to do about it.
    Secrets that a service echoed are taken out of both here, so that no error carries any.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = without_secrets(message)
        self.hint = without_secrets(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class ConfigError(OraculError):
    """Settings, arguments or the environment do not make sense."""

    exit_code = 2


class SourceError(OraculError):
    """A source outside (RPC endpoint, price API) did not give what was asked."""


class RateLimited(SourceError):
    """The source asked us to slow down. `retry_after_seconds` is its own wish, if it named one."""

    def __init__(
        self, message: str, *, hint: str = "", retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_seconds = retry_after_seconds


class SourceUnavailable(SourceError):
    """The source cannot be reached, or kept failing until the deadline."""


class BadReply(SourceError):
    """The source answered with something that is not an answer to the question."""


class ProofFailed(SourceError):
    """The answer contradicts the block's own header: a wrong, cut or forged reply."""


class BudgetSpent(SourceError):
    """A flow's part of the day's requests is used up. Nothing is lost; it goes on the next day."""


class ForkBelowFinality(SourceError):
    """The nodes contradict a block that was final. Nothing was changed; a person must decide."""


class WarehouseError(OraculError):
    """ClickHouse refused, cannot be reached, or its data directory is in use."""


class MigrationDrift(WarehouseError):
    """A migration that was applied is not the one in the package any more."""


class LandingMismatch(WarehouseError):
    """What was read back after an insert is not what was proven before it."""


class BackupDamaged(WarehouseError):
    """A backup does not hold what it was saved with, so nothing of it was put in place."""


class QualityError(OraculError):
    """A critical data quality check failed, so what depends on it is not published."""


class MetricError(OraculError):
    """A metric definition is wrong."""
