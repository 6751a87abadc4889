"""Anomalies: which days of which tokens and addresses are unusual, by how much, and why we say so.

`detect.detect` is the shell; `judge.judge` the pure core. Not for: alerts (they read the table).
"""
