"""Rules that tell what a file looks like, such as a screenshot, a scan or a picture sent by a messenger.

The view ``media`` evaluates the rules in SQL, so that the answer is current after a file was renamed or
inspected. A rule is a pattern for names, folders or programs, or a condition on size, camera and pixels.
Names that apps give to files are listed in https://github.com/s0md3v/dump; photo managers are often asked
for such a list of files (https://github.com/photoprism/photoprism/issues/2347).
"""

from __future__ import annotations

from dataclasses import dataclass

LOOKS_LIKE = ("screenshot", "messenger copy", "scan", "meme or sticker", "edited", "burst member")
"""Values of the column ``looks_like``."""

_DAY, _TIME = "[0-9]" * 8, "[0-9]" * 6
_ISO_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"


@dataclass(frozen=True)
class LooksLikeRule:
    """Rule that recognizes one kind of file, such as screenshots, by its name, folder, program or pixels.

    Patterns are GLOB patterns: ``*`` is any text, ``[0-9]`` a digit. They are compared with text whose ASCII
    letters are in lower case.

    Attributes:
        name: Name of the rule, the value of the column ``looks_like_rule``.
        value: One of :data:`LOOKS_LIKE`.
        names: Patterns of the file name.
        folders: Names of folders. The path must contain at least one of them.
        software: Patterns of the program that wrote the file.
        cameras: Patterns of the camera's model.
        condition: SQL condition, with ``{i}``, ``{m}`` and ``{q}`` for the tables of items, metadata and
            quality. It must be valid in SQLite, PostgreSQL and DuckDB.
        media_types: Media types to which the rule applies.
    """

    name: str
    value: str
    names: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    software: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    condition: str = ""
    media_types: tuple[str, ...] = ("image", "video")


# Widths and heights of the screens of phones and tablets, the shorter side first. A picture of such a size
# may be a screenshot. A picture of 16:9 must also be upright, because other pictures and videos often have
# the sizes of 16:9 screens.
_SCREENS = (
    (640, 960), (640, 1136), (750, 1334), (828, 1792), (1080, 1920), (1080, 2340), (1125, 2436), (1170, 2532),
    (1179, 2556), (1206, 2622), (1242, 2208), (1242, 2688), (1260, 2736), (1284, 2778), (1290, 2796),
    (1320, 2868), (1488, 2266), (1536, 2048), (1620, 2160), (1640, 2360), (1668, 2224), (1668, 2388),
    (2048, 2732), (720, 1280), (720, 1520), (720, 1560), (720, 1600), (1008, 2244), (1080, 2160),
    (1080, 2220), (1080, 2240), (1080, 2280), (1080, 2310), (1080, 2316),
    (1080, 2376), (1080, 2400), (1080, 2408), (1080, 2412), (1344, 2992), (1440, 2560), (1440, 2880),
    (1440, 2960), (1440, 3040), (1440, 3088), (1440, 3120), (1440, 3200),
)  # fmt: skip
_UPRIGHT = "{m}height > {m}width"
_SHORT, _LONG = (
    f"CAST(CASE WHEN {_UPRIGHT} THEN {{m}}{one} ELSE {{m}}{other} END AS BIGINT)"
    for one, other in (("width", "height"), ("height", "width"))
)
_NO_CAMERA = "{m}camera_make IS NULL AND {m}camera_model IS NULL"
# Width and height are combined into one number, because not every database compares pairs quickly.
_SIDES = f"{_LONG} * 10000000 + {_SHORT}"
_IS_SCREEN = f"{_SIDES} IN ({', '.join(str(long * 10_000_000 + short) for short, long in _SCREENS)})"

RULES = (
    LooksLikeRule(
        "sticker name", "meme or sticker", (f"stk-{_DAY}-wa*", "sticker.webp", "sticker[ _-]*.webp")
    ),
    LooksLikeRule(
        "GIF site name", "meme or sticker", ("giphy.*", "giphy[ _-]*", "tenor.gif", "tenor[ _(-]*.gif")
    ),
    LooksLikeRule(
        "9GAG name", "meme or sticker", ("???????_[47][06]0[bs].*", "???????_[47][06]0[bs][wv]*.*")
    ),
    LooksLikeRule(
        "meme in the name",
        "meme or sticker",
        ("meme.*", "memes.*", "meme[ _0-9-]*", "*[ _-]meme.*", "*[ _-]meme[ _-]*", "*[ _-]memes[ _.-]*"),
    ),
    LooksLikeRule(
        "meme or sticker folder",
        "meme or sticker",
        folders=("whatsapp stickers", "whatsapp animated gifs", "stickers", "memes"),
    ),
    LooksLikeRule(
        "screenshot name",
        "screenshot",
        (
            "screenshot*", "*[ _-]screenshot*", "screen shot*", "screen_shot*", "screen recording*",
            "screen_recording*", "screenrecord*", "rpreplay_final[0-9]*", "smartselect_*",
            "bildschirmfoto*", "bildschirmaufnahme*", "captura de pantalla*", "captura de tela*",
            "captura de ecr*", "capture d?*cran*", "schermafbeelding*", "schermata*", "zrzut ekranu*",
            "sk*rmavbild*", "sk*rmklipp*", "skjermbilde*", "sk*rmbillede*", "kuvakaappaus*",
            "ekran g*r*nt*s*", "sn*mek obrazovky*", "Снимок экрана*", "Знімок екрана*",
            "スクリーンショット*", "截屏*", "截图*", "屏幕截图*", "屏幕快照*", "螢幕截圖*", "스크린샷*",
        ),
    ),
    LooksLikeRule(
        "screenshot folder", "screenshot", folders=("screenshots", "bildschirmfotos", "screen recordings")
    ),
    # iPhones write this comment into the Exif data of a screenshot.
    LooksLikeRule(
        "screenshot comment",
        "screenshot",
        condition="{m}description = 'Screenshot'",
        media_types=("image",),
    ),
    LooksLikeRule(
        "PNG of a phone screen's size",
        "screenshot",
        condition=f"{{i}}mime_type = 'image/png' AND {_NO_CAMERA} AND {_IS_SCREEN} "
        f"AND ({_UPRIGHT} OR {_SHORT} * 16 <> {_LONG} * 9)",
        media_types=("image",),
    ),
    LooksLikeRule(
        "WhatsApp name",
        "messenger copy",
        (
            *(f"{kind}-{_DAY}-wa[0-9]*" for kind in ("img", "vid", "aud", "ptt")),
            f"whatsapp image {_ISO_DAY}*",
            f"whatsapp video {_ISO_DAY}*",
            f"whatsapp audio {_ISO_DAY}*",
            f"whatsapp ptt {_ISO_DAY}*",
        ),
        media_types=("image", "video", "audio"),
    ),
    LooksLikeRule(
        "Telegram name",
        "messenger copy",
        (
            *(f"{kind}_{_ISO_DAY}_*" for kind in ("photo", "video", "audio")),
            "photo_[0-9]*@[0-9][0-9]-[0-9][0-9]-*",
            "video_[0-9]*@[0-9][0-9]-[0-9][0-9]-*",
            "telegram-cloud-photo-*",
            "telegram-cloud-document-*",
        ),
        media_types=("image", "video", "audio"),
    ),
    LooksLikeRule("Signal name", "messenger copy", (f"signal-{_ISO_DAY}-*",)),
    LooksLikeRule(
        "Facebook name",
        "messenger copy",
        ("fb_img_[0-9]*", "fb_vid_[0-9]*", f"received_{_DAY}[0-9]*", f"{_DAY}*_[0-9]*_[0-9]*_[no].jpg"),
    ),
    LooksLikeRule("Viber name", "messenger copy", (f"viber?image?{_ISO_DAY}*", "img-[0-9a-f]*-v.jp*g")),
    LooksLikeRule("WeChat name", "messenger copy", ("mmexport[0-9]*", "wx_camera_[0-9]*", "micromsg.[0-9]*")),
    LooksLikeRule("LINE name", "messenger copy", ("line_album_*", "line_movie_[0-9]*", "line_p[0-9]*")),
    LooksLikeRule("KakaoTalk name", "messenger copy", ("kakaotalk_[0-9]*", "kakaotalk_photo_*")),
    LooksLikeRule("Threema name", "messenger copy", (f"threema-{_DAY}-*",)),
    LooksLikeRule("Snapchat name", "messenger copy", ("snapchat-[0-9]*",)),
    LooksLikeRule(
        "messenger folder",
        "messenger copy",
        folders=(
            "whatsapp images", "whatsapp video", "whatsapp audio", "whatsapp voice notes", "telegram images",
            "telegram video", "telegram desktop", "viber images", "weixin", "wechat", "kakaotalk",
        ),
        media_types=("image", "video", "audio"),
    ),
    LooksLikeRule(
        "scan name",
        "scan",
        (
            "scan.*", "scan[ _0-9-]*", "*[ _-]scan.*", "scanned[ _-]*", "camscanner*", "adobe scan*",
            "adobescan*", "genius scan*", "office lens*", "microsoft lens*", "tiny scanner*",
        ),
        media_types=("image", "document"),
    ),
    LooksLikeRule(
        "scanner", "scan", cameras=("*scan*", "*perfection v*", "*perfection [0-9]*"), media_types=("image",)
    ),
    LooksLikeRule(
        "scanning software",
        "scan",
        software=(
            "*vuescan*", "*silverfast*", "*epson scan*", "*camscanner*", "*naps2*", "*scansnap*",
            "*adobe scan*", "*office lens*", "*canoscan*", "*simple scan*",
        ),
        media_types=("image",),
    ),
    # A scanned page has the proportions of A4 (1.414) or Letter (1.294), and is bright: a page of dense text
    # has a mean luminance of about 230.
    LooksLikeRule(
        "white page",
        "scan",
        condition=f"{_NO_CAMERA} AND {_LONG} >= 1500 AND {{q}}mean_luminance >= 200 "
        f"AND ({_LONG} * 1000 BETWEEN {_SHORT} * 1400 AND {_SHORT} * 1430 "
        f"OR {_LONG} * 1000 BETWEEN {_SHORT} * 1284 AND {_SHORT} * 1304)",
        media_types=("image",),
    ),
    LooksLikeRule(
        "WebP of 512 pixels",
        "meme or sticker",
        condition=f"{{i}}mime_type = 'image/webp' AND {_NO_CAMERA} AND {_LONG} = 512",
        media_types=("image",),
    ),
    LooksLikeRule(
        "burst name",
        "burst member",
        ("burst[0-9]*", "*[ _-]burst[0-9]*", "*[ _-]burst-[0-9]*", "*.burst-[0-9]*"),
        media_types=("image",),
    ),
    LooksLikeRule(
        "name of an edited picture",
        "edited",
        (
            "*[ _-]edited.*", "*[ _-]edited(*", "*[ _-]edit.*", "*-bearbeitet.*", "*-bearbeitet(*",
            "*-modifi*.*", "*-editad[ao].*", "*-modificat[ao].*", "*-bewerkt.*", "*-edytowane.*",
            "*-effects.*", "*-color_pop.*", "*-collage.*", "img_e[0-9][0-9][0-9][0-9].*", "snapseed*",
            "picsart_*", "polarr_*", "pixlr_*", "facetune_*", "b612_*", "inshot_*",
        ),
    ),
    LooksLikeRule(
        "editing software",
        "edited",
        software=(
            "*photoshop*", "*lightroom*", "gimp*", "*snapseed*", "picasa*", "*vsco*", "darktable*",
            "*affinity photo*", "*pixelmator*", "capture one*", "rawtherapee*", "paint.net*", "*luminar*",
            "photoscape*", "*polarr*", "*facetune*", "*picsart*", "*canva*", "*dxo*", "*paintshop*",
            "*photo editor*", "acdsee*",
        ),
        media_types=("image",),
    ),
)  # fmt: skip
"""Rules in the order of precedence: the first one that holds gives the answer."""
