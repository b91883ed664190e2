"""``python -m qsignhub``: the same as the command ``qsignhub``."""

from qsignhub.cli.main import main

main()
