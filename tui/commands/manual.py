"""`apisetup help`: prints a page of the manual."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from core.base.errors import ApiSetupError, ConfigurationError
from core.offices.config_file import read_configuration
from tui.bindings import use_keymap
from tui.commands.own_keys import read_keymap
from tui.manual.blocks import fill
from tui.manual.layout import MAX_WIDTH, lay_out
from tui.manual.markdown import parse
from tui.manual.pages import INDEX, PAGES, Page, find_page, page
from tui.platform.output import print_error, print_result


class UnknownTopic(ApiSetupError):
    """The manual has no page of this name, or several names begin with it."""

    def __init__(self, name: str) -> None:
        topics = ", ".join(each.topic for each in PAGES)
        super().__init__(f"The manual has no topic {name}.", f"Topics are: {topics}.")


def run(options: argparse.Namespace, configuration: Path) -> int:
    """Print the page that the command line names, and return the exit status.

    Raises:
        UnknownTopic: The manual has no such page.
    """
    name = " ".join(options.topic)
    found = find_page(name) if name else page(INDEX)
    if found is None:
        raise UnknownTopic(name)
    _use_own_keys(configuration)
    print_result(_text(found, shutil.get_terminal_size((MAX_WIDTH, 24)).columns))
    return 0


def _text(found: Page, width: int) -> str:
    laid_out = lay_out(parse(fill(found.text)), width, plain=True)
    return "\n".join(line.text.rstrip() for line in laid_out.lines)


def _use_own_keys(configuration: Path) -> None:
    """Show the user's own keys; the default ones if the configuration file has an error, which a page may explain."""
    try:
        use_keymap(read_keymap(read_configuration(configuration).keys, configuration))
    except ConfigurationError as error:
        print_error(f"{error} The manual shows the default keys.")
