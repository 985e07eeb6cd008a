"""The themes, and the colors of our own that are derived from each one.

Style sheets name a color by its meaning: `$good`, `$caution`, `$alert`, `$focus`, `$muted` and so on. In `ansi`, the
default, these are the terminal's own 16 colors. In all other themes they are the theme's, made lighter or darker until
they can be read on its background and on the row of the cursor.
"""

from __future__ import annotations

from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from core.base.errors import ConfigurationError

READABLE = 4.5
"""The least contrast between a text and its background, as the Web Content Accessibility Guidelines demand (AA)."""

_STEPS = 50


def contrast(one: Color, other: Color) -> float:
    """Return the contrast of two opaque colors as the Web Content Accessibility Guidelines define it, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(color: Color, *backgrounds: Color, minimum: float = READABLE) -> Color:
    """Return a color, mixed with as little black or white as makes it readable on all of some backgrounds."""
    for step in range(_STEPS + 1):
        for target in (Color(255, 255, 255), Color(0, 0, 0)):
            mixed = color.blend(target, step / _STEPS)
            if all(contrast(mixed, background) >= minimum for background in backgrounds):
                return mixed
    return backgrounds[0].get_contrast_text(1.0)


def _luminance(color: Color) -> float:
    def linear(part: int) -> float:
        value = part / 255
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b)


ANSI_COLORS = {
    "good": "ansi_green",
    "caution": "ansi_yellow",
    "alert": "ansi_red",
    "focus": "ansi_cyan",
    "muted": "ansi_default",
    "muted-style": "dim",
    "quiet-border": "ansi_bright_black",
    "frame-background": "ansi_default",
    "row-background": "ansi_default",
    "row-foreground": "ansi_default",
    "row-style": "bold reverse",
    "production-foreground": "ansi_bright_white",
    "production-background": "ansi_red",
    "caution-foreground": "ansi_black",
    "caution-background": "ansi_yellow",
}
"""The meanings as colors of the terminal. A reversed row is visible in any palette; what is muted is dimmed by the
terminal, because no color of the palette is known to be readable and weaker than the text."""


def semantic_colors(theme: Theme, variables: dict[str, str]) -> dict[str, str]:
    """Return the colors of our own style sheets for a theme.

    Args:
        theme: The theme.
        variables: The colors that Textual derives from it.
    """
    if theme.ansi:
        return ANSI_COLORS
    background, foreground = Color.parse(variables["background"]), Color.parse(variables["foreground"])
    accent = Color.parse(variables["primary"])
    row = background.blend(accent, 0.25)
    frame = background.blend(foreground, 0.08)
    surfaces = background, row, frame

    def shade(name: str) -> str:
        return readable(Color.parse(variables[name]), *surfaces).hex6

    alert, caution = Color.parse(variables["error"]), Color.parse(variables["warning"])
    return {
        "good": shade("success"),
        "caution": shade("warning"),
        "alert": shade("error"),
        "focus": readable(accent, *surfaces).hex6,
        "muted": readable(background.blend(foreground, 0.55), *surfaces).hex6,
        "muted-style": "none",
        "quiet-border": background.blend(foreground, 0.3).hex6,
        "frame-background": frame.hex6,
        "row-background": row.hex6,
        "row-foreground": readable(foreground, row).hex6,
        "row-style": "bold",
        "production-foreground": readable(Color(255, 255, 255), alert).hex6,
        "production-background": alert.hex6,
        "caution-foreground": readable(Color(0, 0, 0), caution).hex6,
        "caution-background": caution.hex6,
        "foreground": readable(foreground, *surfaces).hex6,
    }


def find_theme(name: str | None) -> str:
    """Return the name of the theme to start with; that of the default for None.

    Raises:
        ConfigurationError: There is no theme of that name.
    """
    if name is None:
        return ANSI.name
    if name not in THEMES:
        raise ConfigurationError(f"Unknown theme: {name}.", f"Choose one of: {', '.join(THEMES)}.")
    return name


_FIELDS = {
    "block-cursor-foreground": "ansi_default",
    "block-cursor-background": "ansi_default",
    "block-cursor-text-style": "bold reverse",
    "block-cursor-blurred-text-style": "bold",
    "input-cursor-foreground": "ansi_default",
    "input-cursor-background": "ansi_default",
    "input-cursor-text-style": "reverse",
    "input-selection-foreground": "ansi_default",
    "input-selection-background": "ansi_default",
    "screen-selection-foreground": "ansi_default",
    "screen-selection-background": "ansi_default",
    "footer-key-foreground": "ansi_default",
    "scrollbar": "ansi_default",
    "scrollbar-background": "ansi_default",
}

ANSI = Theme(
    name="ansi",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_default",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    accent="ansi_cyan",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": "ansi_cyan",
        "border-blurred": "ansi_bright_black",
        **_FIELDS,
    },
)
"""The default theme: the terminal's own colors, dark or light."""

DARK = Theme(
    name="apisetup-dark",
    primary="#59a8d9",
    secondary="#6cc0c8",
    warning="#e0b464",
    error="#a83240",
    success="#8fd18a",
    accent="#6cc0c8",
    foreground="#d7dae0",
    background="#16181d",
    surface="#16181d",
    panel="#232b38",
)
"""Our own theme for a dark room."""

LIGHT = Theme(
    name="apisetup-light",
    primary="#0b6ea8",
    secondary="#0b7a80",
    warning="#f0c34e",
    error="#b3262f",
    success="#2a7a2a",
    accent="#0b7a80",
    foreground="#24292f",
    background="#fbfbf9",
    surface="#fbfbf9",
    panel="#e8edf2",
    dark=False,
)
"""Our own theme for a bright room."""

THEMES: dict[str, Theme] = {
    theme.name: theme for theme in (ANSI, DARK, LIGHT, *(each for each in BUILTIN_THEMES.values() if not each.ansi))
}
"""The themes that can be selected, by name. Textual's own ANSI themes assume a dark or a light terminal."""
