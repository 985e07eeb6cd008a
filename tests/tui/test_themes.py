"""The themes: every text can be read, and the palette changes them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.style import Style
from textual.color import Color

from core.base.errors import ConfigurationError
from core.offices.open_request import OpenRequest
from tests.support.thorough import first_of
from tests.support.user_driver import User, run_program
from tui.modals.choice import Choice
from tui.screens.audit_trail import AuditTrailScreen
from tui.themes import ANSI, ANSI_COLORS, READABLE, THEMES, contrast, find_theme, readable, semantic_colors

COLORED = [theme for theme in THEMES.values() if not theme.ansi]
TEXTS = ("foreground", "good", "caution", "alert", "focus", "muted")
SURFACES = ("background", "row-background", "frame-background")
PAIRS = (
    *((text, surface) for text in TEXTS for surface in SURFACES),
    ("row-foreground", "row-background"),
    ("production-foreground", "production-background"),
    ("caution-foreground", "caution-background"),
)
each_theme = pytest.mark.parametrize("theme", COLORED, ids=lambda theme: theme.name)


@each_theme
def test_every_color_of_text_is_readable_on_every_surface(theme) -> None:  # type: ignore[no-untyped-def]
    variables = theme.to_color_system().generate()
    colors = {**variables, **semantic_colors(theme, variables)}
    low = {
        pair: round(ratio, 2)
        for pair in PAIRS
        if (ratio := contrast(Color.parse(colors[pair[0]]), Color.parse(colors[pair[1]]))) < READABLE
    }
    assert low == {}


def test_the_default_theme_has_only_the_colors_of_the_terminal() -> None:
    colors = {name: value for name, value in ANSI_COLORS.items() if not name.endswith("style")}
    assert all(value.startswith("ansi_") for value in colors.values())


def test_contrast_is_that_of_the_accessibility_guidelines() -> None:
    assert round(contrast(Color.parse("#000"), Color.parse("#fff")), 2) == 21
    assert round(contrast(Color.parse("#767676"), Color.parse("#fff")), 2) == 4.54


def test_a_readable_color_stays_as_it_is() -> None:
    white, black, gray = (Color.parse(name) for name in ("#fff", "#000", "#888"))
    assert readable(black, white) == black
    assert contrast(readable(gray, gray), gray) >= READABLE


def drawn(user: User) -> Iterator[tuple[str, Style]]:
    """Yield each piece of text on the screen that isn't a border, with its style."""
    for strip in user.screen._compositor.render_strips():
        for text, style, _ in strip:
            if any(character.isalnum() for character in text) and style is not None:
                yield text, style


@first_of(4, "theme", COLORED, ids=lambda theme: theme.name)
async def test_everything_on_the_screen_is_readable(demo: OpenRequest, theme) -> None:  # type: ignore[no-untyped-def]
    async with run_program(demo, size=(120, 40)) as user:
        user.app.theme = theme.name
        await user.settle()
        assert unreadable(user) == []
        await user.press("t")
        await user.at(AuditTrailScreen)
        assert unreadable(user) == []


def unreadable(user: User) -> list[tuple[str, float]]:
    """Return the texts with too little contrast."""
    found = []
    for text, style in drawn(user):
        assert style.color is not None
        assert style.bgcolor is not None
        fore, back = (Color.from_rich_color(each) for each in (style.color, style.bgcolor))
        ratio = contrast(fore, back)
        if ratio < READABLE:
            found.append((text.strip(), round(ratio, 2)))
    return found


async def test_the_palette_changes_the_theme(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        assert user.app.theme == ANSI.name
        await user.press("ctrl+p", *"theme", "enter")
        await user.at(Choice)
        await user.press(*"nord", "enter")
        assert user.app.theme == "nord"


def test_an_unknown_theme_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(ConfigurationError, match="Unknown theme: nor") as raised:
        find_theme("nor")
    assert "nord" in raised.value.hint
    assert find_theme("nord") == "nord"
    assert find_theme(None) == "ansi"
