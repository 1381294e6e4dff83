"""Cameras and phones of the demo photos, and the EXIF data that they write (CIPA DC-008, EXIF 2.32)."""

import random
from datetime import UTC, datetime
from typing import NamedTuple

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.TiffImagePlugin import IFDRational

# These are the denominators of the usual shutter speeds, 1/4 s to 1/4000 s.
# fmt: off
SHUTTER_STEPS = (4, 8, 15, 30, 60, 80, 100, 125, 160, 200, 250, 320, 400, 500, 640, 800, 1000, 1250, 1600,
                 2000, 2500, 3200, 4000)
# fmt: on

# These are two values of the EXIF tag Orientation (EXIF 2.32, section 4.6.5.1 A).
UPRIGHT, QUARTER_TURN = 1, 6


class Position(NamedTuple):
    """Geographic position: latitude and longitude in degrees (WGS 84), and altitude in meters."""

    latitude: float
    longitude: float
    altitude: float


class Camera(NamedTuple):
    """EXIF values and file names that a camera model writes.

    Attributes:
        make: Manufacturer, as spelled in the camera's files.
        model: Model, as spelled in the camera's files.
        lens: Lens; empty if the camera does not record it.
        focal_lengths: Focal lengths in mm.
        crop: Crop factor: 35 mm equivalent focal length divided by the focal length.
        apertures: F-numbers.
        isos: ISO speeds.
        sizes: Width and height in pixels, in landscape orientation.
        file_name: Format string of file names, with `number` and `local` (the local time).
        has_gps: True if the camera records its position.
        has_offset: True if the camera records the UTC offset (EXIF 2.31 and later).
    """

    make: str
    model: str
    lens: str
    focal_lengths: tuple[float, ...]
    crop: float
    apertures: tuple[float, ...]
    isos: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]
    file_name: str
    has_gps: bool
    has_offset: bool


_STEPS = (100, 200, 400, 800, 1600, 3200)
_PHONE = (32, 50, 80, 125, 250, 400, 800, 1250)
_SMALL = ((640, 480), (1024, 768), (1280, 960))
_MEDIUM = ((1280, 960), (1440, 1080), (1600, 1200))
_WIDE = ((1200, 800), (1500, 1000), (1620, 1080))
_LARGE = ((1500, 1000), (1800, 1200), (2400, 1600))

# fmt: off
CAMERAS: dict[str, Camera] = {
    "450d": Camera("Canon", "Canon EOS 450D", "EF-S18-55mm f/3.5-5.6 IS", (18, 24, 35, 55), 1.6,
                   (4.0, 5.6, 8.0), _STEPS[:5], ((900, 600), (1200, 800)), "IMG_{number:04d}.JPG", False,
                   False),
    "s100": Camera("Canon", "Canon PowerShot S100", "5.2-26.0 mm", (5.2, 8.6, 14.3, 26), 4.6,
                   (2.0, 4.0, 5.6), _STEPS[:5], _SMALL, "IMG_{number:04d}.JPG", True, False),
    "iphone4s": Camera("Apple", "iPhone 4S", "", (4.28,), 8.2, (2.4,), _PHONE, _SMALL,
                       "IMG_{number:04d}.JPG", True, False),
    "d7100": Camera("NIKON CORPORATION", "NIKON D7100", "18.0-105.0 mm f/3.5-5.6", (18, 35, 50, 105), 1.5,
                    (4.0, 5.6, 8.0, 11.0), _STEPS, _WIDE, "DSC_{number:04d}.JPG", False, True),
    "iphone5s": Camera("Apple", "iPhone 5s", "iPhone 5s back camera 4.15mm f/2.2", (4.15,), 7.0, (2.2,),
                       _PHONE, _MEDIUM, "IMG_{number:04d}.JPG", True, True),
    "a6000": Camera("SONY", "ILCE-6000", "E PZ 16-50mm F3.5-5.6 OSS", (16, 24, 35, 50), 1.5, (3.5, 5.6, 8.0),
                    _STEPS, _WIDE, "DSC{number:05d}.JPG", False, True),
    "galaxy6": Camera("samsung", "SM-G920F", "", (4.3,), 6.5, (1.9,), _PHONE, ((1280, 720), (1600, 900)),
                      "{local:%Y%m%d_%H%M%S}.jpg", True, True),
    "xt10": Camera("FUJIFILM", "X-T10", "XF18-55mmF2.8-4 R LM OIS", (18, 23, 35, 55), 1.5,
                   (2.8, 4.0, 5.6, 8.0), _STEPS[1:], _WIDE, "DSCF{number:04d}.JPG", True, True),
    "iphone6s": Camera("Apple", "iPhone 6s", "iPhone 6s back camera 4.15mm f/2.2", (4.15,), 7.0, (2.2,),
                       _PHONE, _MEDIUM, "IMG_{number:04d}.JPG", True, True),
    "gx80": Camera("Panasonic", "DMC-GX80", "LUMIX G VARIO 12-32/F3.5-5.6", (12, 18, 25, 32), 2.0,
                   (3.5, 5.6, 8.0), _STEPS[1:], _MEDIUM, "P10{number:05d}.JPG", True, True),
    "iphonex": Camera("Apple", "iPhone X", "iPhone X back dual camera 4mm f/1.8", (4.0, 6.0), 7.0,
                      (1.8, 2.4), _PHONE, _MEDIUM, "IMG_{number:04d}.JPG", True, True),
    "6d2": Camera("Canon", "Canon EOS 6D Mark II", "EF24-105mm f/4L IS II USM", (24, 35, 50, 85, 105), 1.0,
                  (4.0, 5.6, 8.0, 11.0), _STEPS, _LARGE, "IMG_{number:04d}.JPG", True, True),
    "a7m3": Camera("SONY", "ILCE-7M3", "FE 24-105mm F4 G OSS", (24, 35, 70, 105), 1.0, (4.0, 5.6, 8.0),
                   _STEPS, _LARGE, "DSC{number:05d}.JPG", False, True),
    "iphone12": Camera("Apple", "iPhone 12 Pro", "iPhone 12 Pro back triple camera 4.2mm f/1.6",
                       (1.54, 4.2, 6.0), 6.2, (1.6, 2.0, 2.4), _PHONE, _MEDIUM, "IMG_{number:04d}.jpeg",
                       True, True),
    "pixel7": Camera("Google", "Pixel 7", "Pixel 7 back camera 6.81mm f/1.85", (2.4, 6.81), 3.7, (1.85, 2.2),
                     _PHONE, _MEDIUM, "PXL_{local:%Y%m%d_%H%M%S}{number:03d}.jpg", True, True),
    "xt4": Camera("FUJIFILM", "X-T4", "XF16-80mmF4 R OIS WR", (16, 23, 35, 55, 80), 1.5, (4.0, 5.6, 8.0),
                  _STEPS[1:], _LARGE, "DSCF{number:04d}.JPG", True, True),
    "galaxy24": Camera("samsung", "Galaxy S24", "Samsung Galaxy S24 Rear Camera", (2.2, 5.4, 7.0), 4.3,
                       (1.8, 2.4), _PHONE, _MEDIUM, "{local:%Y%m%d_%H%M%S}.jpg", True, True),
    "iphone15": Camera("Apple", "iPhone 15 Pro", "iPhone 15 Pro back triple camera 6.765mm f/1.78",
                       (2.22, 6.765, 9.0), 3.55, (1.78, 2.2, 2.8), _PHONE, _MEDIUM, "IMG_{number:04d}.JPG",
                       True, True),
}
# fmt: on


def exif_block(
    camera: Camera,
    exposure: float,
    taken: datetime,
    position: Position | None,
    size: tuple[int, int],
    orientation: int,
    rng: random.Random,
) -> Image.Exif:
    """Build the EXIF data of one photo.

    Args:
        camera: The camera.
        exposure: Brightness of the scene as exposure value at ISO 100 (ISO 2720).
        taken: Local capture time with its UTC offset.
        position: Position of the camera; None if the camera does not record it.
        size: Stored width and height in pixels.
        orientation: `UPRIGHT` or `QUARTER_TURN`.
        rng: Random generator for the camera settings.
    """
    aperture = rng.choice(camera.apertures) if exposure > 9 else min(camera.apertures)
    # As a real camera does, choose the lowest ISO speed that allows a shutter speed of at least 1/60 s.
    speeds = [(2**exposure * iso / 100 / aperture**2, iso) for iso in camera.isos]
    per_second, iso = next((speed for speed in speeds if speed[0] >= 60), speeds[-1])
    focal_length = rng.choice(camera.focal_lengths)
    clock = taken.strftime("%Y:%m:%d %H:%M:%S")
    block = Image.Exif()
    for tag, value in ((Base.Make, camera.make), (Base.Model, camera.model), (Base.DateTime, clock)):
        block[tag] = value
    block[Base.Orientation] = orientation
    details = block.get_ifd(IFD.Exif)
    details.update(
        {
            Base.ExifVersion: b"0232" if camera.has_offset else b"0230",
            Base.DateTimeOriginal: clock,
            Base.DateTimeDigitized: clock,
            Base.ExposureTime: IFDRational(1, min(SHUTTER_STEPS, key=lambda step: abs(step - per_second))),
            Base.FNumber: IFDRational(round(aperture * 100), 100),
            Base.ISOSpeedRatings: iso,
            Base.FocalLength: IFDRational(round(focal_length * 1000), 1000),
            Base.FocalLengthIn35mmFilm: round(focal_length * camera.crop),
            Base.ExifImageWidth: size[0],
            Base.ExifImageHeight: size[1],
        }
    )
    if camera.lens:
        details[Base.LensModel] = camera.lens
    if camera.has_offset:
        details[Base.OffsetTimeOriginal] = taken.isoformat()[-6:]
    if position is not None:
        utc = taken.astimezone(UTC)
        block.get_ifd(IFD.GPSInfo).update(
            {
                GPS.GPSLatitudeRef: "N" if position.latitude >= 0 else "S",
                GPS.GPSLatitude: _sexagesimal(position.latitude),
                GPS.GPSLongitudeRef: "E" if position.longitude >= 0 else "W",
                GPS.GPSLongitude: _sexagesimal(position.longitude),
                GPS.GPSAltitudeRef: b"\x00",
                GPS.GPSAltitude: IFDRational(round(position.altitude * 10), 10),
                GPS.GPSTimeStamp: tuple(IFDRational(part, 1) for part in (utc.hour, utc.minute, utc.second)),
                GPS.GPSDateStamp: utc.strftime("%Y:%m:%d"),
            }
        )
    return block


def _sexagesimal(degrees: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Convert decimal degrees to degrees, minutes and seconds, as in GPSLatitude and GPSLongitude."""
    minutes, seconds = divmod(round(abs(degrees) * 360_000), 6_000)
    return IFDRational(minutes // 60, 1), IFDRational(minutes % 60, 1), IFDRational(seconds, 100)
