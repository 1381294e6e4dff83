"""What re-encoding the films would save."""

from __future__ import annotations

from mfkit.queries.units import format_size
from mfkit.report.show import DURATION, SIZE, Column, Section, paragraph, plural, share, table, value
from mfkit.report.subject import Subject

_MOST = 15
_TARGET, _NAME = "hevc", "HEVC"


def savings(subject: Subject) -> Section:
    """Return the range of bytes that re-encoding to HEVC would save, and the films that save most."""
    title = "Savings by re-encoding"
    films = subject.ask(subject.lib.savings, _TARGET)
    if films.empty:
        return Section("savings", title, [paragraph(f"No film would become smaller as {_NAME}.")])
    low, expected, high = (float(films[f"saves_{one}"].sum()) for one in ("low", "expected", "high"))
    return Section("savings", title, [
        paragraph(
            f"{{films}} would become smaller as {_NAME}: about {{expected}} less, {{part}} of what they "
            "take, and between {low} and {high} by how much quality is asked for.",
            films=plural(len(films), "film"), expected=value(expected, format_size),
            part=value(expected / float(films["file_size"].sum()), share),
            low=value(low, format_size), high=value(high, format_size),
        ),
        paragraph(
            "An estimate from length, resolution and usual bit rates, not from the pictures; re-encoding "
            "always loses some quality. <code>mfkit.assumptions()</code> has the bit rates."
        ),
        table(films.head(_MOST), [
            Column("Film", "file_path"), Column("Codec", "codec"), Column("Resolution", "resolution"),
            Column("Length", "duration", DURATION), Column("Size", "file_size", SIZE),
            Column("Saves about", "saves_expected", SIZE),
        ]),
    ])
