"""``python -m mfkit.cli``."""

from mfkit.cli import main

main()
