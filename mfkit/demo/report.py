"""What was written: the answer of `write_demo`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoReport:
    """What `write_demo` has done.

    Attributes:
        files: How many files were written, copies included.
        bytes: Their sizes summed up.
        seconds: How long it took.
        notes: What a reader should know: codecs for which there was no encoder, and which files are
            broken on purpose.
    """

    files: int
    bytes: int
    seconds: float
    notes: tuple[str, ...]
