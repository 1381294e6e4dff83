"""Files that would have a careless reader connect to a server, or open files outside the scanned folder."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from tests.integration.hostile.shapes import TYPES, box, jpeg, pdf, zipped


def lures(url: str, canary: str) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents.

    Args:
        url: A server's, that must see no connection.
        canary: Path of a file outside the scanned folder, that must not be read.
    """
    playlist = (
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXT-X-MEDIA-SEQUENCE:0\n{keys}"
        "#EXTINF:9.0,\n{place}\n#EXT-X-ENDLIST\n"
    )
    playlists = {
        "hls": playlist.format(keys="", place=f"{url}/a.ts"),
        "hls of files": playlist.format(keys="", place=f"file://{canary}"),
        "hls of paths": playlist.format(keys="", place=canary),
        "hls key": playlist.format(
            keys=f'#EXT-X-KEY:METHOD=AES-128,URI="{url}/key"\n', place=f"concat:{canary}|{url}/b"
        ),
        "pls": f"[playlist]\nNumberOfEntries=2\nFile1={url}/a.mp3\nFile2={canary}\nVersion=2\n",
        "m3u": f"#EXTM3U\n#EXTINF:1,x\n{url}/a.mp3\n{canary}\n",
        "concat": f"ffconcat version 1.0\nfile '{canary}'\nfile '{url}/a.mp4'\n",
        "asx": f'<asx version="3.0"><entry><ref href="{url}/a.wmv"/><ref href="{canary}"/></entry></asx>',
        "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
        f'<AdaptationSet mimeType="video/mp4"><Representation id="1"><BaseURL>{url}/a.mp4</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        f"m=video {url.rpartition(':')[2]} RTP/AVP 96\n",
        "script": f'DirectShowSource("{url}/a.avi")\nimport("{canary}")\n',
        "reference": f"[Reference]\nRef1={url}/a.asf\nRef2={canary}\n",
    }
    # The kind is told by the first bytes: some lures hide behind those of a real film.
    for lure, text in playlists.items():
        for extension in ("mp4", "mkv", "mp3", "avi", "ts", "wmv", "m3u8"):
            yield f"{lure}.{extension}", f"{text}# {extension}\n".encode()
        yield f"{lure} behind a box.mp4", box(b"ftyp", b"isom\0\0\2\0isom") + b"\n" + text.encode()
        yield f"{lure} behind a tag.mp3", b"ID3\3\0\0\0\0\0\0" + text.encode()
    for lure in (url, f"file://{canary}", canary):
        reference = box(
            b"rmra",
            box(
                b"rmda",
                box(b"rdrf", bytes(4) + b"url " + struct.pack(">I", len(lure) + 1) + lure.encode() + b"\0"),
            ),
        )
        data = box(b"dref", bytes(4) + b"\0\0\0\1" + box(b"url ", bytes(4) + lure.encode() + b"\0"))
        alias = box(
            b"dref",
            bytes(4)
            + b"\0\0\0\1"
            + box(
                b"alis",
                bytes(4) + bytes(150) + struct.pack(">hH", 2, len(lure)) + lure.encode() + b"\xff\xff\0\0",
            ),
        )
        digest = zlib.crc32(lure.encode())
        for place, content in enumerate(
            (
                reference,
                box(b"trak", box(b"mdia", box(b"minf", box(b"dinf", data)))),
                box(b"trak", box(b"mdia", box(b"minf", box(b"dinf", alias)))),
            )
        ):
            yield f"reference {digest} {place}.mov", box(b"ftyp", b"qt  \0\0\0\0qt  ") + box(b"moov", content)
        entity = (
            f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY secret SYSTEM "{lure}">'
            f'<!ENTITY % more SYSTEM "{lure}"> %more;]><svg xmlns:xi="http://www.w3.org/2001/XInclude">'
            f'<title>&secret;</title><image href="{lure}"/><xi:include href="{lure}" parse="text"/></svg>'
        ).encode()
        yield f"entity {digest}.svg", entity
        yield f"entity {digest}.jpg", jpeg((0xE1, b"http://ns.adobe.com/xap/1.0/\0" + entity))
        yield f"entity {digest}.jpg.xmp", entity + b"<!-- a sidecar -->"
        yield (
            f"entity {digest}.docx",
            zipped(
                TYPES
                | {
                    "docProps/core.xml": entity,
                    "_rels/.rels": (
                        '<Relationships><Relationship Type="/metadata/core-properties" TargetMode="External" '
                        f'Target="{lure}"/></Relationships>'
                    ).encode(),
                }
            ),
        )
        yield (
            f"entity {digest}.epub",
            zipped(
                {
                    "mimetype": b"application/epub+zip",
                    "META-INF/container.xml": (
                        f"<container><rootfile full-path='{lure}'/></container>"
                    ).encode(),
                }
            ),
        )
        yield (
            f"action {digest}.pdf",
            pdf(
                f"<</Type/Catalog /Pages 3 0 R /OpenAction<</S/URI /URI({lure})>>>>".encode(),
                f"<</Title 4 0 R /Author<</F({lure}) /Type/Filespec>>>>".encode(),
                b"<</Count 1>>",
                f"<</Length 0 /F({lure})>>\nstream\n\nendstream".encode(),
            ),
        )
