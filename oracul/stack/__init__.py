"""HOST: the local stack. Which processes it has, keeping them up, and stopping exactly those.

The processes are kept by supervisord (its own process): it starts them, restarts one that dies and
writes their logs. Prefect is started as a program and spoken to over HTTP, never imported.
"""

from oracul.stack.control import PartState, deploy, down, part_states, up
from oracul.stack.parts import Part, parts_of

__all__ = ["Part", "PartState", "deploy", "down", "part_states", "parts_of", "up"]
