"""Identification of file formats by the first bytes and the file name.

Names can be wrong: a ``.ts`` may be TypeScript, a ``.nef`` a renamed JPEG, an ``.mp4`` a playlist. Therefore
the bytes decide. The name only chooses among formats that the bytes allow (camera formats based on TIFF,
audio or video in one container), or is used if the bytes are not conclusive. MIME types follow the IANA media
type registry; unregistered types follow exiftool and freedesktop.org's shared-mime-info.
"""

from dataclasses import dataclass

from mfkit.scan.formats import signatures

HEAD_SIZE = 4096
"""Number of a file's first bytes that `identify` needs."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """File format with its MIME type and media type.

    Attributes:
        format: Short stable name, such as ``"jpeg"`` or ``"mp4"``, by which extractors are registered.
        mime_type: MIME type, such as ``"image/jpeg"``.
        media_type: ``"video"``, ``"audio"``, ``"image"``, ``"document"`` or ``"other"``.
    """

    format: str
    mime_type: str
    media_type: str


# The columns of this table are format, MIME type and file extensions. If several formats list the same
# extension, the first of these formats is used.
_IMAGES = """
jpeg image/jpeg jpg jpeg jpe jfif
png  image/png png apng
gif  image/gif gif
webp image/webp webp
tiff image/tiff tif tiff
bmp  image/bmp bmp dib
heic image/heic heic heics
heif image/heif heif hif heifs
avif image/avif avif avifs
jp2  image/jp2 jp2
jpx  image/jpx jpx jpf
jpm  image/jpm jpm
j2k  image/j2c j2k j2c jpc
jxl  image/jxl jxl
psd  image/vnd.adobe.photoshop psd psb
ico  image/x-icon ico
cur  image/x-win-bitmap cur
svg  image/svg+xml svg svgz
tga  image/x-tga tga targa
pnm  image/x-portable-anymap pnm pbm pgm ppm pam
pcx  image/x-pcx pcx
dds  image/vnd.ms-dds dds
qoi  image/qoi qoi
sgi  image/sgi sgi rgb rgba bw
icns image/icns icns
exr  image/x-exr exr
hdr  image/vnd.radiance hdr
xcf  image/x-xcf xcf
wmf  image/wmf wmf
emf  image/emf emf
nef  image/x-nikon-nef nef
nrw  image/x-nikon-nrw nrw
dng  image/x-adobe-dng dng
cr2  image/x-canon-cr2 cr2
cr3  image/x-canon-cr3 cr3
crw  image/x-canon-crw crw
arw  image/x-sony-arw arw
sr2  image/x-sony-sr2 sr2
srf  image/x-sony-srf srf
raf  image/x-fujifilm-raf raf
orf  image/x-olympus-orf orf
rw2  image/x-panasonic-rw2 rw2
raw  image/x-panasonic-raw raw
rwl  image/x-leica-rwl rwl
x3f  image/x-sigma-x3f x3f
mrw  image/x-minolta-mrw mrw
iiq  image/x-phaseone-iiq iiq
pef  image/x-pentax-pef pef
srw  image/x-samsung-srw srw
3fr  image/x-hasselblad-3fr 3fr
fff  image/x-hasselblad-fff fff
erf  image/x-epson-erf erf
mef  image/x-mamiya-mef mef
mos  image/x-leaf-mos mos
kdc  image/x-kodak-kdc kdc
dcr  image/x-kodak-dcr dcr
"""
_VIDEOS = """
mp4  video/mp4 mp4 mp4v mpg4 m4s
m4v  video/x-m4v m4v
mov  video/quicktime mov qt
3gp  video/3gpp 3gp 3gpp
3g2  video/3gpp2 3g2 3gp2
mkv  video/matroska mkv mk3d
webm video/webm webm
avi  video/x-msvideo avi divx
ts   video/mp2t ts m2t
m2ts video/mp2t m2ts mts
mpeg video/mpeg mpg mpeg mpe vob m2p
mpv  video/mpeg m1v m2v mpv
flv  video/x-flv flv
f4v  video/mp4 f4v
wmv  video/x-ms-wmv wmv
asf  video/x-ms-asf asf
ogv  video/ogg ogv ogx
rm   application/vnd.rn-realmedia rm rmvb
mxf  application/mxf mxf
ivf  video/x-ivf ivf
y4m  video/x-yuv4mpeg y4m
dv   video/dv dv
wtv  video/x-ms-wtv wtv
nut  video/x-nut nut
h264 video/h264 h264 264
hevc video/h265 h265 265 hevc
"""
_AUDIOS = """
mp3  audio/mpeg mp3
mp2  audio/mpeg mp2 mp1 mpa
aac  audio/aac aac adts
m4a  audio/mp4 m4a m4p
m4b  audio/mp4 m4b m4r
flac audio/flac flac
wav  audio/x-wav wav wave bwf rf64
aiff audio/aiff aif aiff aifc
ogg  audio/ogg ogg oga
opus audio/opus opus
spx  audio/ogg spx
wma  audio/x-ms-wma wma
mka  audio/matroska mka
weba audio/webm weba
ape  audio/x-ape ape
wv   audio/x-wavpack wv
mpc  audio/x-musepack mpc mp+ mpp
tta  audio/x-tta tta
dsf  audio/x-dsf dsf
dff  audio/x-dff dff
midi audio/midi mid midi kar rmi
ac3  audio/ac3 ac3
eac3 audio/eac3 eac3 ec3
ac4  audio/ac4 ac4
dts  audio/vnd.dts dts
amr  audio/amr amr
awb  audio/amr-wb awb
caf  audio/x-caf caf
w64  audio/x-w64 w64
au   audio/basic au snd
ra   audio/vnd.rn-realaudio ra
"""
_DOCUMENTS = """
pdf  application/pdf pdf
epub application/epub+zip epub
docx application/vnd.openxmlformats-officedocument.wordprocessingml.document docx docm dotx
xlsx application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx xlsm xltx
pptx application/vnd.openxmlformats-officedocument.presentationml.presentation pptx pptm ppsx potx
odt  application/vnd.oasis.opendocument.text odt ott
ods  application/vnd.oasis.opendocument.spreadsheet ods ots
odp  application/vnd.oasis.opendocument.presentation odp otp
odg  application/vnd.oasis.opendocument.graphics odg otg
doc  application/msword doc dot
xls  application/vnd.ms-excel xls xlt
ppt  application/vnd.ms-powerpoint ppt pps
msg  application/vnd.ms-outlook msg
rtf  application/rtf rtf
ps   application/postscript ps eps ai
djvu image/vnd.djvu djvu djv
mobi application/x-mobipocket-ebook mobi azw azw3 prc
text text/plain txt text log
"""
_OTHERS = """
zip  application/zip zip cbz jar apk
rar  application/vnd.rar rar cbr
7z   application/x-7z-compressed 7z cb7
gzip application/gzip gz tgz
bzip2 application/x-bzip2 bz2
xz   application/x-xz xz
zstd application/zstd zst
tar  application/x-tar tar
iso  application/x-iso9660-image iso
ole  application/x-ole-storage db
sqlite application/vnd.sqlite3 sqlite sqlite3 db3
unknown application/octet-stream bin
"""
_TEXTS = """
text/html html htm xhtml
text/css css
text/csv csv
text/tab-separated-values tsv
text/markdown md markdown
text/javascript js mjs
text/xml xml xmp xsl
text/calendar ics
text/vcard vcf
text/x-python py
text/x-typescript ts tsx mts
text/x-srt srt
text/vtt vtt
application/json json ipynb geojson
application/yaml yaml yml
application/toml toml
application/vnd.apple.mpegurl m3u8
audio/x-mpegurl m3u
application/gpx+xml gpx
"""


def _parse_tables() -> tuple[dict[str, FileFormat], dict[str, str]]:
    """Parse the format tables into two dicts: format name → format, and file extension → format name."""
    formats: dict[str, FileFormat] = {}
    by_extension: dict[str, str] = {}
    for media_type, rows in (
        ("image", _IMAGES),
        ("video", _VIDEOS),
        ("audio", _AUDIOS),
        ("document", _DOCUMENTS),
        ("other", _OTHERS),
    ):
        for row in rows.split("\n")[1:-1]:
            format_name, mime_type, *extensions = row.split()
            formats[format_name] = FileFormat(format_name, mime_type, media_type)
            for extension in extensions:
                by_extension.setdefault(extension, format_name)
    return formats, by_extension


FORMATS, _BY_EXTENSION = _parse_tables()
UNKNOWN_FORMAT = FORMATS["unknown"]
_TEXT_TYPES = {extension: row.split()[0] for row in _TEXTS.split("\n")[1:-1] for extension in row.split()[1:]}


def identify(head: bytes, name: str) -> FileFormat:
    """Identify a file's format by its first bytes and its name.

    Args:
        head: The file's first `HEAD_SIZE` bytes; further bytes are not needed.
        name: The file's name, with or without its folder.

    Returns:
        The format; `UNKNOWN_FORMAT` for an empty file, and if neither bytes nor name are conclusive.
    """
    if not head:
        return UNKNOWN_FORMAT
    base = name.replace("\\", "/").rpartition("/")[2]
    stem, dot, suffix = base.rpartition(".")
    extension = suffix.lower() if dot else ""
    claimed = _BY_EXTENSION.get(extension, "")
    found = signatures.sniff(head, claimed)
    if found:
        return FORMATS[found]
    if signatures.is_text(head, has_text_name=claimed == "text" or extension in _TEXT_TYPES):
        # Python's module mimetypes is not used, because its results differ between machines.
        return FileFormat("text", _TEXT_TYPES.get(extension, "text/plain"), "document")
    if claimed in ("text", "svg", "tga", ""):
        # The name indicates text, SVG or Targa, but the bytes are none of these, so the name is wrong.
        return UNKNOWN_FORMAT
    return FORMATS[claimed]


def format_by_name(name: str) -> FileFormat:
    """Return the format that a file name indicates, for files that cannot be read."""
    suffix = name.rpartition(".")[2].lower()
    if suffix in _TEXT_TYPES and suffix not in _BY_EXTENSION:
        return FileFormat("text", _TEXT_TYPES[suffix], "document")
    return FORMATS[_BY_EXTENSION.get(suffix, "unknown")]
