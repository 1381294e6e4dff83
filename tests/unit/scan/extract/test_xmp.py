"""XMP packets: spelling of properties, keywords, people, ratings, and damage."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfkit.scan.extract import xmp, xmp_packet
from mfkit.scan.extract.capture_time import with_capture_time

NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "tags": "http://www.digikam.org/ns/1.0/",
    "q": "http://ns.adobe.com/xap/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "ps": "http://ns.adobe.com/photoshop/1.0/",
    "ms": "http://ns.microsoft.com/photo/1.0/",
    "MP": "http://ns.microsoft.com/photo/1.2/",
    "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "mwg-kw": "http://www.metadataworkinggroup.com/schemas/keywords/",
    "ext": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "media": "http://ns.iview-multimedia.com/mediapro/1.0/",
    "other": "http://example.org/other/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "dm": "http://ns.adobe.com/xmp/1.0/DynamicMedia/",
    "core": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "acdsee": "http://ns.acdsee.com/iptc/1.0/",
}


def packet(attributes: str = "", body: str = "", start: str = "") -> bytes:
    """Return a packet; its prefixes are not the usual ones."""
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return (
        f'{start}<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<r:Description r:about="" {declared} {attributes}>{body}</r:Description></r:RDF></x:xmpmeta>'
    ).encode()


def array(name: str, *members: str, kind: str = "Bag") -> str:
    """Return an array property."""
    items = "".join(f"<r:li>{member}</r:li>" for member in members)
    return f"<{name}><r:{kind}>{items}</r:{kind}></{name}>"


def test_prefixes_do_not_count() -> None:
    """A property is known by its namespace's URI."""
    metadata = with_capture_time(xmp.extract(packet('q:Rating="3" q:CreateDate="2020-01-02T03:04:05+05:30"')))
    assert metadata["extra"]["rating"] == 3
    assert metadata["taken_at"] == datetime(
        2020, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5, minutes=30))
    )
    foreign = packet('xmp:Rating="3"').replace(b"xmlns:other=", b"xmlns:xmp=")
    assert "rating" not in xmp.extract(foreign).get("extra", {})


@pytest.mark.parametrize(
    "body",
    [
        "<dc:title>Fjord</dc:title>",
        array("dc:title", "Fjord", kind="Alt"),
        '<dc:title><r:Alt><r:li xml:lang="de">Förde</r:li><r:li xml:lang="x-default">Fjord</r:li></r:Alt>'
        "</dc:title>",
        '<dc:title r:parseType="Resource"><r:value>Fjord</r:value><q:note>x</q:note></dc:title>',
        "<dc:title><r:Description><r:value>Fjord</r:value></r:Description></dc:title>",
        '<dc:title r:value="Fjord" q:note="x"/>',
        "<dc:title><![CDATA[Fjord]]></dc:title>",
        "<other:a><r:Bag><r:li><r:Description dc:title='No'/></r:li></r:Bag></other:a>"
        "<dc:title>Fjord</dc:title>",
    ],
)
def test_forms_of_a_value(body: str) -> None:
    """Elements, language alternatives, qualified values and structures state the same title."""
    assert xmp.extract(packet(body=body))["title"] == "Fjord"


def test_several_descriptions() -> None:
    """Older programs write one description for each namespace."""
    first, second = (
        packet('dc:format="x" ps:City="Lyon"'),
        packet('q:Rating="2"', array("dc:subject", "a", "b")),
    )
    both = first.replace(
        b"</r:RDF>", second[second.index(b"<r:Description") : second.index(b"</r:RDF>")] + b"</r:RDF>"
    )
    metadata = xmp.extract(both)
    assert metadata["location_name"] == "Lyon"
    assert (metadata["extra"]["rating"], metadata["extra"]["keywords"]) == (2, ["a", "b"])


@pytest.mark.parametrize(
    ("body", "keywords", "paths"),
    [
        (
            array("lr:hierarchicalSubject", "Places|France|Paris"),
            ["Places|France|Paris"],
            ["Places|France|Paris"],
        ),
        (array("tags:TagsList", "Places/France", kind="Seq"), ["Places/France"], ["Places/France"]),
        (array("media:CatalogSets", "Trips|2019"), ["Trips|2019"], ["Trips|2019"]),
        (array("ms:LastKeywordXMP", "Trips/2019"), ["Trips/2019"], ["Trips/2019"]),
        (
            array("dc:subject", "Paris", "Sea")
            + array("lr:hierarchicalSubject", "Places|Paris", "My|Archive"),
            ["Paris", "Sea", "My|Archive"],
            ["Places|Paris", "My|Archive"],
        ),
        (
            '<mwg-kw:Keywords r:parseType="Resource"><mwg-kw:Hierarchy><r:Bag><r:li r:parseType="Resource">'
            "<mwg-kw:Keyword>Animals</mwg-kw:Keyword><mwg-kw:Children><r:Bag><r:li mwg-kw:Keyword='Cat'/>"
            "</r:Bag></mwg-kw:Children></r:li></r:Bag></mwg-kw:Hierarchy></mwg-kw:Keywords>",
            ["Animals|Cat"],
            ["Animals|Cat"],
        ),
    ],
)
def test_hierarchical_keywords(body: str, keywords: list[str], paths: list[str]) -> None:
    """Paths are kept; one whose last level is a keyword as well is not a second keyword."""
    extra = xmp.extract(packet(body=body))["extra"]
    assert (extra["keywords"], extra["keyword_paths"]) == (keywords, paths)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('q:Rating="-1"', -1),
        ('q:Rating="-1.0"', -1),
        ('q:Rating="4.0"', 4),
        ('q:Rating="3.5"', 3.5),
        ('q:Rating="0"', 0),
        ('ms:Rating="99"', 5),
        ('ms:Rating="1"', 1),
        ('ms:Rating="50" q:Rating="2"', 2),
        ('q:Rating="6"', None),
        ('q:Rating="five"', None),
    ],
)
def test_ratings(attributes: str, expected: float | None) -> None:
    """xmp:Rating has priority over Microsoft's percentage."""
    assert xmp.extract(packet(attributes)).get("extra", {}).get("rating") == expected


def test_people_in_all_schemas() -> None:
    """Names come from IPTC, the Metadata Working Group and Microsoft; pets are not people."""
    body = (
        array("ext:PersonInImage", "Ann")
        + '<mwg-rs:Regions r:parseType="Resource"><mwg-rs:RegionList><r:Bag>'
        + '<r:li><r:Description mwg-rs:Name="Bea" mwg-rs:Type="Face"/></r:li>'
        + '<r:li mwg-rs:Name="Rex" mwg-rs:Type="Pet"/><r:li mwg-rs:Type="Focus"/>'
        + '<r:li r:parseType="Resource"><mwg-rs:Name>Cy</mwg-rs:Name></r:li>'
        + "</r:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
        + "<MP:RegionInfo><r:Description><MPRI:Regions><r:Bag>"
        + '<r:li MPReg:PersonDisplayName="Di"/><r:li><r:Description MPReg:PersonDisplayName="Ann"/></r:li>'
        + "</r:Bag></MPRI:Regions></r:Description></MP:RegionInfo>"
        + array("media:People", "Ed")
        + '<ext:ImageRegion><r:Bag><r:li r:parseType="Resource"><ext:Name>a chair</ext:Name>'
        + array("ext:PersonInImage", "Flo")
        + "</r:li></r:Bag></ext:ImageRegion>"
    )
    assert xmp.extract(packet(body=body))["extra"]["people"] == ["Ann", "Flo", "Bea", "Cy", "Di", "Ed"]


def test_places_and_authors() -> None:
    """A location structure counts if no simple property states the place; authors are joined."""
    body = (
        '<ext:LocationShown><r:Bag><r:li ext:City="Oslo" ext:CountryName="Norway"/></r:Bag>'
        "</ext:LocationShown>" + array("dc:creator", "Ann", "Bob", kind="Seq")
    )
    metadata = xmp.extract(packet(body=body))
    assert (metadata["location_name"], metadata["extra"]["author"]) == ("Oslo, Norway", "Ann; Bob")
    assert xmp.extract(packet('ps:City="Bergen"', body))["location_name"] == "Bergen"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-32-le", "latin-1"])
def test_encodings(encoding: str) -> None:
    """A packet's encoding is recognised by its first bytes; what it declares does not count."""
    text = packet('ps:City="Zürich"', start='<?xml version="1.0" encoding="us-ascii"?>').decode()
    assert xmp.extract(text.encode(encoding))["location_name"] == "Zürich"


@pytest.mark.parametrize(
    "damage",
    [
        (b'ps:City="Rock"', b'ps:City="Rock & Roll"'),
        (b'ps:City="Rock"', b'ps:City="Rock \x01"'),
        (b"</r:RDF>", b""),
        (b"</r:RDF></x:xmpmeta>", b"</r:RDF>garbage<a></b>"),
        (b'xmlns:other="http://example.org/other/"', b""),
    ],
)
def test_packets_that_are_not_well_formed(damage: tuple[bytes, bytes]) -> None:
    """What comes before a fault is read, and the usual faults are repaired."""
    data = packet('ps:City="Rock"', array("dc:subject", "x")).replace(*damage)
    metadata = xmp.extract(data)
    assert metadata["location_name"].startswith("Rock")
    assert metadata["extra"]["keywords"] == ["x"]


def test_prefix_without_a_declaration() -> None:
    """A usual prefix has its usual meaning, and other properties without a declaration are skipped."""
    data = (
        b'<?xml version="1.0"?><rdf:RDF><rdf:Description rdf:about="" foo:Rating="1" xmp:Rating="4">'
        b"<dc:subject><rdf:Bag><rdf:li>x</rdf:li></rdf:Bag></dc:subject><foo:a>y</foo:a></rdf:Description>"
    )
    assert xmp_packet.parse(data) == {"xmp:Rating": "4", "dc:subject": ["x"]}


def test_document_types_are_refused() -> None:
    """No entity is declared or expanded."""
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    assert xmp_packet.parse(packet(body="<dc:title>&b;</dc:title>", start=bomb)) == {}


def test_limits() -> None:
    """Deep nesting and many elements end the reading without an error."""
    deep = "<other:a>" * 5_000 + "</other:a>" * 5_000
    assert xmp.extract(packet('ps:City="Rome"', deep))["location_name"] == "Rome"
    many = packet('ps:City="Rome"', array("dc:subject", *map(str, range(30_000))))
    assert len(xmp.extract(many, len(many))["extra"]["keywords"]) == 200


@given(st.binary(max_size=200), st.integers(0, 900))
def test_damaged_packets_raise_nothing(noise: bytes, at: int) -> None:
    """Any bytes in a packet give metadata or none."""
    data = packet('q:Rating="3"', array("dc:subject", "a"))
    xmp.extract(data[:at] + noise + data[at:])
    xmp.extract(noise)


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        ("59,54.0N", "10,42.0E", (59.9, 10.7)),
        ("33,51,24S", "151,12,54E", (-33.856667, 151.215)),
        ("38,43.5N", "9,8.4W", (38.725, -9.14)),
        ("33,30.0S", "70,15.0W", (-33.5, -70.25)),
        ("90,0.0S", "180,0.0W", (-90.0, -180.0)),
        ("-33.8583", "151.2083", (-33.8583, 151.2083)),
        ("+38.7250", "-9.1400", (38.725, -9.14)),
        ("+38.7250", "+9.1400", (38.725, 9.14)),
        ("33.8583S", "151.2083 e", (-33.8583, 151.2083)),
        ("43.07640075683594N", "79.0770034790039062W", (43.076401, -79.077003)),
        ("33 deg 51' 29.88&quot; S", "151 deg 12' 29.88&quot; E", (-33.8583, 151.2083)),
    ],
)
def test_locations(latitude: str, longitude: str, expected: tuple[float, float]) -> None:
    """South and west are negative, in minutes with a fraction and in seconds."""
    metadata = xmp.extract(packet(f'exif:GPSLatitude="{latitude}" exif:GPSLongitude="{longitude}"'))
    assert (metadata["latitude"], metadata["longitude"]) == pytest.approx(expected, abs=1e-6)


def test_default_texts_of_cameras() -> None:
    """Programs copy the text that a camera writes into every image."""
    titled = packet('ps:Headline="Alps"', array("dc:title", "SONY DSC", kind="Alt"))
    metadata = xmp.extract(
        titled.replace(b"</r:Description>", b"<dc:description>SAMSUNG</dc:description></r:Description>")
    )
    assert metadata["title"] == "Alps" and "description" not in metadata.get("extra", {})


def test_altitude_and_lens() -> None:
    """Altitudes below sea level are negative, and the ranges of a lens name it."""
    metadata = xmp.extract(
        packet(
            'exif:GPSAltitude="43000/100" exif:GPSAltitudeRef="1" exif:FocalLengthIn35mmFilm="75" '
            'xmlns:a="http://ns.adobe.com/exif/1.0/aux/" a:LensInfo="24/1 70/1 28/10 28/10"'
        )
    )["extra"]
    assert (metadata["altitude"], metadata["focal_length_35mm"]) == (-430.0, 75)
    assert metadata["lens"] == "24-70mm f/2.8"


@pytest.mark.parametrize("name", ["GpsLongitude", "GpsLongtitude"])
def test_location_of_a_drone(name: str) -> None:
    """DJI's drones write signed degrees; old ones misspell the longitude."""
    drone = 'xmlns:d="http://www.dji.com/drone-dji/1.0/"'
    metadata = xmp.extract(packet(f'{drone} d:GpsLatitude="+44.5135795" d:{name}="-64.3007844"'))
    assert (metadata["latitude"], metadata["longitude"]) == (44.5135795, -64.3007844)
    assert "latitude" not in xmp.extract(packet(f'{drone} d:GpsLatitude="north" d:{name}="-64.3"'))


def test_hemispheres_in_properties_of_their_own() -> None:
    """Some programs write decimal degrees, and the hemisphere as in EXIF."""
    exif = "<exif:GPSLatitude>33.5</exif:GPSLatitude><exif:GPSLongitude>70.25</exif:GPSLongitude>"
    references = (
        "<exif:GPSLatitudeRef>S</exif:GPSLatitudeRef><exif:GPSLongitudeRef>West</exif:GPSLongitudeRef>"
    )
    metadata = xmp.extract(packet(body=exif + references))
    assert (metadata["latitude"], metadata["longitude"]) == (-33.5, -70.25)
    assert "latitude" not in xmp.extract(packet(body=exif + references.replace("S<", "E<")))
    created = f'<ext:LocationCreated><r:Bag><r:li r:parseType="Resource">{exif + references}</r:li></r:Bag>'
    metadata = xmp.extract(packet(body=f"{created}</ext:LocationCreated>"))
    assert (metadata["latitude"], metadata["longitude"]) == (-33.5, -70.25)


def test_categories_of_acdsee() -> None:
    """The assigned categories are keywords with the categories above them."""
    categories = (
        '<Categories><Category Assigned="0">Places<Category Assigned="1">Rome</Category>'
        '<Category Assigned="0">Bern</Category></Category><Category Assigned="1">Art</Category></Categories>'
    )
    escaped = categories.replace("<", "&lt;").replace('"', "&quot;")
    metadata = xmp.extract(packet(f'acdsee:categories="{escaped}"'))
    assert metadata["extra"]["keywords"] == ["Places|Rome", "Art"]


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ("91,0.0N", "1,0.0E"),
        ("1,0.0E", "1,0.0N"),
        ("1,0.0N", "181,0.0W"),
        ("1,0.0N", ""),
        ("38.7250", "9.1400"),
        ("-91.0", "1.0"),
        ("-1.0", "181.0"),
        ("-1.0", "1,0.0E"),
    ],
)
def test_invalid_locations(latitude: str, longitude: str) -> None:
    """A location beyond the poles, with swapped letters or without one half is none."""
    metadata = xmp.extract(
        packet(f'q:Rating="1" exif:GPSLatitude="{latitude}" exif:GPSLongitude="{longitude}"')
    )
    assert "latitude" not in metadata and "longitude" not in metadata


@pytest.mark.parametrize(
    ("attributes", "day", "origin"),
    [
        (
            'exif:DateTimeOriginal="2001-01-02" ps:DateCreated="2002-01-02" q:CreateDate="2003-01-02"',
            2001,
            "xmp",
        ),
        ('ps:DateCreated="2002-01-02" q:CreateDate="2003-01-02"', 2002, "xmp"),
        ('exif:DateTimeOriginal="never" ps:DateCreated="2002-01-02"', 2002, "xmp"),
        ('exif:DateTimeOriginal="never" dm:shotDate="2004-01-02"', 2004, "xmp"),
        ('q:CreateDate="2003-01-02"', 2003, "xmp CreateDate"),
        ('exif:DateTimeDigitized="2001-01-02" ps:DateCreated="2002-01-02"', 2001, "xmp"),
        ('dc:date="2001-01-02" q:CreateDate="2003-01-02"', 2003, "xmp CreateDate"),
        ('dc:date="2001-01-02"', 2001, "xmp CreateDate"),
        ('exif:GPSTimeStamp="2001-01-02"', 2001, "gps"),
    ],
)
def test_order_of_dates(attributes: str, day: int, origin: str) -> None:
    """The capture time comes before the date of creation, and that before the date of the file."""
    metadata = with_capture_time(xmp.extract(packet(attributes)))
    assert metadata["taken_at"] == datetime(day, 1, 2) and metadata["extra"]["origins"]["taken_at"] == origin


@pytest.mark.parametrize(
    ("attributes", "field", "expected"),
    [
        ('dc:title="A" ps:Headline="B"', "title", "A"),
        ('ps:Headline="B"', "title", "B"),
        ('dc:description="A" tiff:ImageDescription="B" exif:UserComment="C"', "description", "A"),
        ('tiff:ImageDescription="B" exif:UserComment="C"', "description", "B"),
        ('exif:UserComment="C"', "description", "C"),
        ('dc:creator="A" tiff:Artist="B"', "author", "A"),
        ('tiff:Artist="B"', "author", "B"),
        ('dc:rights="A" tiff:Copyright="B"', "copyright", "A"),
        ('tiff:Copyright="B"', "copyright", "B"),
        ('aux:Lens="A" exifEX:LensModel="B"', "lens", "A"),
        ('exifEX:LensModel="B"', "lens", "B"),
        ('q:Label="Red" q:Rating="3"', "label", "Red"),
        ('dc:subject="sea, a beach;sun"', "keywords", ["sea", "a beach", "sun"]),
        ('aux:Lens="----" exifEX:LensModel="B"', "lens", "B"),
        ('tiff:Orientation="6"', "orientation", 6),
        ('tiff:Orientation="9"', "orientation", None),
        ('exif:ISOSpeedRatings="100" exifEX:PhotographicSensitivity="200"', "iso", 100),
        ('exifEX:PhotographicSensitivity="200"', "iso", 200),
        ('exif:FNumber="28/10"', "aperture", 2.8),
        ('exif:FNumber="4"', "aperture", 4.0),
        ('exif:FNumber="4/0"', "aperture", None),
        ('exif:ApertureValue="4/1"', "aperture", 4.0),
        ('exif:ShutterSpeedValue="8/1"', "shutter_speed", "1/256"),
        ('exif:ExposureTime="10/2500"', "shutter_speed", "1/250"),
        ('exif:FocalLength="500/10"', "focal_length", 50.0),
        ('tiff:Make="Canon" tiff:Model="EOS 5D"', "camera_make", "Canon"),
        ('tiff:Make="Canon" tiff:Model="EOS 5D"', "camera_model", "EOS 5D"),
        (
            'core:Location="Belém" ps:City="Lisbon" ps:State="Lisbon" ps:Country="Portugal"',
            "location_name",
            "Belém, Lisbon, Portugal",
        ),
        ('acdsee:rating="3"', "rating", 3),
        ('ms:Rating="99" acdsee:rating="3"', "rating", 5),
        ('q:Rating="2" acdsee:rating="3"', "rating", 2),
    ],
)
def test_order_of_properties(attributes: str, field: str, expected: object) -> None:
    """Of several properties for one field, the first of the documented order is used."""
    metadata = xmp.extract(packet(attributes))
    assert {**metadata["extra"], **metadata}.get(field) == expected


def test_place_that_is_shown() -> None:
    """The place in the picture comes before the place of the camera."""
    created = '<ext:LocationCreated><r:Bag><r:li ext:City="Bergen"/></r:Bag></ext:LocationCreated>'
    shown = (
        '<ext:LocationShown><r:Bag><r:li ext:Sublocation="Bygdøy" ext:City="Oslo" ext:ProvinceState="Oslo" '
        'ext:CountryName="Norway"/></r:Bag></ext:LocationShown>'
    )
    assert xmp.extract(packet(body=created + shown))["location_name"] == "Bygdøy, Oslo, Norway"
    assert xmp.extract(packet(body=created))["location_name"] == "Bergen"


@pytest.mark.parametrize(("applied", "expected"), [("True", ["A|B", "A"]), ("False", ["A|B"])])
def test_keywords_above_others(applied: str, expected: list[str]) -> None:
    """A keyword with others below it counts only if it is applied itself."""
    body = (
        '<mwg-kw:Keywords r:parseType="Resource"><mwg-kw:Hierarchy><r:Bag>'
        f"<r:li r:parseType='Resource'><mwg-kw:Keyword>A</mwg-kw:Keyword>"
        f"<mwg-kw:Applied>{applied}</mwg-kw:Applied><mwg-kw:Children><r:Bag><r:li mwg-kw:Keyword='B'/>"
        "</r:Bag></mwg-kw:Children></r:li></r:Bag></mwg-kw:Hierarchy></mwg-kw:Keywords>"
    )
    assert xmp.extract(packet(body=body))["extra"]["keyword_paths"] == expected


@pytest.mark.parametrize("path", ["Places|Paris", "Places/Paris"])
def test_last_level_of_a_path(path: str) -> None:
    """Both separators divide levels, and a flat keyword is not repeated."""
    body = array("dc:subject", "Paris") + array("lr:hierarchicalSubject", path)
    assert xmp.extract(packet(body=body))["extra"]["keywords"] == ["Paris"]
