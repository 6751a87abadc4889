"""Prove again what is stored: rows against their header, pointers against rows and nodes.

Not for: what nobody stored (see the coverage), prices, and curated tables beside their totals.
"""
