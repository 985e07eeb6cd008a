"""The line numbers of settings in a TOML file."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.base.errors import ConfigurationError
from core.offices.config_lines import last_line_of, line_of
from core.offices.config_parser import parse_configuration

UNUSUAL_LAYOUT = '''
# [offices.A]
top = """
[offices.A]
host = 1
"""
"offices"."A".'host' = 1
[offices."B # b"]   # a comment
port = [
  1,  # one
  2
]
  user   =   "x"
inline = { deep = { er = 1 } }
[license]
[offices."B # b".deep]
key = 1'''


@pytest.mark.parametrize(
    ("keys", "line", "last"),
    [
        (("top",), 3, 6),
        (("offices", "A", "host"), 7, 7),
        (("offices", "B # b"), 8, 17),
        (("offices", "B # b", "port"), 9, 12),
        (("offices", "B # b", "user"), 13, 13),
        (("offices", "B # b", "inline", "deep", "er"), 14, 14),
        (("license",), 15, 15),
        (("offices", "B # b", "deep", "key"), 17, 17),
        (("missing",), None, None),
    ],
)
def test_line_numbers_in_an_unusual_layout(keys: tuple[str, ...], line: int | None, last: int | None) -> None:
    for text in (UNUSUAL_LAYOUT, UNUSUAL_LAYOUT.replace("\n", "\r\n")):
        assert (line_of(text, keys), last_line_of(text, keys)) == (line, last)


@pytest.mark.parametrize(("character", "times"), [("9", 5000), ("[", 3000)])
def test_unparsable_text_has_no_line_numbers(character: str, times: int) -> None:
    text = f"b = 1\na = {character * times}"
    assert (line_of(text, ("b",)), last_line_of(text, ("b",))) == (None, None)


def test_line_number_in_a_large_file(tmp_path: Path) -> None:
    office = '[offices.A{}]\nhost = "db.example"\ndatabase = "od"\nuser = "apisetup"\n'
    text = "".join(office.format(number) for number in range(200)) + "prot = 1"
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(tmp_path / "config.toml", text)
    assert ", line 801, unknown name offices.A199.prot" in caught.value.sentence
