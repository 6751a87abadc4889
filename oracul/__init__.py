"""Oracul: an on-chain analytics warehouse. The library its rooms share, and the `oracul` command."""

__version__ = "0.1.0"
