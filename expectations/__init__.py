"""CHECK: Great Expectations at the two doors of the warehouse, raw and marts.

`checkpoints.run_checks` is the way in; a suite is one file for each guarded table. Not for: rules
between the doors (dbt tests) and single answers (proof and price screen, before landing).
"""
