"""What is known of a media item's content: stream, tag, camera and place facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mfkit.models.base import Base, UUIDMixin
from mfkit.models.long_text_indexes import index_long_text

if TYPE_CHECKING:
    from mfkit.models.media import MediaItem


class MediaMetadata(UUIDMixin, Base):
    """The facts of one media item; a fact that the file does not state is null.

    Attributes:
        media_item_id: The item these facts are of.
        duration: Seconds.
        width: Pixels as displayed, after orientation.
        height: Pixels as displayed, after orientation.
        fps: Average frames per second.
        video_codec: FFmpeg's name of the codec, for example ``h264``.
        audio_codec: FFmpeg's name of the codec, for example ``aac``.
        bitrate: Bits per second of the whole file.
        sample_rate: Hz.
        channels: Number of audio channels.
        artist: Performer.
        album: Album.
        title: Title.
        genre: Genre.
        year: Year of release.
        camera_make: Maker of the camera (EXIF Make).
        camera_model: Model of the camera (EXIF Model).
        iso: Sensitivity (EXIF PhotographicSensitivity).
        aperture: f-number.
        shutter_speed: Exposure time in seconds as text, for example ``1/250``.
        focal_length: Millimetres.
        latitude: Degrees north, WGS 84.
        longitude: Degrees east, WGS 84.
        location_name: Name of the place.
        extra_metadata: Everything else, and where each fact came from.
        media_item: The item.
    """

    __tablename__ = "media_metadata"

    media_item_id: Mapped[UUID] = mapped_column(
        ForeignKey("media_items.id", ondelete="CASCADE"), unique=True, index=True
    )
    duration: Mapped[float | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    fps: Mapped[float | None]
    video_codec: Mapped[str | None]
    audio_codec: Mapped[str | None]
    # Uncompressed 8K video passes 2^31 bits per second.
    bitrate: Mapped[int | None] = mapped_column(BigInteger)
    sample_rate: Mapped[int | None]
    channels: Mapped[int | None]
    artist: Mapped[str | None] = mapped_column(index=True)
    album: Mapped[str | None] = mapped_column(index=True)
    title: Mapped[str | None] = mapped_column(index=True)
    genre: Mapped[str | None] = mapped_column(index=True)
    year: Mapped[int | None]
    camera_make: Mapped[str | None]
    camera_model: Mapped[str | None]
    iso: Mapped[int | None]
    aperture: Mapped[float | None]
    shutter_speed: Mapped[str | None]
    focal_length: Mapped[float | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    location_name: Mapped[str | None]
    extra_metadata: Mapped[dict[str, Any]] = mapped_column(
        JSON().with_variant(JSONB(), "postgresql"), default=dict
    )

    media_item: Mapped[MediaItem] = relationship(back_populates="media_metadata")

    def __repr__(self) -> str:
        """Name the item that the facts are of."""
        return f"MediaMetadata(media_item_id={self.media_item_id!r})"


index_long_text(MediaMetadata.__table__, "artist", "album", "title", "genre")
