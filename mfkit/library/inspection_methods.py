"""Methods that decode files to compare and measure pictures and videos, and that check files for damage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Unpack, get_args

import pandas as pd

from mfkit.analysis import picture_quality
from mfkit.core.warn_caller import warn_caller
from mfkit.errors import FilterError, FilterWarning
from mfkit.filters.filter_values import FilterFields
from mfkit.filters.media_filter import FilterLike, MediaFilter, filter_keywords
from mfkit.frames import to_frame
from mfkit.library.read import ReadMethods

if TYPE_CHECKING:
    from mfkit.pixels.inspection import InspectionReport
    from mfkit.pixels.verification import How, VerificationReport

THRESHOLD = 0.2
"""Default maximum distance of two similar pictures, as in :data:`mfkit.pixels.picture_distance.SAME`."""
Kind = Literal["image", "video"]
_KINDS: tuple[Kind, ...] = get_args(Kind)


class InspectionMethods(ReadMethods):
    """Methods that find similar images and videos, measure pictures, and check files for damage."""

    @filter_keywords
    async def inspect(
        self,
        /,
        filter: FilterLike = None,
        *,
        what: Sequence[str] = ("similarity", "quality"),
        budget: str | float | None = None,
        again: bool = False,
        workers: int | None = None,
        time_limit: float = 60.0,
        progress: bool | None = None,
        **fields: Unpack[FilterFields],
    ) -> InspectionReport:
        """Decode files in isolated processes, and store the data for :meth:`similar` and :meth:`quality`.

        The results are stored per item: files that are moved, copied or scanned again are not decoded again.
        Items that were never inspected come first, followed by the items inspected longest ago. A later call
        continues an interrupted call. No media file is changed.

        Args:
            filter: Filter of the items; imported objects in object storage that were never scanned are left
                out.
            what: Data to compute: ``"similarity"`` for :meth:`similar`, ``"quality"`` for :meth:`quality`.
            budget: Maximum duration in seconds, or as text such as ``"1 h"``. Files that are being decoded
                at its end are finished.
            again: Also inspect items that already have results.
            workers: Number of processes; None for the number of processor cores.
            time_limit: Seconds after which the decoding of a file is stopped and recorded as failed.
            progress: Show a progress bar; None shows one in notebooks and terminals.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            The numbers of files that were inspected, that failed, that have changed, and that remain.

        Raises:
            MfkitError: A step is unknown, or the budget is not a duration.
            ReadOnlyLibraryError: The library is read-only.

        Warns:
            FilterWarning: No items match the filter.
        """
        from mfkit.pixels.inspection import inspect

        await self.open()
        chosen = MediaFilter.of(filter, **fields)
        report = await inspect(
            self.database,
            chosen,
            what=what,
            budget=budget,
            again=again,
            workers=workers,
            time_limit=time_limit,
            progress=progress,
        )
        if report == type(report)(seconds=report.seconds):
            await self._warn_if_nothing_matches(chosen)
        return report

    @filter_keywords
    async def similar(
        self,
        /,
        filter: FilterLike = None,
        *,
        kind: Kind = "image",
        threshold: float = THRESHOLD,
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """Find groups of images or videos that are versions of each other, and suggest which to keep.

        The method finds copies that were recompressed, resized, converted, rotated by their metadata,
        slightly brightened, and images that were cropped by up to 3 % at each edge, or framed. It does not
        find other shots of the same scene, mirrored pictures, pictures whose pixels were rotated,
        black-and-white versions, and small sections. Exact copies are not listed, because they are one item
        (:meth:`duplicates`). Only items that :meth:`inspect` has processed are compared. Pictures of nearly
        one colour are left out.

        Videos are compared by their durations, which may differ by at most 2 %, and by five frames at fixed
        shares of the duration. At one of these shares, the frames may differ. A trimmed video is not found.
        Videos of the same length that a fixed camera recorded can be similar to each other.

        Args:
            filter: Filter of the items.
            kind: Media type to compare: ``"image"`` or ``"video"``.
            threshold: Maximum distance between two versions, from 0 (equal) to 1. A smaller number finds
                fewer groups with fewer errors.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per item in a group, groups with the most reclaimable bytes first, and in a group the best
            item first: ``group`` (number), ``id``, ``file_path``, ``distance`` (to the group's best item),
            ``width`` and ``height`` (px), ``file_size`` (bytes), ``paths`` (number of paths, exact copies
            included), ``has_original_metadata`` (whether camera and capture time are known), ``keep`` (true
            for the best item: most pixels, then original metadata, not edited, most bytes, first path; also
            true for the best version of each shot with another capture time, for a video if no other kept
            video has all of its audio and subtitle languages, for the best version with original metadata if
            no other kept version has original metadata, and for scans and screenshots at a distance above
            0.02, which can be other pages of the same form), ``reason``
            (difference from the best item; for the best item, from the second best) and ``reclaimable_bytes``
            (bytes freed by removing all paths of the item; 0 for an item to keep). ``attrs["compared"]`` is
            the number of inspected items that were compared.

        Raises:
            FilterError: The kind or a field is unknown, or a value is invalid.

        Warns:
            FilterWarning: No item of the selection was inspected.
        """
        from mfkit.pixels.similar_images import similar_images
        from mfkit.pixels.similar_videos import similar_videos

        if kind not in _KINDS:
            raise FilterError(f"{kind!r} cannot be compared. Use {' or '.join(_KINDS)}.")
        if not 0 <= threshold <= 1:
            raise FilterError(f"threshold is {threshold}. Use a number from 0 to 1.")
        await self.open()
        search = similar_videos if kind == "video" else similar_images
        chosen = MediaFilter.of(filter, **fields)
        frame, compared = await search(self.database, chosen, threshold)
        if not compared and await self.count(chosen & MediaFilter(media_type=kind, missing=chosen.missing)):
            warn_caller(f"No {kind} of this selection is inspected. Run inspect() first.", FilterWarning)
        frame.attrs["compared"] = compared
        frame.attrs["units"] = {
            "width": "px",
            "height": "px",
            "file_size": "byte",
            "reclaimable_bytes": "byte",
        }
        return frame

    @filter_keywords
    async def quality(
        self,
        /,
        filter: FilterLike = None,
        *,
        suggestion: str | None = None,
        rules: pd.DataFrame | None = None,
        limit: int | None = None,
        **fields: Unpack[FilterFields],
    ) -> pd.DataFrame:
        """Rank inspected pictures by sharpness, and list their exposure and their amount of information.

        The measures do not say whether a picture is good: fog is not sharp, and fireworks are dark. Only
        pictures that :meth:`inspect` has measured are listed. The suggestions select pictures to look at, and
        each of them states its rule.

        Args:
            filter: Filter of the items. It does not change the ranks.
            suggestion: Only pictures with this suggestion: ``"blank"``, ``"dark"``, ``"blurred"``, or one of
                your own rules.
            rules: Rules for suggestions; None for those of :func:`mfkit.quality_rules`.
            limit: Maximum number of rows.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per picture, the lowest rank first: ``id``, ``file_path``, ``camera``, ``width`` and
            ``height`` (px), ``sharpness`` (variance of the Laplacian of a draft of at most 480 px; null below
            3 px), ``sharpness_rank`` (share of the peers that are less sharp, 0 to 1; null without other
            peers), ``peers`` (measured pictures of the library with the same camera and resolution, with this
            one), ``clipped_shadows`` and ``clipped_highlights`` (shares of nearly black and nearly white
            pixels, 0 to 1), ``mean_luminance`` (0 to 255), ``entropy`` (bits, 0 to 8), ``suggestion`` and
            ``rule`` (null without a suggestion).

        Raises:
            FilterError: The suggestion is unknown, or a rule or a field is invalid.
        """
        chosen = MediaFilter.of(filter, **fields)
        known = picture_quality.read_quality_rules(rules)
        statement = picture_quality.quality(chosen, known, suggestion=suggestion, limit=limit)
        return await self._selected(statement, chosen)

    @filter_keywords
    async def verify(
        self,
        /,
        filter: FilterLike = None,
        *,
        how: How = "hash",
        budget: str | float | None = None,
        older_than: str | float = "30 days",
        workers: int | None = None,
        time_limit: float = 60.0,
        progress: bool | None = None,
        **fields: Unpack[FilterFields],
    ) -> VerificationReport:
        """Check whether files are damaged, and store the result of each check of a file.

        Files that were never verified with the same method come first, then those verified longest ago. A
        later call continues an interrupted call. No media file is changed. Objects in object storage are left
        out.

        Args:
            filter: Filter of the items; their copies are verified too.
            how: Method of verification. ``"hash"`` computes the SHA-256 again: a file is damaged if its size
                and modification time are the same, but its hash differs. ``"headers"`` checks that the
                container is complete. ``"decode"`` also decodes the whole file.
            budget: Maximum duration in seconds, or as text such as ``"1 h"``. Files that are being read at
                its end are finished.
            older_than: Age of a verification after which a file is verified again.
            workers: Number of processes; None for the number of processor cores.
            time_limit: Seconds without progress after which a file is skipped and counted as undecided.
            progress: Show a progress bar; None shows one in notebooks and terminals.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            The numbers of files by outcome, and the number of files that remain.

        Raises:
            MfkitError: The method is unknown, or a duration is invalid.
            ReadOnlyLibraryError: The library is read-only.

        Warns:
            FilterWarning: No items match the filter.
        """
        from mfkit.pixels.verification import verify

        await self.open()
        chosen = MediaFilter.of(filter, **fields)
        report = await verify(
            self.database,
            chosen,
            how=how,
            budget=budget,
            older_than=older_than,
            workers=workers,
            time_limit=time_limit,
            progress=progress,
        )
        if report == type(report)(seconds=report.seconds):
            await self._warn_if_nothing_matches(chosen)
        return report

    @filter_keywords
    async def damaged(self, /, filter: FilterLike = None, **fields: Unpack[FilterFields]) -> pd.DataFrame:
        """List the files whose last verification found damage.

        Args:
            filter: Filter of the items.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per path and method, sorted by path: ``id`` (of the item), ``file_path``, ``media_type``,
            ``file_size`` (bytes), ``how``, ``verified_at``, ``position`` (offset of the damage in bytes; null
            if unknown), ``error``, ``file_hash`` (of the undamaged content) and ``found_hash`` (of the
            damaged content, for ``how="hash"``).

        Raises:
            FilterError: A field is unknown, or a value is invalid.
        """
        from mfkit.pixels import verification

        await self.open()
        return to_frame(await self._on_database.run(verification.damaged(MediaFilter.of(filter, **fields))))

    @filter_keywords
    async def verified(self, /, filter: FilterLike = None, **fields: Unpack[FilterFields]) -> pd.DataFrame:
        """Count the verified files by verification method and outcome, with their total size and dates.

        Args:
            filter: Filter of the items.
            fields: Fields of :class:`MediaFilter`.

        Returns:
            One row per method and outcome of the last verification of each file: ``how``, ``outcome``
            (``ok``, ``damaged``, ``unsupported`` or ``undecided``), ``files``, ``bytes``,
            ``first_verified_at`` and ``last_verified_at``.

        Raises:
            FilterError: A field is unknown, or a value is invalid.
        """
        from mfkit.pixels import verification

        await self.open()
        return to_frame(await self._on_database.run(verification.verified(MediaFilter.of(filter, **fields))))
