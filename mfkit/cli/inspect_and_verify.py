"""Commands that read pixels and verify files: inspect, similar, quality, verify, damaged."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mfkit.cli.options import (
    AsJson,
    FilterCommand,
    Library,
    Progress,
    Script,
    Wide,
    app,
    example,
    filter_from_options,
    limit_option,
    open_existing,
    row_limit,
    split_list,
)
from mfkit.cli.output import (
    LIST_ALL,
    print_frame,
    print_json,
    print_line,
    print_rest,
    whole_groups,
    write_script,
)
from mfkit.core.warn_caller import silent
from mfkit.filters.units import format_size, plural

if TYPE_CHECKING:
    from mfkit.library.inspection_methods import Kind
    from mfkit.pixels.verification import How

Budget = Annotated[
    str | None, typer.Option(help='Stop after this time, such as "1 h". Run the command again to continue.')
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Number of processes; by default the number of cores.")
]


@app.command(cls=FilterCommand, epilog=example("mfkit inspect --budget '1 h'", "mfkit inspect --json"))
def inspect(
    context: typer.Context,
    library: Library = "library.db",
    what: Annotated[
        str, typer.Option(help="Comma-separated steps: similarity, quality.")
    ] = "similarity,quality",
    budget: Budget = None,
    again: Annotated[
        bool, typer.Option("--again", help="Also inspect files that were inspected before.")
    ] = False,
    workers: Workers = None,
    progress: Progress = None,
    as_json: AsJson = False,
) -> None:
    """Decode images and videos, and store measurements of their pixels. Files are not changed.

    Running the same command again continues an interrupted inspection.
    """
    with open_existing(library) as lib:
        report = lib.inspect(
            filter_from_options(context),
            what=split_list(what) or (),
            budget=budget,
            again=again,
            workers=workers,
            progress=progress,
        )
    if as_json:
        print_json(dataclasses.asdict(report))
    else:
        print_line(str(report))
        for path, reason in report.failures:
            print_line(f"    {path}: {reason}", hang=2)
        if report.failed > len(report.failures):
            print_line(f"    … and {report.failed - len(report.failures):,} more.")
    raise typer.Exit(1 if report.failed else 0)


@app.command(
    cls=FilterCommand, epilog=example("mfkit similar --kind video", "mfkit similar --script remove.sh")
)
def similar(
    context: typer.Context,
    library: Library = "library.db",
    kind: Annotated[str, typer.Option(help="Media type to compare: image or video.")] = "image",
    threshold: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Maximum distance between two versions of a picture, from 0 (equal) to 1."
        ),
    ] = 0.2,
    script: Script = None,
    limit: Annotated[int | None, limit_option("files, without cutting a group")] = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List versions of the same picture or video and suggest which to keep. Nothing is removed.

    Only files that mfkit inspect has seen are compared.
    """
    with open_existing(library) as lib, silent():
        frame = lib.similar(filter_from_options(context), kind=cast("Kind", kind), threshold=threshold)
        next_step = write_script(lib, frame, script)
    shown = whole_groups(frame, "group", row_limit(limit, as_json=as_json))
    if as_json:
        print_frame(shown, as_json=True)
        print_rest(len(frame), len(shown), "file")
        if script is not None:
            print_line(next_step, error=True, whole=True)
        return
    if frame.empty:
        noun, compared = "video" if kind == "video" else "picture", frame.attrs["compared"]
        if compared:
            print_line(f"{plural(compared, f'inspected {noun}')} compared. None is similar to another one.")
        else:
            print_line(f"No {noun} of this selection is inspected. Inspect files with: mfkit inspect")
        if script is not None:
            print_line(next_step)
        return
    columns = ("file_path", "group", "keep", "reason", "width", "height", "file_size", "paths", "distance")
    print_frame(shown, as_json=False, columns=columns, wide=wide)
    print_rest(len(frame), len(shown), "file")
    groups, removed = int(frame["group"].max()), int(frame.loc[~frame["keep"].astype(bool), "paths"].sum())
    size = format_size(frame["reclaimable_bytes"].sum())
    print_line(f"{plural(groups, 'group')}. Removing {plural(removed, 'file')} frees {size}.")
    if next_step:
        print_line("Similar files are not equal. Look at them in the Compare panel first: mfkit app")
        print_line(next_step, whole=script is not None)


@app.command(
    cls=FilterCommand,
    epilog=example("mfkit quality --suggestion blurred", "mfkit quality --camera 'EOS R5' --json"),
)
def quality(
    context: typer.Context,
    library: Library = "library.db",
    suggestion: Annotated[
        str | None, typer.Option(help="Only pictures with this suggestion: blank, dark or blurred.")
    ] = None,
    limit: Annotated[int | None, limit_option("pictures")] = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Rank pictures by sharpness among those of the same camera and resolution, and list their exposure.

    Only files that mfkit inspect has measured are listed. The column suggestion marks pictures
    that look blank, dark or blurred; its rules are printed below the table.
    """
    most = row_limit(limit, as_json=as_json)
    with open_existing(library) as lib:
        some = most + 1 if most else None
        found = lib.quality(filter_from_options(context), suggestion=suggestion, limit=some)
    frame = found.head(most) if most else found
    if len(frame) < len(found):
        print_line(f"More pictures match. {LIST_ALL}", error=True)
    if as_json:
        print_frame(frame, as_json=True)
        return
    if frame.empty:
        kind = f"picture that looks {suggestion}" if suggestion else "picture"
        print_line(f"No {kind} among the inspected files of this selection. Inspect: mfkit inspect")
        return
    columns = ("file_path", "suggestion", "sharpness", "sharpness_rank", "peers", "mean_luminance", "entropy")
    print_frame(frame, as_json=False, columns=columns, wide=wide)
    for made, rule in dict(zip(frame["suggestion"], frame["rule"], strict=True)).items():
        if isinstance(made, str):
            print_line(f"{made}: {rule}")


@app.command(cls=FilterCommand, epilog=example("mfkit verify", "mfkit verify --how decode --budget '1 h'"))
def verify(
    context: typer.Context,
    library: Library = "library.db",
    how: Annotated[
        str,
        typer.Option(
            help="Method: hash (hash the file again), headers (check the container) or decode (decode the "
            "whole file)."
        ),
    ] = "hash",
    budget: Budget = None,
    older_than: Annotated[
        str, typer.Option(help="Verify a file again if its last verification is older than this.")
    ] = "30 days",
    workers: Workers = None,
    progress: Progress = None,
    as_json: AsJson = False,
) -> None:
    """Check whether files are damaged. Files are not changed.

    Running the same command again continues an interrupted verification. The exit code is 1
    if a file is damaged.
    """
    with open_existing(library) as lib:
        report = lib.verify(
            filter_from_options(context),
            how=cast("How", how),
            budget=budget,
            older_than=older_than,
            workers=workers,
            progress=progress,
        )
    if as_json:
        print_json(dataclasses.asdict(report))
    else:
        print_line(str(report))
        if report.damaged:
            print_line("List them with: mfkit damaged")
    raise typer.Exit(1 if report.damaged else 0)


@app.command(cls=FilterCommand, epilog=example("mfkit damaged", "mfkit damaged --json"))
def damaged(
    context: typer.Context,
    library: Library = "library.db",
    limit: Annotated[int | None, limit_option("files")] = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """List the files in which mfkit verify found damage."""
    with open_existing(library) as lib:
        frame = lib.damaged(filter_from_options(context))
    shown = frame.head(row_limit(limit, as_json=as_json) or len(frame))
    if as_json:
        print_frame(shown, as_json=True)
        print_rest(len(frame), len(shown), "file")
        return
    if frame.empty:
        print_line("No verified file of this selection is damaged. Verify files with: mfkit verify")
        return
    columns = ("file_path", "error", "how", "verified_at", "position")
    print_frame(shown, as_json=False, columns=columns, wide=wide)
    print_rest(len(frame), len(shown), "file")
