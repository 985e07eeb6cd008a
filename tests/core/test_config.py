"""The configuration file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from core.agreement import default_agreement
from core.config import Configuration, read_configuration
from core.errors import ConfigurationError


def written(path: Path, text: str | bytes) -> Path:
    file = path / "config.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def refused(path: Path, text: str | bytes) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(written(path, text)).agreement()
    return caught.value


def test_no_file_says_nothing(tmp_path: Path) -> None:
    assert read_configuration(tmp_path / "missing.toml") == Configuration()


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert read_configuration(written(tmp_path, "")) == Configuration()


def test_our_own_agreement_is_the_default() -> None:
    agreement = Configuration().agreement()
    assert agreement == default_agreement()
    assert agreement.title == "API Access Agreement"
    assert agreement.text.startswith("API ACCESS AGREEMENT")
    assert agreement.text.isascii()
    assert max(map(len, agreement.text.splitlines())) <= 78


def test_an_office_can_bring_its_own_license(tmp_path: Path) -> None:
    (tmp_path / "license.txt").write_text("Höre: be careful.\n", encoding="utf-8")
    text = '[license]\nfile = "license.txt"\ntitle = " Open Dental API End User License "\n'
    agreement = read_configuration(written(tmp_path, text)).agreement()
    assert agreement.title == "Open Dental API End User License"
    assert agreement.text == "Höre: be careful.\n"
    assert agreement.sha256 == hashlib.sha256("Höre: be careful.\n".encode()).hexdigest()


def test_a_license_without_a_title_has_ours(tmp_path: Path) -> None:
    (tmp_path / "license.txt").write_text("Be careful.")
    assert read_configuration(written(tmp_path, '[license]\nfile = "license.txt"')).agreement().title == (
        "API Access Agreement"
    )


@pytest.mark.parametrize(
    ("text", "name", "hint"),
    [
        ("licence = 1", "licence", "Did you mean license?"),
        ("[license]\nfiel = 'x'", "license.fiel", "Did you mean license.file?"),
        ("[license]\nqqq = 'x'", "license.qqq", "Known here: license.file, license.title."),
        ("qqq = 1", "qqq", "Known here: license."),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(tmp_path: Path, text: str, name: str, hint: str) -> None:
    error = refused(tmp_path, text)
    assert error.sentence == f"The configuration file {tmp_path / 'config.toml'} has an unknown name: {name}."
    assert error.hint == hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[license", "is not TOML"),
        (b"\xff\xfe", "is not UTF-8 text"),
        ("license = 1", "license must be a table"),
        ("[license]\nfile = 1", "license.file must be a text"),
        ("[license]\nfile = ' '", "license.file must be a text"),
        ("[license]\ntitle = 'x'", "license.title stands without license.file"),
        ("[license]\nfile = 'missing.txt'", "missing.txt cannot be read"),
        ("[license]\nfile = 'config.toml'\ntitle = []", "license.title must be a text"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, text: str | bytes, words: str) -> None:
    error = refused(tmp_path, text)
    assert words in error.sentence
    assert error.hint


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe\x00"])
def test_a_license_text_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "license.txt").write_bytes(content)
    assert "license.txt" in refused(tmp_path, "[license]\nfile = 'license.txt'").sentence


def test_a_directory_is_no_configuration_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_configuration(tmp_path)
