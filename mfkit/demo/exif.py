"""EXIF blocks as cameras write them (CIPA DC-008, EXIF 2.32)."""

from dataclasses import dataclass
from datetime import UTC, datetime

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.TiffImagePlugin import IFDRational

from mfkit.demo.cameras import Camera, Exposure

# Values of Orientation (EXIF 2.32, 4.6.5.1 A): upright, and "turn a quarter clockwise to show".
UPRIGHT = 1
QUARTER_TURN = 6


@dataclass(frozen=True)
class Spot:
    """A place on earth: degrees WGS 84 and metres above the sea."""

    latitude: float
    longitude: float
    altitude: float


def exif_block(camera: Camera, exposure: Exposure, taken: datetime, spot: Spot | None, *,
               size: tuple[int, int], orientation: int = UPRIGHT) -> Image.Exif:
    """Builds the EXIF data of one picture.

    Args:
        camera: Who took it.
        exposure: The settings of the shot.
        taken: Local time of the shot, aware.
        spot: Where, or None when the camera did not know.
        size: Stored width and height in pixels.
        orientation: How to turn the picture for display.

    Returns:
        The data, to be handed to `Image.save(exif=...)`.
    """
    clock = taken.strftime("%Y:%m:%d %H:%M:%S")
    block = Image.Exif()
    block[Base.Make] = camera.make
    block[Base.Model] = camera.model
    block[Base.Orientation] = orientation
    block[Base.DateTime] = clock
    block[Base.YCbCrPositioning] = 1
    details = block.get_ifd(IFD.Exif)
    details[Base.ExifVersion] = b"0232" if camera.has_offset else b"0230"
    details[Base.DateTimeOriginal] = clock
    details[Base.DateTimeDigitized] = clock
    details[Base.ExposureTime] = exposure.shutter
    details[Base.FNumber] = IFDRational(round(exposure.aperture * 100), 100)
    details[Base.ISOSpeedRatings] = exposure.iso
    details[Base.FocalLength] = IFDRational(round(exposure.focal_length * 1000), 1000)
    details[Base.FocalLengthIn35mmFilm] = round(exposure.focal_length * camera.crop)
    details[Base.FlashPixVersion] = b"0100"
    details[Base.ColorSpace] = 1
    details[Base.ExifImageWidth], details[Base.ExifImageHeight] = size
    if camera.lens:
        details[Base.LensModel] = camera.lens
    if camera.has_offset:
        offset = taken.strftime("%z")
        details[Base.OffsetTimeOriginal] = f"{offset[:3]}:{offset[3:]}"
    if spot is not None:
        block.get_ifd(IFD.GPSInfo).update(_gps(spot, taken))
    return block


def _gps(spot: Spot, taken: datetime) -> dict[int, object]:
    utc = taken.astimezone(UTC)
    return {
        GPS.GPSVersionID: b"\x02\x03\x00\x00",
        GPS.GPSLatitudeRef: "N" if spot.latitude >= 0 else "S",
        GPS.GPSLatitude: _sexagesimal(spot.latitude),
        GPS.GPSLongitudeRef: "E" if spot.longitude >= 0 else "W",
        GPS.GPSLongitude: _sexagesimal(spot.longitude),
        GPS.GPSAltitudeRef: b"\x00" if spot.altitude >= 0 else b"\x01",
        GPS.GPSAltitude: IFDRational(round(abs(spot.altitude) * 10), 10),
        GPS.GPSTimeStamp: tuple(IFDRational(part, 1) for part in (utc.hour, utc.minute, utc.second)),
        GPS.GPSDateStamp: utc.strftime("%Y:%m:%d"),
    }


def _sexagesimal(degrees: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Degrees, minutes and hundredths of seconds, the form GPSLatitude and GPSLongitude take."""
    hundredths = round(abs(degrees) * 360_000)
    minutes, seconds = divmod(hundredths, 6_000)
    return IFDRational(minutes // 60, 1), IFDRational(minutes % 60, 1), IFDRational(seconds, 100)
