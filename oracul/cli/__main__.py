"""`python -m oracul.cli`, the same as `oracul`."""

from oracul.cli import main

main()
