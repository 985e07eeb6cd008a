"""Keys as text: what may be one, and how it is hidden."""

from __future__ import annotations

import hashlib

import pytest

from core.base.errors import InvalidInput
from core.model.key_text import audit_mask, fingerprint, mask, masks, validate_key

KEY = "Ab12Cd34Ef56Gh78"


@pytest.mark.parametrize("text", [KEY, f"  {KEY}\n", f"\r\n{KEY}\r\n", f"\t{KEY} "])
def test_a_key_with_blanks_and_line_breaks_around_it(text: str) -> None:
    assert validate_key(text) == KEY


@pytest.mark.parametrize("text", ["", "  ", "\r\n\t"])
def test_a_blank_key(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        validate_key(text)
    assert (caught.value.field, caught.value.sentence) == ("key", "Please enter an API key.")


@pytest.mark.parametrize("text", ["Ab12 Cd34", "Ab12\nCd34", "Ab12\tCd34", "Ab12\u00a0Cd34", "Ab12\u2028Cd34"])
def test_blanks_inside(text: str) -> None:
    with pytest.raises(InvalidInput, match="can't contain spaces") as caught:
        validate_key(text)
    assert caught.value.field == "key"


@pytest.mark.parametrize(
    "text", ["Ab12\x07Cd", "Ab12\x7fCd", "Ab\u200b12", "\ufeffAb12", "Ab12é", "Ab\u202e12", "Ab🔑"]
)
def test_characters_that_no_key_has(text: str) -> None:
    with pytest.raises(InvalidInput, match="characters that aren't allowed in an API key") as caught:
        validate_key(text)
    assert caught.value.field == "key"
    assert text not in str(caught.value)


def test_255_characters_are_a_key_and_256_are_not() -> None:
    assert validate_key("k" * 255) == "k" * 255
    with pytest.raises(InvalidInput, match="at most 255 characters; this text has 256"):
        validate_key("k" * 256)


@pytest.mark.parametrize(
    ("key", "masked"),
    [
        ("", ""),
        ("abcd", "****"),
        ("abcdefgh", "********"),
        ("abcdefghi", "********fghi"),
        (KEY, "********Gh78"),
        ("k" * 251 + "last", "********last"),
    ],
)
def test_a_mask_shows_at_most_the_last_four_characters(key: str, masked: str) -> None:
    assert mask(key) == masked


def test_keys_that_look_the_same_are_told_apart() -> None:
    keys = ("AAAAAAAAAAAAlast", "BBBBBBBBBBBBlast", "CCCCCCCCCCCCzzzz")
    shown = masks(keys)
    tags = [hashlib.sha256(key.encode()).hexdigest()[:6] for key in keys]
    assert [shown[fingerprint(key)] for key in keys] == [
        f"********last #{tags[0]}",
        f"********last #{tags[1]}",
        "********zzzz",
    ]


def test_an_audit_entry_always_has_the_fingerprint() -> None:
    identity = fingerprint(KEY)
    tagged = f"********Gh78 #{identity[:6]}"
    assert audit_mask(mask(KEY), identity) == tagged
    assert audit_mask(tagged, identity) == tagged
