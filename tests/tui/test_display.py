"""The cells that are sent to the terminal: after every update it shows the same as if everything had been sent."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pyte
import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip

from tui.platform.display import Display

SIZE = Size(24, 4)
CONSOLE = Console(color_system="truecolor", force_terminal=True)
STYLES = [
    Style(),
    Style(bold=True),
    Style(dim=True, color="default", bgcolor="default"),
    Style(reverse=True),
    Style(color="#ff8000"),
    Style(bgcolor="blue"),
    Style(underline=True),
]


class Screen:
    """A terminal."""

    def __init__(self) -> None:
        self._screen = pyte.Screen(SIZE.width, SIZE.height)
        self._stream = pyte.Stream(self._screen)

    def feed(self, text: str) -> None:
        self._stream.feed(text)

    @property
    def text(self) -> str:
        """The first row."""
        return str(self._screen.display[0])

    @property
    def look(self) -> list[tuple[object, ...]]:
        """The visible cells: a blank looks the same in every color."""
        cells = [self._screen.buffer[y][x] for y in range(SIZE.height) for x in range(SIZE.width)]
        return [
            (cell.data, cell.bg, cell.reverse, cell.underscore)
            + (() if cell.data == " " and not (cell.reverse or cell.underscore) else (cell.fg, cell.bold))
            for cell in cells
        ]


def some_strip(random: Random, width: int) -> Strip:
    texts = "".join(random.choice("abc ●   ") for _ in range(width))
    cuts = sorted({0, width, *(random.randrange(width) for _ in range(3))})
    return Strip([Segment(texts[a:b], random.choice(STYLES)) for a, b in pairwise(cuts)])


def some_update(random: Random) -> LayoutUpdate | ChopsUpdate:
    if random.random() < 0.2:
        return LayoutUpdate([[some_strip(random, SIZE.width)] for _ in range(SIZE.height)], Region(0, 0, *SIZE))
    y, left = random.randrange(SIZE.height), random.randrange(SIZE.width - 1)
    right = random.randint(left + 1, SIZE.width)
    strips: list[dict[int, Strip | None]] = [{} for _ in range(SIZE.height)]
    strips[y] = {left: some_strip(random, right - left)}
    return ChopsUpdate(strips, [(y, left, right)], [[right]] * SIZE.height)


@pytest.mark.parametrize("seed", range(5))
def test_the_terminal_shows_what_was_drawn(seed: int) -> None:
    random, display = Random(seed), Display()  # noqa: S311 - needs no secrecy
    everything, changes = Screen(), Screen()
    for _ in range(100):
        update = some_update(random)
        everything.feed(update.render_segments(CONSOLE))
        changes.feed(display.draw(update, SIZE, CONSOLE))
        assert changes.look == everything.look


def rows(*texts: str) -> LayoutUpdate:
    strips = [[Strip([Segment(text)]).adjust_cell_length(SIZE.width)] for text in texts]
    return LayoutUpdate([*strips], Region(0, 0, SIZE.width, len(texts)))


def test_nothing_is_sent_for_what_is_shown_already() -> None:
    display = Display()
    assert display.draw(rows("one", "two"), SIZE, CONSOLE)
    assert display.draw(rows("one", "two"), SIZE, CONSOLE) == ""
    assert display.draw(rows("one", "tvo"), SIZE, CONSOLE) == "\x1b[2;2Hv"


def test_a_row_with_a_wide_character_is_sent_as_a_whole() -> None:
    display = Display()
    display.draw(rows("a日b"), SIZE, CONSOLE)
    assert "xx" in display.draw(rows("axxb"), SIZE, CONSOLE)
    assert display.draw(rows("a日b"), SIZE, CONSOLE).startswith("\x1b[1;1H\x1b[Ka日")


@pytest.mark.parametrize("seed", range(5))
def test_rows_with_wide_characters_and_marks_show_what_was_drawn(seed: int) -> None:
    random, display = Random(seed), Display()  # noqa: S311 - needs no secrecy
    everything, changes = Screen(), Screen()
    for _ in range(100):
        texts = ["".join(random.choices(["a", "b", " ", "日", "日\u0301", "e\u0301", "👍"], k=9)) for _ in range(4)]
        update = rows(*texts)
        everything.feed(update.render_segments(CONSOLE))
        changes.feed(display.draw(update, SIZE, CONSOLE))
        assert changes.look == everything.look


def test_a_mark_on_a_wide_character_belongs_to_its_first_cell() -> None:
    display = Display()
    display.draw(rows("日\u0301a"), SIZE, CONSOLE)
    assert "日\u0302" in display.draw(rows("日\u0302a"), SIZE, CONSOLE)


def test_the_cells_after_a_wide_character_have_their_columns_in_every_terminal() -> None:
    # Terminals disagree about the width of some characters, such as flags and emoji with a skin tone.
    display = Display()
    assert display.draw(rows("│👍🏽│"), SIZE, CONSOLE).startswith("\x1b[1;1H\x1b[K│👍🏽\x1b[1;4H│")


@pytest.mark.parametrize(("x", "shown"), [(1, " x"), (2, "日x"), (0, "x ")])
def test_half_of_a_wide_character_that_is_overwritten_becomes_a_blank(x: int, shown: str) -> None:
    display, screen = Display(), Screen()
    screen.feed(display.draw(rows("日a" if x < 2 else "日ab"), SIZE, CONSOLE))
    strips: list[dict[int, Strip | None]] = [{x: Strip([Segment("x")])}]
    screen.feed(display.draw(ChopsUpdate(strips, [(0, x, x + 1)], [[x + 1]]), SIZE, CONSOLE))
    assert screen.text.startswith(shown)


def test_a_wide_character_that_the_edge_of_the_terminal_cuts_becomes_a_blank() -> None:
    assert "日" not in Display().draw(rows("a日"), Size(2, 1), CONSOLE)


def test_everything_is_sent_after_the_display_was_forgotten() -> None:
    display = Display()
    before = display.draw(rows("one"), SIZE, CONSOLE)
    display.forget()
    assert display.draw(rows("one"), SIZE, CONSOLE) == before


def test_what_was_drawn_for_a_larger_terminal_is_cut() -> None:
    display, size = Display(), Size(3, 1)
    display.draw(rows("one"), size, CONSOLE)
    strips: list[dict[int, Strip | None]] = [{0: Strip([Segment("tw")]), 5: Strip([Segment("x")])}] * 2
    update = ChopsUpdate(strips, [(0, 0, 6), (1, 0, 6)], [[2, 6]] * 2)
    assert display.draw(update, size, CONSOLE) == "\x1b[1;1Htw"
