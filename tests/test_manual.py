"""The manual is true: what it lists is what the program has, and its links lead somewhere."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from core.offices.config_parser import parse_configuration
from core.offices.setting_names import (
    COMMON_SETTINGS,
    FILE_SETTING,
    GENERAL_SETTINGS,
    LICENSE_SETTINGS,
    PRICE_SETTINGS,
    REVIEW_SETTINGS,
    SERVER_SETTINGS,
)
from tests.test_readme import links
from tui.bindings import KEYS
from tui.commands import reference
from tui.commands.parser import ENVIRONMENT, build_parser
from tui.key_definition import Key
from tui.key_names import display
from tui.keymap import parse_keymap
from tui.manual.markdown import Heading, parse
from tui.manual.pages import DIRECTORY, PAGES, TOPICS, Page, find_page, page

ROOT = Path(__file__).parents[1]
TEXT = "\n".join(each.text for each in PAGES)
GENERATED = [*(each.path for each in PAGES), *sorted(each for each in reference.DIRECTORY.rglob("*") if each.is_file())]
generated = cache(reference.generated_files)
on_each_page = pytest.mark.parametrize("page", PAGES, ids=TOPICS)


def test_every_page_is_a_topic() -> None:
    assert {file.stem for file in DIRECTORY.glob("*.md")} == set(TOPICS)


def test_every_generated_file_exists() -> None:
    assert set(GENERATED) == generated().keys()


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_what_is_generated_is_up_to_date(path: Path) -> None:
    """Run `python -m tui.commands.reference` if this fails."""
    assert path.read_text(encoding="utf-8") == generated()[path]


@on_each_page
def test_a_page_has_a_title_and_says_what_it_explains(page: Page) -> None:
    title, *others = [block for block in parse(page.text) if isinstance(block, Heading)]
    assert title.level == 1
    assert all(block.level > 1 for block in others)
    assert 20 < len(page.summary) < 120


@on_each_page
def test_every_link_leads_to_a_file(page: Page) -> None:
    assert [link for link in links(page.text) if not (DIRECTORY / link).is_file()] == []


@on_each_page
def test_a_key_in_a_sentence_exists(page: Page) -> None:
    known = {each.id for each in KEYS}
    assert {id_ for id_ in re.findall(r"\(keyboard\.md#([a-z-]+)\)", page.text) if id_ not in known} == set()


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_every_key_is_listed_with_what_it_does(key: Key) -> None:
    names = " ".join(f"`{display(name)}`" for name in key.keys.split(","))
    assert f"| {names} | {key.tooltip} | `{key.id}` |" in TEXT


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield the program's parser and those of all commands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for nested in action.choices.values():
                yield from commands(nested)


@pytest.mark.parametrize("command", commands(build_parser()), ids=lambda command: command.prog)
def test_every_option_is_listed(command: argparse.ArgumentParser) -> None:
    options = {option for action in command._actions for option in action.option_strings if option.startswith("--")}
    assert {option for option in options if f"`{option}" not in TEXT and f", {option}" not in TEXT} == set()


def test_every_setting_is_listed() -> None:
    settings = (
        *GENERAL_SETTINGS,
        *PRICE_SETTINGS,
        *REVIEW_SETTINGS,
        *LICENSE_SETTINGS,
        *SERVER_SETTINGS,
        FILE_SETTING,
        *COMMON_SETTINGS,
    )
    assert [each.name for each in settings if f"| `{each.shown}` | {each.meaning} |" not in TEXT] == []


EXAMPLES = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.partition("\n")[0])
def test_an_example_of_the_configuration_file_is_accepted(example: str, tmp_path: Path) -> None:
    configuration = parse_configuration(tmp_path / "config.toml", example)
    assert parse_keymap(configuration.keys).keys() == configuration.keys.keys()


def test_every_environment_variable_of_the_program_is_listed() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for name in ("core", "tui") for path in (ROOT / name).rglob("*.py")
    )
    variables = set(re.findall(r"\bAPISETUP_[A-Z_]+", sources)) | {name for name, _ in ENVIRONMENT}
    assert {variable for variable in variables if f"`{variable}`" not in TEXT} == set()


def test_every_title_of_the_list_at_headquarters_is_explained() -> None:
    messages = (ROOT / "core" / "headquarters" / "messages.py").read_text(encoding="utf-8")
    table = page("keys").text.partition("| title | meaning |")[2].partition("\n\n")[0]
    explained = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert explained
    assert [title for title in explained if f'"{title}"' not in messages] == []


def test_a_start_does_not_import_what_the_first_picture_does_not_need() -> None:
    program = "import sys, tui.app; print(*sys.modules)"
    imported = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "tui.app" in imported
    unneeded = {
        "markdown_it",
        "tui.manual.blocks",
        "tui.keymap",
        "tui.modals.palette",
        "core.model.api_key",
        "core.model.developer_use",
        "sqlalchemy",
        "tui.flows.fleet_access",
        "tui.modals.help",
        "tui.modals.notice",
        "tui.modals.question",
        "tui.screens.connect",
        "tui.screens.offices",
        "tui.guidance",
    }
    assert unneeded & set(imported) == set()


# -- finding a page ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("keys", "keys"),
        ("KEYB", "keyboard"),
        ("audit trail", "audit-trail"),
        ("what is written", "what-is-written"),
        ("Connecting and rights", "connecting"),
        ("troubleshooting.md", "troubleshooting"),
        ("index", "index"),
    ],
)
def test_a_page_is_found_by_its_name_or_title(name: str, topic: str) -> None:
    found = find_page(name)
    assert found is not None
    assert found.topic == topic


@pytest.mark.parametrize("name", ["", " ", "nothing", "a", "c"])
def test_a_name_that_means_no_page_or_several_finds_none(name: str) -> None:
    assert find_page(name) is None
