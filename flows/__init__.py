"""RUN: wiring only. What runs, in which order, with which parameters; the work is in the rooms."""
