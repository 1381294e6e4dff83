"""Spellings of camera makers and models."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mfkit.scan.extract.camera_names import maker_name, model_name
from mfkit.scan.extract.plausible_values import clean, clean_columns
from mfkit.scan.extract.registry import Metadata


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("NIKON CORPORATION", "Nikon"),
        ("NIKON", "Nikon"),
        ("Canon", "Canon"),
        ("Canon Inc.", "Canon"),
        ("samsung", "Samsung"),
        ("SAMSUNG", "Samsung"),
        ("Samsung Techwin", "Samsung"),
        ("SAMSUNG TECHWIN CO., LTD.", "Samsung"),
        ("OLYMPUS IMAGING CORP.", "Olympus"),
        ("OLYMPUS CORPORATION", "Olympus"),
        ("OLYMPUS OPTICAL CO.,LTD", "Olympus"),
        ("OLYMPUS_IMAGING_CORP.", "Olympus"),
        ("Phase One A/S", "Phase One"),
        ("Victor Company of Japan, Limited", "JVC"),
        ("Matsushita Electric Industrial Co., Ltd.", "Panasonic"),
        ("Asahi Optical Co.,Ltd", "Pentax"),
        ("SONY", "Sony"),
        ("Sony Ericsson", "Sony Ericsson"),
        ("Sony Ericsson Mobile Communications AB", "Sony Ericsson"),
        ("FUJIFILM", "FUJIFILM"),
        ("FUJI PHOTO FILM CO., LTD.", "FUJIFILM"),
        ("Hewlett-Packard", "HP"),
        ("Hewlett-Packard Company", "HP"),
        ("EASTMAN KODAK COMPANY", "Kodak"),
        ("LG Electronics", "LG"),
        ("LG ELECTRONICS INC.", "LG"),
        ("LGE", "LG"),
        ("PENTAX Corporation", "Pentax"),
        ("PENTAX RICOH IMAGING", "Pentax"),
        ("RICOH IMAGING COMPANY, LTD.", "Ricoh"),
        ("LEICA CAMERA AG", "Leica"),
        ("Leica Camera AG", "Leica"),
        ("KONICA MINOLTA", "Konica Minolta"),
        ("Minolta Co., Ltd.", "Minolta"),
        ("CASIO COMPUTER CO.,LTD.", "Casio"),
        ("SANYO Electric Co.,Ltd.", "Sanyo"),
        ("SEIKO EPSON CORP.", "Epson"),
        ("HUAWEI TECHNOLOGIES CO., LTD", "Huawei"),
        ("Motorola Mobility", "Motorola"),
        ("FLIR Systems AB", "FLIR"),
        ("Mamiya-OP Co.,Ltd.", "Mamiya"),
        ("Acme Optical Ltd.", "Acme Optical Ltd."),
        ("Corporation", "Corporation"),
    ],
)
def test_makers_have_one_spelling(stated: str, name: str) -> None:
    """Legal forms and case do not matter; unknown makers stay as they are stated."""
    assert maker_name(stated) == name


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("Canon Canon EOS 6D", "Canon EOS 6D"),
        ("SAMSUNG samsung SM-G960F", "samsung SM-G960F"),
        ("Canon EOS 6D", "Canon EOS 6D"),
        ("Canon CanonScan 9000F", "Canon CanonScan 9000F"),
        ("Hewlett-Packard Hewlett-Packard L1", "Hewlett-Packard L1"),
        ("D D70", "D D70"),
        ("5 5", "5 5"),
    ],
)
def test_model_does_not_repeat_its_maker(stated: str, name: str) -> None:
    """Only a repeated whole word is removed."""
    assert model_name(stated) == name


def test_names_are_normalised_for_files_and_imports(
    photo: Callable[..., Path], metadata_of: Callable[[Path], Metadata]
) -> None:
    """Padding is removed first."""
    metadata = metadata_of(photo(main={0x010F: "OLYMPUS IMAGING CORP.  ", 0x0110: "E-M5           "}))
    assert (metadata["camera_make"], metadata["camera_model"]) == ("Olympus", "E-M5")
    assert clean({"camera_make": "samsung"})["camera_make"] == "Samsung"
    assert clean_columns({"camera_make": ["NIKON ", None], "camera_model": ["Canon Canon EOS 6D", ""]}) == {
        "camera_make": ["Nikon", None],
        "camera_model": ["Canon EOS 6D", None],
    }


def test_lens_specification_names_a_lens_without_a_name(
    photo: Callable[..., Path], metadata_of: Callable[[Path], Metadata]
) -> None:
    """LensModel has priority."""
    specification = {0xA432: (24.0, 70.0, 2.8, 2.8)}
    assert metadata_of(photo(camera=specification))["extra"]["lens"] == "24-70mm f/2.8"
    named = metadata_of(photo(camera=specification | {0xA434: "EF24-70mm"}))
    assert named["extra"]["lens"] == "EF24-70mm"
    assert "lens_specification" not in named["extra"]
