"""Rebuilds the demo's recording on a real EVM node: `python -m oracul.demo.generator`.

Not for running the demo: the recording is checked in, and this room needs Node.js and a minute.
"""
