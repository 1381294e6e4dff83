"""Support for ``python -m mfkit.cli``."""

from mfkit.cli.main import main

main()
