"""Capture times in names of files."""

from datetime import UTC, datetime, timedelta

import pytest

from mfkit.scan.extract.file_name_dates import date_in_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IMG-20190101-WA0001.jpg", "2019-01-01T00:00:00 day"),
        ("AUD-20190101-WA0001.opus", "2019-01-01T00:00:00 day"),
        ("2014-08-25_17.15.33.jpg", "2014-08-25T17:15:33 second"),
        ("2011-07-19 11.36.39-1.jpg", "2011-07-19T11:36:39 second"),
        ("signal-2018-08-21-100217-2.jpg", "2018-08-21T10:02:17 second"),
        ("Screenshot_20190201-212530_App.png", "2019-02-01T21:25:30 second"),
        ("Screenshot_2019-02-01-21-25-30-123_com.app.png", "2019-02-01T21:25:30 second"),
        ("Screen Shot 2021-03-04 at 1.11.12 PM.png", "2021-03-04T13:11:12 second"),
        ("Screenshot 2021-03-04 at 12.11.12\u202fAM.png", "2021-03-04T00:11:12 second"),
        ("Bildschirmfoto 2021-03-04 um 10.11.12.png", "2021-03-04T10:11:12 second"),
        ("Capture d’écran 2021-03-04 à 10.11.12.png", "2021-03-04T10:11:12 second"),
        ("WhatsApp Image 2019-01-01 at 12.30.00 (1).jpeg", "2019-01-01T12:30:00 second"),
        ("photo_2020-01-02_12-30-00.jpg", "2020-01-02T12:30:00 second"),
        ("PXL_20220405_090123740.PORTRAIT.jpg", "2022-04-05T09:01:23+00:00 second"),
        ("IMG_20130712_165427_HDR.jpg", "2013-07-12T16:54:27 second"),
        ("20190101_123456(0).jpg", "2019-01-01T12:34:56 second"),
        ("00004XTR_00004_BURST20190216172030.jpg", "2019-02-16T17:20:30 second"),
        ("WP_20140101_12_30_00_Pro.jpg", "2014-01-01T12:30:00 second"),
        ("mmexport1546300800123.jpg", "2019-01-01T00:00:00+00:00 second"),
        ("RPReplay_Final1612345678.mp4", "2021-02-03T09:47:58+00:00 second"),
        ("1985-07-04 Grandma.jpg", "1985-07-04T00:00:00 day"),
        ("1826-01-01 View.jpg", "1826-01-01T00:00:00 day"),
        ("Captura de pantalla 2020-03-04 a la(s) 1.02.03 p. m..png", "2020-03-04T13:02:03 second"),
        ("截屏2020-03-04 上午12.02.03.png", "2020-03-04T00:02:03 second"),
        ("截屏2020-03-04 下午1.02.03.png", "2020-03-04T13:02:03 second"),
        ("截屏2020-03-04 早上9.02.03.png", "2020-03-04T09:02:03 second"),
        ("截屏2020-03-04 晚上9.02.03.png", "2020-03-04T21:02:03 second"),
        ("스크린샷 2020-03-04 오후 1.02.03.png", "2020-03-04T13:02:03 second"),
        ("スクリーンショット 2020-03-04 午後1.02.03.png", "2020-03-04T13:02:03 second"),
        ("2020年3月4日 下午1时02分03秒.jpg", "2020-03-04T13:02:03 second"),
        ("2020년 3월 4일.jpg", "2020-03-04T00:00:00 day"),
        ("2020-03-04_12-13.png", "2020-03-04T12:13:00 minute"),
        ("photo_5@04-03-2020_12-13-14.jpg", "2020-03-04T12:13:14 second"),
        ("04.03.2020 12.13.14.jpg", "2020-03-04T12:13:14 second"),
        ("ScreenRecording_03-04-2020 12-13-14_1.mp4", "2020-03-04T12:13:14 second"),
        ("20-03-04 12-13-14 1234.jpg", "2020-03-04T12:13:14 second"),
        ("NO20200304-121314-000001F.MP4", "2020-03-04T12:13:14 second"),
        ("2020_0304_121314_001.MP4", "2020-03-04T12:13:14 second"),
        ("2020030412131400-8AEDFF741E2D23FBED39474178692DAF.jpg", "2020-03-04T12:13:14 second"),
        ("20200304-DSC_0001.jpg", "2020-03-04T00:00:00 day"),
        ("20200304_001.jpg", "2020-03-04T00:00:00 day"),
        ("GMT20200304-121314_Recording.mp4", "2020-03-04T12:13:14+00:00 second"),
        ("20200304_121314000_iOS.mov", "2020-03-04T12:13:14+00:00 second"),
        ("PicsArt_1583324000123.jpg", "2020-03-04T12:13:20+00:00 second"),
        ("microMsg.1583324000123.jpg", "2020-03-04T12:13:20+00:00 second"),
        ("1583324000123.jpg", "2020-03-04T12:13:20+00:00 second"),
        ("IMG_19800102_101112.jpg", "1980-01-02T10:11:12 second"),
        ("Skype_Picture_2021_03_04T10_11_12_123Z.jpeg", "2021-03-04T10:11:12+00:00 second"),
        ("Photo on 2021-03-04 at 10.11.jpg", "2021-03-04T10:11:00 minute"),
        ("Näyttökuva 2021-3-4 kello 10.11.12.png", "2021-03-04T10:11:12 second"),
        ("20210304-10h11m12.jpg", "2021-03-04T10:11:12 second"),
        ("4 March 2021.jpg", "2021-03-04T00:00:00 day"),
        ("Scan_Sept 4th, 2021.jpg", "2021-09-04T00:00:00 day"),
        ("Photo Mar 04 2021, 10 11 12 PM.jpg", "2021-03-04T22:11:12 second"),
        ("20210304T101112Z.mp4", "2021-03-04T10:11:12+00:00 second"),
        ("IMG_20210304_101112Z.jpg", "2021-03-04T10:11:12 second"),
        ("Screenshot_2018-3-15 Some title.png", "2018-03-15T00:00:00 day"),
        ("IMG_٢٠٢١٠٣٠٤_١٠١١١٢.jpg", "2021-03-04T10:11:12 second"),
        ("Captura de ecrã 2021-03-04, às 10.11.12.png", "2021-03-04T10:11:12 second"),
        ("Messenger_creation_1583324000123.jpeg", "2020-03-04T12:13:20+00:00 second"),
        ("צילום מסך 2022-04-05 ב-9.01.23.png", "2022-04-05T09:01:23 second"),
        ("لقطة الشاشة ٢٠٢٢-٠٤-٠٥ في ٩.٠١.٢٣ م.png", "2022-04-05T21:01:23 second"),
        ("لقطة الشاشة ٢٠٢٢-٠٤-٠٥ في ٩.٠١.٢٣ ص.png", "2022-04-05T09:01:23 second"),
        ("Scan_20210304 (2).jpg", "2021-03-04T00:00:00 day"),
        ("Foto 04.03.2021, 10 11 12.jpg", "2021-03-04T10:11:12 second"),
        ("FB_IMG_0946684800000.jpg", "2000-01-01T00:00:00+00:00 second"),
        ("copy of IMG_1583324000123.jpg", "2020-03-04T12:13:20+00:00 second"),
        ("IMG-20190101-WA0001 2014-08-25_17.15.33.jpg", "2014-08-25T17:15:33 second"),
    ],
)
def test_names_of_phones_messengers_and_screenshots(name: str, expected: str) -> None:
    """The name alone states when the picture was taken."""
    found = date_in_name(name)
    assert found is not None and f"{found.value.isoformat()} {found.precision}" == expected


@pytest.mark.parametrize(
    "name",
    [
        "", "DSC_0001.jpg", "20190101.jpg", "P1020190.jpg", "12345678_123456.jpg", "2019-13-01.jpg",
        "2016-02-30 10.11.12.jpg", "192.168.10.12.png", "1825-07-04.jpg", "IMG_20991231_101112.jpg",
        "20190101-1234-5678-9abc-def012345678.jpg", "3f2504e0-4f89-11d3-9a0c-0305e82c3301.jpg",
        "received_1234567890123.jpeg", "scan1920-1080-24.png", "mmexport0000000000000.jpg",
        "7-2019-01-01.txt", "received_1583324000123.jpeg", "Snapchat-1583324000.jpg", "3.2020.04.jpg",
        "20201301-DSC_0001.jpg", "PicsArt_01-01-12.30.00.jpg", "10.04.03.2020.jpg",
        "Snapchat-20190101.jpg", "abc-20190101-1234-5678-9abc-def012345678.jpg", "v2021-3-4-2.png",
        "IMG_19791231_101112.jpg", "Summary 4 2021.jpg", "Mar 40 2021.jpg", "FB_IMG_0946684799000.jpg",
        "IMG_" + "9" * 300, "IMG_1234567890.jpg", "VID_1583324000.mp4",
        "1825-12-31 View.jpg", "FB_IMG_9999999999000.jpg", "2019-00-00 Title.jpg", "2019-03-00 Title.jpg",
    ],
)  # fmt: skip
def test_other_numbers_are_no_dates(name: str) -> None:
    """Counters, sizes, identifiers, impossible dates and dates in the future are ignored."""
    assert date_in_name(name) is None


def test_a_date_up_to_tomorrow_is_read() -> None:
    """The clock of a camera east of UTC may be a day ahead."""
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    for shift, is_read in ((timedelta(hours=23), True), (timedelta(hours=25), False)):
        found = date_in_name(f"IMG_{now + shift:%Y%m%d_%H%M%S}.jpg")
        assert (found is not None) is is_read
