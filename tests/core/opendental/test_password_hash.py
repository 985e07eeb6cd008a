"""Open Dental's password hashes, in all formats."""

from __future__ import annotations

import pytest

from core.opendental.password_hash import password_matches

SHA3_OF_A_SPACE = "J3k3VWdgC8ffI5EhDVNr8aNfrtYZqm+bwUDFSbTbArOodGBxByKJC8S1gRmJwNKO0omhhpjb6DWp8nBMlfm4cA=="
ECW_OF_A_SPACE = "7215ee9c7d9dc229d2921a40e899ec5f"


@pytest.mark.parametrize(
    ("stored", "password"),
    [
        (f"SHA3_512$${SHA3_OF_A_SPACE}", " "),
        (f"MD5_ECW$${ECW_OF_A_SPACE}", " "),
        ("MD5$$UL5UhfhKWNRg/6JevxASxw==", "x"),
        ("UL5UhfhKWNRg/6JevxASxw==", "x"),
        ("None$$", ""),
        ("SHA3_512$salt$", ""),
        ("MD5$salt$", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_the_right_password_matches(stored: str | None, password: str) -> None:
    assert password_matches(stored, password)
    assert not password_matches(stored, f"{password}x")


@pytest.mark.parametrize("password", ["", "x", "SHA4$$abc"])
@pytest.mark.parametrize("stored", ["SHA4$$abc", "abc", "$", "a$b", "==", "plain text"])
def test_an_unknown_format_matches_nothing(stored: str, password: str) -> None:
    assert not password_matches(stored, password)


def test_the_salt_is_part_of_the_hash() -> None:
    assert not password_matches(f"SHA3_512$salt${SHA3_OF_A_SPACE}", " ")
    assert password_matches(f"SHA3_512$ ${SHA3_OF_A_SPACE}", "")


def test_a_lone_surrogate_matches_nothing() -> None:
    assert not password_matches(f"SHA3_512$${SHA3_OF_A_SPACE}", "\ud800")
    assert not password_matches("", "\ud800")
    assert not password_matches(f"MD5_ECW$${ECW_OF_A_SPACE}", "\ud800")
