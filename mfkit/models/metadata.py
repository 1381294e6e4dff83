"""Table of the metadata of media items: streams, embedded tags, camera and location."""

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
    """Metadata of one media item; fields that the file does not state are null.

    Attributes:
        media_item_id: Id of the item.
        duration: Duration in seconds.
        width: Width in pixels as displayed, after orientation.
        height: Height in pixels as displayed, after orientation.
        fps: Average frame rate in frames per second.
        video_codec: FFmpeg's name of the video codec, for example ``h264``.
        audio_codec: FFmpeg's name of the audio codec, for example ``aac``.
        bitrate: Bit rate of the whole file in bits per second.
        sample_rate: Sample rate in Hz.
        channels: Number of audio channels.
        artist: Performer.
        album: Album.
        title: Title.
        genre: Genre.
        year: Year of release.
        camera_make: Manufacturer of the camera (EXIF Make), in a uniform spelling.
        camera_model: Model of the camera (EXIF Model).
        iso: ISO sensitivity (EXIF PhotographicSensitivity).
        aperture: Aperture as an f-number.
        shutter_speed: Exposure time in seconds as text, for example ``1/250``.
        focal_length: Focal length in millimetres.
        latitude: Latitude in degrees north, WGS 84.
        longitude: Longitude in degrees east, WGS 84.
        location_name: Name of the place.
        extra_metadata: All other fields, and the source of each field.
        rating: Rating in stars, 0 to 5; -1 if rejected.
        people: Names of the people in the picture, separated by "; ".
        description: Description or caption.
        album_artist: Artist of the whole album.
        track: Track number on the disc.
        disc: Disc number in the set.
        stream_count: Number of streams; null if no scan has read them yet, or if the format has no streams.
        audio_languages: Languages of the audio streams as ISO 639-2/B codes, separated by "; ".
        subtitle_languages: Languages of the subtitle streams as ISO 639-2/B codes, separated by "; ".
        audio_codecs: FFmpeg's names of the codecs of all audio streams, separated by "; ".
        most_channels: Largest number of channels of an audio stream.
        subtitle_count: Number of subtitle streams.
        chapter_count: Number of chapters.
        hdr: HDR class of the main video stream, for example ``SDR`` or ``HDR10``.
        dolby_vision: Dolby Vision profile of the main video stream.
        bit_depth: Bits per sample of the main video stream.
        pixel_format: FFmpeg's name of the main video stream's pixel format, for example ``yuv420p10le``.
        audio_layout: FFmpeg's name of the main audio stream's channel layout, for example ``5.1(side)``.
        is_vfr: True if the frame rate of the main video stream varies.
        is_interlaced: True if the main video stream is interlaced.
        media_item: Item that the metadata belongs to.
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
    # The column has 64 bits, because uncompressed 8K video exceeds 2^31 bits per second.
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
    rating: Mapped[float | None]
    people: Mapped[str | None]
    description: Mapped[str | None]
    album_artist: Mapped[str | None]
    track: Mapped[int | None]
    disc: Mapped[int | None]
    stream_count: Mapped[int | None]
    audio_languages: Mapped[str | None]
    subtitle_languages: Mapped[str | None]
    audio_codecs: Mapped[str | None]
    most_channels: Mapped[int | None]
    subtitle_count: Mapped[int | None]
    chapter_count: Mapped[int | None]
    hdr: Mapped[str | None]
    dolby_vision: Mapped[int | None]
    bit_depth: Mapped[int | None]
    pixel_format: Mapped[str | None]
    audio_layout: Mapped[str | None]
    is_vfr: Mapped[bool | None]
    is_interlaced: Mapped[bool | None]

    media_item: Mapped[MediaItem] = relationship(back_populates="media_metadata")

    def __repr__(self) -> str:
        """Return the class name and the item's id."""
        return f"MediaMetadata(media_item_id={self.media_item_id!r})"


index_long_text(MediaMetadata.__table__, "artist", "album", "title", "genre")
