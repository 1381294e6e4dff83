"""Durations of MPEG transport and program streams whose clock jumps, because recordings were joined.

FFmpeg subtracts the first timestamp from the last timestamp, which is wrong for such files. Here the clock
(PCR, ISO/IEC 13818-1, section 2.4.3.4; SCR, section 2.5.3.3 and ISO/IEC 11172-1) is read completely in files
of up to 6 MiB. In larger files it is read at evenly spaced positions, and jumps are then located by
bisection.
"""

from collections.abc import Callable, Iterator
from statistics import median
from typing import NamedTuple

from mfkit.scan.extract.bounded_reader import BoundedReader

LIMIT = 6 << 20
_SAMPLES, _BLOCK, _MIN_BLOCK = 49, 1 << 16, 1 << 18
_BUDGET = 80
"""Maximum number of blocks read of a large file."""
_WRAP = 2**33 / 90_000
_MAX_GAP, _MAX_RATIO = 10.0, 4.0
_HERTZ = 90_000
_PACKETS = (188, 192, 204)


class Reading(NamedTuple):
    """Clock value in seconds that was read at a byte offset of an MPEG stream."""

    position: int
    seconds: float


class ClockCount(NamedTuple):
    """Running time of an MPEG stream, with clock jumps left out, and whether the time is exact."""

    seconds: float
    is_exact: bool


def clock_jumps(reader: BoundedReader, format_name: str) -> ClockCount | None:
    """Return the running time of an MPEG stream whose clock jumps, or None if the clock does not jump.

    Args:
        reader: The file.
        format_name: ``"ts"``, ``"m2ts"`` or ``"mpeg"``.
    """
    readings_in = _program_clocks if format_name == "mpeg" else _transport_clocks
    if reader.size <= LIMIT:
        return _in_small_file(list(readings_in(reader.read(0, reader.size), 0)))
    return _LargeFile(reader, readings_in).count()


def _in_small_file(readings: list[Reading]) -> ClockCount | None:
    steps = [later.seconds - earlier.seconds for earlier, later in zip(readings, readings[1:])]
    steps = [step + _WRAP if step < -_WRAP / 2 else step for step in steps]
    regular = [step for step in steps if 0 <= step <= _MAX_GAP]
    if len(regular) == len(steps):
        return None
    # One clock interval is added for each part of a joined recording, because a part continues for about one
    # interval after its last clock value.
    usual = median(regular) if regular else 0.0
    return ClockCount(sum(regular) + usual * (len(steps) - len(regular) + 1), True)


class _LargeFile:
    """Clock values at evenly spaced positions of an MPEG file that is too large to be read completely."""

    def __init__(self, reader: BoundedReader, readings_in: Callable[[bytes, int], Iterator[Reading]]) -> None:
        self._reader, self._readings_in = reader, readings_in
        self._blocks = 0
        self._seconds_per_byte = 0.0
        self._jumps = 0

    def _reading(self, position: int) -> Reading | None:
        self._blocks += 1
        data = self._reader.read(position, _BLOCK)
        return next(self._readings_in(data, position), None)

    def count(self) -> ClockCount | None:
        step = (self._reader.size - _BLOCK) // (_SAMPLES - 1)
        samples = [
            reading for index in range(_SAMPLES) if (reading := self._reading(index * step)) is not None
        ]
        pairs = list(zip(samples, samples[1:]))
        rates = [
            (later.seconds - earlier.seconds) / (later.position - earlier.position)
            for earlier, later in pairs
            if later.seconds > earlier.seconds and later.position > earlier.position
        ]
        if len(rates) < 3:
            return None
        self._seconds_per_byte = median(rates)
        total = sum(self._between(earlier, later) for earlier, later in pairs)
        if not self._jumps:
            return None
        return ClockCount(total, self._blocks < _BUDGET)

    def _between(self, earlier: Reading, later: Reading) -> float:
        """Return the running time of an MPEG stream between two clock values.

        If the difference of the clock values is implausible, the clock jump is located by bisection.
        """
        usual = (later.position - earlier.position) * self._seconds_per_byte
        step = later.seconds - earlier.seconds
        if step < -_WRAP / 2:
            step += _WRAP
        if 0 <= step <= _MAX_RATIO * usual + _MAX_GAP:
            return step
        if later.position - earlier.position <= _MIN_BLOCK or self._blocks >= _BUDGET:
            self._jumps += 1
            return usual
        middle = self._reading((earlier.position + later.position) // 2)
        if middle is None or not earlier.position < middle.position < later.position:
            self._jumps += 1
            return usual
        return self._between(earlier, middle) + self._between(middle, later)


def _is_sync(data: bytes, at: int, size: int) -> bool:
    return all(data[one : one + 1] == b"\x47" for one in (at, at + size, at + 2 * size))


def _transport_clocks(data: bytes, start: int) -> Iterator[Reading]:
    """Yield the clock values (program clock references) of the first program in an MPEG transport stream.

    The packets of a transport stream have 188, 192 or 204 bytes.
    """
    found = next(((at, size) for size in _PACKETS for at in range(size) if _is_sync(data, at, size)), None)
    if found is None:
        return
    first, size = found
    program: int | None = None
    for at in range(first, len(data) - 12, size):
        if data[at] != 0x47 or not data[at + 3] & 0x20 or data[at + 4] < 7 or not data[at + 5] & 0x10:
            continue
        identifier = (data[at + 1] & 0x1F) << 8 | data[at + 2]
        program = identifier if program is None else program
        if identifier == program:
            base = int.from_bytes(data[at + 6 : at + 11], "big") >> 7
            yield Reading(start + at, base / _HERTZ)


def _program_clocks(data: bytes, start: int) -> Iterator[Reading]:
    """Yield the clock values (system clock references) in the pack headers of an MPEG program stream."""
    at = data.find(b"\x00\x00\x01\xba")
    while 0 <= at <= len(data) - 10:
        a, b, c, d, e = data[at + 4 : at + 9]
        if a & 0xC4 == 0x44:
            base = (
                (a >> 3 & 7) << 30
                | (a & 3) << 28
                | b << 20
                | (c >> 3) << 15
                | (c & 3) << 13
                | d << 5
                | e >> 3
            )
            yield Reading(start + at, base / _HERTZ)
        elif a & 0xF1 == 0x21:
            base = (a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1
            yield Reading(start + at, base / _HERTZ)
        at = data.find(b"\x00\x00\x01\xba", at + 4)
