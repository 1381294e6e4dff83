"""Where the files were recorded."""

from __future__ import annotations

from mfkit.charts import places_atlas
from mfkit.report.show import Chart, Section, paragraph, plural, share, value
from mfkit.report.subject import Subject


def places(subject: Subject) -> Section:
    """Return the map, unless places are not to be told."""
    if subject.redaction.map:
        return Section("places", "Places", [paragraph("Places are left out of this report.")])
    cells = subject.ask(subject.lib.places)
    located, files = int(cells["files"].sum()), int(subject.ask(subject.lib.summary)["files"].sum())
    if not located:
        return Section("places", "Places", [paragraph("No file says where it was recorded.")])
    return Section("places", "Places", [
        paragraph(
            "{located} say where they were recorded, {part} of all.",
            located=plural(located, "file"), part=value(located / files, share),
        ) if located > 1 else paragraph("One file says where it was recorded."),
        Chart(places_atlas(cells), "Map of the places"),
    ])
