"""Round trips to a server until the thing an admin wants is on screen, and the time they take on a long line.

What the program reads in the background (the use of keys, the line that says what is wrong) is counted separately:
nobody waits for it.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.counting_proxy import CountingProxy
from tests.support.installed_program import KEY_OPEN, READY, Home, add_key, fill_in, go_to
from tests.support.opendental_columns import NEW
from tests.support.pseudo_terminal import Terminal
from tests.support.server import Server
from tests.support.server_practice import PASSWORD, SIGN_IN, USER, ServerPractice, new_practice

ROUND_TRIP_SECONDS = (0.0, 0.040, 0.080)
ENGINES = ("MyISAM", "InnoDB")
CONNECTING, SIGNING_IN, TRAIL, ENTRY, BACK, KEY, BACK_TO_KEYS, SAVING = (
    "connecting until sign-in",
    "sign-in until the keys",
    "first page of the Audit Trail",
    "an entry from the page",
    "back to the page",
    "opening a key",
    "back to the keys",
    "saving one value",
)
LIMITS = {CONNECTING: 10, SIGNING_IN: 10, TRAIL: 4, ENTRY: 0, BACK: 0, KEY: 3, BACK_TO_KEYS: 4, SAVING: 10}

SWITCH = "^ Enter Switch "
"""The key bar while the switch of the API has the focus."""

_BACKGROUND = re.compile(
    r"' through'|min\(securitylog\.`LogDateTime`\)|'SecurityLog and SecurityLogHashes on/before|eservicesignal\\.`"
    # How long an answer takes is measured while the use of keys is read.
    r"|^SELECT 1 AS anon_1$"
)
"""The statements of background readings. Everything else counts, also if it comes after the picture."""


@dataclass(frozen=True)
class Step:
    """The cost of one step."""

    bursts: list[str]
    background: int
    """The round trips meanwhile that nobody waits for."""
    seconds: float

    @classmethod
    def of(cls, bursts: list[str], seconds: float) -> Step:
        """Tell the round trips of a step from those of background readings."""
        waited_for = [each for each in bursts if not _BACKGROUND.search(each)]
        return cls(waited_for, len(bursts) - len(waited_for), seconds)


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The storage engine of the practice."""
    return str(request.param)


@pytest.fixture(scope="module")
def runs(engine: str, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, Step]]]:
    """The steps of one session on each line, from the fastest to the slowest."""
    with new_practice(server, NEW, engine) as practice:
        yield [
            _connection(practice, Home(tmp_path_factory.mktemp("home")), seconds / 2) for seconds in ROUND_TRIP_SECONDS
        ]


@pytest.mark.parametrize("step", LIMITS)
def test_a_step_takes_few_round_trips(
    engine: str, runs: list[dict[str, Step]], step: str, report: Callable[[str], None]
) -> None:
    times = "  ".join(f"{run[step].seconds * 1000:5.0f}" for run in runs)
    most = max((run[step] for run in runs), key=lambda each: len(each.bursts))
    background = " ".join(f"{run[step].background:3}" for run in runs)
    report(
        f"{engine:8}{step:32}{len(most.bursts):3} round trips   ms at 0, 40, 80 ms: {times}"
        f"   in the background: {background}"
    )
    assert len(most.bursts) <= LIMITS[step], "\n".join(most.bursts)


@pytest.mark.skipif(shutil.which("mycli") is None, reason="mycli isn't installed")
@pytest.mark.parametrize("seconds", ROUND_TRIP_SECONDS)
def test_mycli_for_comparison(server: Server, tmp_path: Path, seconds: float, report: Callable[[str], None]) -> None:
    with CountingProxy(server, seconds / 2) as proxy:
        begin = time.perf_counter()
        arguments = ("-h", "127.0.0.1", "-P", str(proxy.port), "-u", server.user, "--ssl-mode", "off")
        environment = {"HOME": str(tmp_path), "MYSQL_PWD": server.password}
        with Terminal("mycli", *arguments, "-e", "SELECT 41 + 1", columns=80, lines=24, env=environment) as terminal:
            terminal.wait_for(r"\b42\b")
            elapsed = time.perf_counter() - begin
        report(f"mycli   one query on a line of {seconds * 1000:.0f} ms: {elapsed * 1000:5.0f} ms")


def _connection(practice: ServerPractice, home: Home, delay: float) -> dict[str, Step]:
    steps: dict[str, Step] = {}
    with CountingProxy(practice.server, delay) as proxy:

        def measure(name: str, act: Callable[[], object], complete: str) -> None:
            proxy.take()
            begin = time.perf_counter()
            act()
            terminal.wait_for(complete)
            seconds = time.perf_counter() - begin
            # What comes after the picture counts, too.
            terminal.settle()
            steps[name] = Step.of(proxy.take(), seconds)

        begin = time.perf_counter()
        with practice.through_port(proxy.port).start(home, "--authority", "local") as terminal:
            terminal.wait_for(SIGN_IN)
            steps[CONNECTING] = Step.of(proxy.take(), time.perf_counter() - begin)
            fill_in(terminal, "User name", USER)
            go_to(terminal, "Password", key="enter")
            terminal.type(PASSWORD)
            terminal.wait_for(re.escape("•" * len(PASSWORD)))
            measure(SIGNING_IN, lambda: terminal.press("enter"), READY)
            add_key(terminal, "Kq7mZt4xWb9sLp2D", "Bridge")
            terminal.settle()
            measure(KEY, lambda: terminal.press("enter"), KEY_OPEN)
            measure(BACK_TO_KEYS, lambda: terminal.press("escape"), READY)
            measure(TRAIL, lambda: terminal.press("t"), r"New API key")
            measure(ENTRY, lambda: terminal.press("enter"), "Date and time")
            measure(BACK, lambda: terminal.press("escape"), r"New API key")
            terminal.press("escape")
            terminal.wait_for(READY)
            _focus_switch(terminal)
            terminal.press("space")
            terminal.wait_for(r"\* unsaved: Enabled")
            terminal.settle()
            measure(SAVING, lambda: terminal.press("ctrl+s"), "Saved")
            terminal.press("ctrl+q")
            terminal.exit_status()
    return steps


def _focus_switch(terminal: Terminal) -> None:
    """Move the focus from the list to the switch of the API. Details that are too long are focused on the way."""
    for _ in range(2):
        if not terminal.find(SWITCH):
            terminal.press("tab")
            terminal.settle()
    terminal.wait_for(SWITCH)
