"""Oracul, an on-chain analytics warehouse: the library its rooms share, and the command."""

__version__ = "0.1.0"
