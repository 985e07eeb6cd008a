"""What the program may cost, against a plain Textual application with the same widgets, measured in the same run."""

from __future__ import annotations

import pytest

from tests.benchmarks.measuring import DEMO, EMBEDDED, PLAIN, Figures

AFTER = (EMBEDDED, DEMO)


@pytest.mark.parametrize("program", AFTER)
def test_the_first_meaningful_screen_is_soon_there(figures: dict[str, Figures], program: str) -> None:
    assert figures[program].median("start") <= 1.3 * figures[PLAIN].median("start")


@pytest.mark.parametrize("program", AFTER)
def test_nothing_is_sent_while_nothing_happens(figures: dict[str, Figures], program: str) -> None:
    assert figures[program].idle == [0]


def test_moving_the_cursor_is_cheap(figures: dict[str, Figures]) -> None:
    assert figures[DEMO].median("repeated") <= 0.3 * figures[PLAIN].median("down")
    assert figures[DEMO].median("down") <= 0.8 * figures[PLAIN].median("down")


@pytest.mark.parametrize("program", AFTER)
def test_a_dialog_is_cheap(figures: dict[str, Figures], program: str) -> None:
    assert figures[program].median("dialog") <= 0.6 * figures[PLAIN].median("dialog")
