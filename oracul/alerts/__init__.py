"""TELL people what went wrong or is unusual, once.

`rules` turns rows into alerts (pure), `messages` bundles them, `deliver` sends them, `tell` does
all of it and keeps `meta.alerts`. The rows are what others wrote; nothing is judged here.
"""

from oracul.alerts.tell import Told, alert

__all__ = ["Told", "alert"]
