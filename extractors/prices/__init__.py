"""LAND spot prices: what sources outside say an asset costs in US dollars, one row an hour.

Each source is a module with the same parts: `LIMITS`, `fetch(connection, ask)` (one HTTP call) and
`parse(ask, payload)` (pure). `plan` decides what to ask, `screen` what to believe, `extract` does
both and lands. Which price is served (the median) is decided in dbt, not here.
"""
