"""Trying every channel with one message, whatever it is set to be told."""

from datetime import datetime

from oracul.alerts.channels import channels_of, send_to_each
from oracul.alerts.messages import Message
from oracul.settings import AlertSettings

TRIAL = Message(
    "test", "low", "Oracul reaches this channel", ("This is a test: nothing is wrong.",), ()
)


def try_channels(where: AlertSettings, *, run_id: str, now: datetime) -> dict[str, str]:
    """Send each channel the trial message; its fault by the channel's name, '' where it arrived."""
    channels = channels_of(where)
    faults = send_to_each(
        [(channel, [TRIAL]) for channel in channels],
        run_id=run_id,
        now=now,
        allows_private=where.allow_private_webhook,
    )
    return {channel.name: fault for channel, (fault,) in zip(channels, faults, strict=True)}
