"""Many offices on the screen: reading, signing in, developers by office, and cutting one off everywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

from core.fleet.fleet import Credentials
from core.offices.catalog import OfficeCatalog
from core.offices.config_file import read_configuration
from core.offices.open_request import LaunchContext, OpenRequest
from core.offices.paths import Paths
from tests.support.fleets import NAMES, SampleFleet, change_file, ignore, read_file
from tests.support.open_requests import NOW, catalog_of, runtime
from tests.support.user_driver import User, running
from tests.support.waiting import until
from tui.app import ApisetupApp
from tui.modals.fleet_change import FleetChangeScreen
from tui.modals.fleet_sign_in import FleetSignIn, OwnUsers
from tui.modals.prompt import Prompt
from tui.screens.fleet_developers import FleetDevelopersScreen
from tui.screens.offices import OfficesScreen

STATUS = "SELECT status FROM apisetup_key WHERE developer = 'Appointment Bridge'"


@asynccontextmanager
async def at_offices(size: tuple[int, int] = (120, 40)) -> AsyncIterator[User]:
    """Run the program until the offices were read."""
    async with running(ApisetupApp(None, catalog_of(Path("config.toml").absolute())), size) as user:
        await user.at(OfficesScreen)
        yield user


def catalog_with_team(configuration: Path) -> OfficeCatalog:
    """Return the offices of a configuration file that names the companion of a team."""
    content = read_configuration(configuration)
    context = LaunchContext(runtime(), Paths(configuration, configuration.with_name("debug.log")))
    return OfficeCatalog(content, replace(context, team_companion=content.team_companion))


async def sign_in_with_own_users(user: User) -> None:
    """Sign in to all offices. They are in files of this account, so no password is asked for."""
    await user.press("S")


async def at_developers(user: User) -> FleetDevelopersScreen:
    """Sign in, and show the developers by office."""
    await sign_in_with_own_users(user)
    await user.press("D")
    return await user.at(FleetDevelopersScreen)


async def test_each_office_is_read_in_the_background(fleet: SampleFleet) -> None:
    async with at_offices() as user:
        assert user.row.startswith("North | answers | off | 2/5 |")
        assert "2 of 5 keys enabled" in user.text


async def test_an_office_is_opened_while_the_others_are_read(fleet: SampleFleet) -> None:
    async with running(ApisetupApp(None, catalog_of(Path("config.toml").absolute()))) as user:
        await until(lambda: isinstance(user.app.screen, OfficesScreen) and bool(user.app.screen._listed))
        user.send("enter")
        await user.at_api_setup()


async def test_an_office_that_can_not_be_read_is_a_cell(fleet: SampleFleet, tmp_path: Path) -> None:
    (tmp_path / "North.sqlite3").unlink()
    async with at_offices() as user:
        assert user.row.startswith("North | can't be used | – | – |")
        assert "File not found" in user.text
        assert "1 not read" in user.text


async def test_offices_are_read_although_the_companion_of_the_team_does_not_answer(fleet: SampleFleet) -> None:
    configuration = fleet.paths.configuration
    configuration.write_text(f'companion = "mysql://team@127.0.0.1:9/team"\n{configuration.read_text()}')
    async with running(ApisetupApp(None, catalog_with_team(configuration)), (120, 40)) as user:
        await user.at(OfficesScreen)
        assert user.row.startswith("North | answers |")
        assert "Companion database team on 127.0.0.1" in user.status_text
        await sign_in_with_own_users(user)
        await user.press("D")
        await user.at(FleetDevelopersScreen)
        assert "Companion database team on 127.0.0.1" in user.status_text


async def test_what_is_not_fresh_has_its_age_in_each_cell(fleet: SampleFleet, tmp_path: Path) -> None:
    fleet.now = NOW - timedelta(hours=3)
    known = fleet.open()
    known.read(ignore, Event())
    known.store.close()
    (tmp_path / "North.sqlite3").unlink()
    async with at_offices() as user:
        assert user.row.startswith("North | can't be used | off 3 h | 2/5 3 h |")
        await user.press("down")
        assert user.row.startswith("South | answers | off | 2/5 |")


async def test_the_filter_finds_tags_and_developers(fleet: SampleFleet) -> None:
    async with at_offices() as user:
        await user.press("slash")
        await user.enter_text("tag:pilot")
        assert "Offices  1 of 3" in user.text
        await user.press("ctrl+u")
        await user.enter_text("developer:bridge -tag:coast")
        assert "Offices  1 of 3" in user.text
        await user.press("ctrl+u")
        await user.enter_text("tags:x")
        await user.press("enter")
        assert 'Unknown filter field "tags:"' in user.text


async def test_signing_in_to_all_offices_is_shown(fleet: SampleFleet) -> None:
    async with at_offices() as user:
        await sign_in_with_own_users(user)
        assert "Signed in to 3 of 3 offices." in user.text
        assert "3 signed in" in user.text
        await user.press("S")
        assert "Already signed in" in user.text


async def test_the_sign_in_asks_for_a_name_and_takes_each_office_s_own_user(fleet: SampleFleet) -> None:
    async with at_offices() as user:
        answers: list[object] = []
        for keys in (("tab", "enter"), ("ctrl+o",)):
            user.app.push_screen(FleetSignIn(3), answers.append)
            await user.at(FleetSignIn)
            await user.press(*keys)
            if not answers:
                assert "Enter a user name." in user.text
                await user.enter_text("Admin")
                await user.press("enter", "enter")
        first, second = answers
        assert isinstance(first, Credentials)
        assert first.user == "Admin"
        assert isinstance(second, OwnUsers)


async def test_developers_are_shown_only_where_somebody_is_signed_in(fleet: SampleFleet) -> None:
    async with at_offices() as user:
        await user.press("D")
        await user.at(FleetDevelopersScreen)
        assert "Press S to sign in to the offices." in user.text
        assert "Appointment Bridge" not in user.text


async def test_an_office_without_a_sign_in_is_a_column_and_is_named_before_and_after_a_cut_off(
    fleet: SampleFleet, tmp_path: Path
) -> None:
    async with at_offices() as user:
        (tmp_path / "West.sqlite3").rename(tmp_path / "moved")
        await at_developers(user)
        assert user.row.endswith("| can't be used")
        assert "1 not signed in" in user.text
        assert "Not looked at: West." in user.text
        await user.press("d")
        await user.at(FleetChangeScreen)
        unseen = "1 office was not looked at, and keys there may still work: West."
        assert unseen in user.text
        await user.press("ctrl+s")
        assert "NOT EVERYWHERE: 1 office was not looked at" in user.text
        await user.enter_text("Appointment Bridge")
        await user.press("ctrl+y")
        await user.at(FleetChangeScreen)
        assert f"Disabled in 2 of 3 offices. {unseen}" in user.status_text


async def test_developers_by_office_scroll_both_ways(fleet: SampleFleet) -> None:
    async with at_offices((60, 24)) as user:
        await at_developers(user)
        assert user.row.startswith("Appointment Bridge | 3 | ● on")
        assert "offices 1 to 1 of 3" in user.text
        await user.press("right", "right", "right")
        assert "offices 3 to 3 of 3" in user.text
        assert "West" in user.text
        await user.press("left")
        assert "offices 2 to 2 of 3" in user.text
        await user.press("D")
        assert isinstance(user.app.screen, OfficesScreen)


async def test_similar_names_are_suggested_and_joined_by_hand(fleet: SampleFleet) -> None:
    change_file(
        fleet,
        "West",
        "UPDATE apisetup_key SET developer = 'AppointmentBridge LLC' WHERE developer = 'Appointment Bridge'",
    )
    change_file(
        fleet, "West", "UPDATE apikey SET DevName = 'AppointmentBridge LLC' WHERE DevName = 'Appointment Bridge'"
    )
    async with at_offices() as user:
        await at_developers(user)
        assert "Similar: AppointmentBridge LLC. Press N to join them." in user.text
        await user.press("N", "enter")
        await user.at(FleetDevelopersScreen)
        assert "Joined Appointment Bridge with AppointmentBridge LLC: 3 offices." in user.text
        assert "Names: Appointment Bridge, AppointmentBridge LLC" in user.text


async def test_a_developer_is_cut_off_everywhere_after_the_name_was_typed(fleet: SampleFleet) -> None:
    async with at_offices() as user:
        await at_developers(user)
        await user.press("d")
        await user.at(FleetChangeScreen)
        assert user.row.startswith("North | 1 key, 1 subscription")
        await user.press("end", "space")
        await user.press("ctrl+s")
        assert "Disable 2 keys of Appointment Bridge in 2 offices." in user.text
        await user.enter_text("somebody")
        await user.press("ctrl+y")
        assert "Not the developer's name." in user.text
        await user.press("ctrl+u")
        await user.enter_text("appointment bridge")
        await user.press("ctrl+y")
        await user.at(FleetChangeScreen)
        assert "Disabled in 2 of 2 offices. Receipt:" in user.text
        assert [read_file(fleet, name, STATUS) for name in NAMES] == [[(2,)], [(2,)], [(1,)]]
        await user.press("escape")
        await user.at(FleetDevelopersScreen)
        assert user.row.startswith("Appointment Bridge | 1 |")


async def test_escape_before_the_name_is_typed_changes_nothing(fleet: SampleFleet) -> None:
    async with at_offices() as user:
        await at_developers(user)
        await user.press("d", "ctrl+s", "escape")
        assert "Nothing was changed." in user.text
        await user.press("escape")
        assert read_file(fleet, "North", STATUS) == [(1,)]


async def test_a_failure_is_shown_and_retried(fleet: SampleFleet, tmp_path: Path) -> None:
    async with at_offices() as user:
        await at_developers(user)
        await user.press("d")
        (tmp_path / "South.sqlite3").rename(tmp_path / "moved")
        await user.press("ctrl+s")
        await user.enter_text("Appointment Bridge")
        await user.press("ctrl+y")
        await user.at(FleetChangeScreen)
        assert "Disabled in 2 of 3 offices." in user.text
        (tmp_path / "moved").rename(tmp_path / "South.sqlite3")
        await user.press("r")
        assert "Disabled in 3 of 3 offices." in user.text


async def test_a_receipt_is_taken_back(fleet: SampleFleet) -> None:
    async with at_offices() as user:
        await at_developers(user)
        await user.press("d", "ctrl+s")
        await user.enter_text("Appointment Bridge")
        await user.press("ctrl+y", "escape", "escape")
        await user.at(OfficesScreen)
        (receipt,) = fleet.paths.receipts.glob("*.json")
        await user.press("E")
        await user.enter_text(receipt.stem)
        await user.press("enter")
        await user.at(FleetChangeScreen)
        await user.press("ctrl+s")
        await user.enter_text("Appointment Bridge")
        await user.press("ctrl+y")
        await user.at(FleetChangeScreen)
        assert "Enabled in 3 of 3 offices." in user.text
        assert read_file(fleet, "South", STATUS) == [(1,)]


async def test_an_unknown_receipt_is_refused(fleet: SampleFleet) -> None:
    async with at_offices() as user:
        await user.press("E")
        await user.enter_text("R20200101-000000")
        await user.press("enter")
        await user.at(Prompt)
        assert "R20200101-000000.json can't" in " ".join(user.text.split())


async def test_sign_ins_end_with_the_time_without_keys(fleet: SampleFleet) -> None:
    async with at_offices() as user:
        await sign_in_with_own_users(user)
        access = user.app._fleet
        assert access is not None
        access._inactivity._expire()
        await user.press("D")
        await user.at(FleetDevelopersScreen)
        assert "Press S to sign in to the offices." in user.text


def test_requests_of_offices_have_tags(fleet: SampleFleet) -> None:
    requests: tuple[OpenRequest, ...] = catalog_of(Path("config.toml").absolute()).open_requests()
    assert [request.office.tags for request in requests] == [("coast",), (), ("coast", "pilot")]
