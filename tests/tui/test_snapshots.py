"""A picture of every screen and dialog, at the smallest size that shows all of it and at a larger one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from core.model.practice_info import PracticeInfo
from core.offices.catalog import Offices
from core.offices.open_request import OpenRequest
from core.offices.paths import Locations
from core.practice.practice import Practice
from tests.support import embedded_rows as rows
from tests.support.fake_headquarters import HeadquartersServer, Misbehaviour
from tests.support.headquarters_demo import BRIDGE, CLEARPAY, OFFERED, cache_list, open_api_setup, registered_practice
from tests.support.headquarters_protocol import ASSIGN, HeldKey
from tests.support.open_requests import DATABASE_PASSWORD, runtime, server_request
from tests.support.user_driver import User
from tests.support.waiting import until
from tests.tui.test_offices import write as write_offices
from tui.app import ApisetupApp
from tui.modals.assign_key import AssignKeyScreen
from tui.modals.choice import Choice
from tui.modals.license import LicenseScreen
from tui.modals.notice import Notice
from tui.modals.permissions import PermissionChoice
from tui.modals.prompt import Prompt
from tui.modals.question import Question
from tui.modals.sign_in import SignInScreen
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.connect import ConnectScreen
from tui.screens.edit_key import EditKeyScreen
from tui.screens.help import HelpScreen
from tui.screens.offices import OfficesScreen
from tui.screens.verification import VerificationScreen

Steps = Callable[[User], Awaitable[object]]
AtHeadquarters = Callable[[User, HeadquartersServer], Awaitable[object]]
Compare = Callable[..., bool]

SMALL, LARGE = (80, 24), (120, 36)
KEY = "EXAMPLE-NOT-A-KEY-Gh78"


@pytest.fixture(autouse=True)
def _one_version_of_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the header name the same server on every machine."""
    from core.office import office

    report = office._practice_info

    def facts(practice: Practice) -> PracticeInfo:
        return replace(report(practice), server="SQLite 3.45.1")

    monkeypatch.setattr(office, "_practice_info", facts)


@pytest.fixture(autouse=True)
def _a_verification_takes_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it end in one step, at whose speed no machine differs."""
    monkeypatch.setattr("core.audit.verification.STEP_SECONDS", 60)
    monkeypatch.setattr("tui.screens.verification.time", SimpleNamespace(monotonic=lambda: 0.0))


# -- how each picture is come to -----------------------------------------------------


async def nothing(user: User) -> None:
    pass


async def unsaved(user: User) -> None:
    await user.fill("interval", "15")
    user.screen.query_one("#enabled").focus()
    await user.press("space")


async def filter_active(user: User) -> None:
    await user.press("slash")
    await user.enter_text("portal")


async def bad_interval(user: User) -> None:
    await user.fill("interval", "five")
    await user.press("ctrl+s")


async def payment_types(user: User) -> None:
    user.screen.query_one("#payment-type").focus()
    await user.press("enter")


async def assign(user: User) -> None:
    await user.press("a")
    await user.at(AssignKeyScreen)


async def assign_filled(user: User, agreement: str = "2024-10-31") -> None:
    await assign(user)
    await user.fill("key", KEY)
    await user.fill("developer", "Night Guard Messenger")
    await user.fill("email", "help@nightguard.example")
    await user.fill("phone", "555-0177")
    await user.fill("agreement", agreement)
    await user.press("ctrl+o")
    await user.at(PermissionChoice)
    for name in ("ApiReadAll", "ApiComm"):
        await user.go_to(name)
        await user.press("space")
    await user.press("ctrl+s")
    await user.at(AssignKeyScreen)


async def pair(user: User) -> None:
    await assign(user)
    await user.fill("key", f"DEVELOPER-KEY/{KEY}")
    await user.press("enter")
    await user.at(Question)


async def header(user: User) -> None:
    await assign(user)
    await user.fill("key", f"Authorization: ODFHIR DEVELOPER-KEY/{KEY}")
    await user.press("enter")
    await user.at(Question)


async def without_agreement(user: User) -> None:
    await assign_filled(user, agreement="")
    await user.press("ctrl+s")
    await user.at(Question)


async def permission_choice(user: User) -> None:
    await assign_filled(user)
    await user.press("ctrl+o")
    await user.at(PermissionChoice)


async def license_top(user: User) -> None:
    await assign_filled(user)
    await user.press("ctrl+s")
    await user.at(LicenseScreen)


async def license_end(user: User) -> None:
    await license_top(user)
    await user.press("end")


async def key_added(user: User) -> None:
    await license_end(user)
    await user.press("a")
    await user.at(Notice)


async def key_not_added(user: User) -> None:
    await license_end(user)
    rows.execute(rows.REFUSE_KEYS)
    await user.press("a")
    await user.at(Question)


async def edit(user: User, developer: str = "Insurance Mate") -> None:
    await user.go_to(developer)
    await user.press("enter")
    await user.at(EditKeyScreen)


async def edit_unsaved(user: User) -> None:
    await edit(user)
    await user.fill("phone", "555-0199")


async def edit_disabled(user: User) -> None:
    await edit(user, "Old Recall Service")


async def edit_many_permissions(user: User) -> None:
    await edit(user, "Whole Office Suite")


async def disable(user: User) -> None:
    await user.go_to("Patient Portal Plus")
    await user.press("d")
    await user.at(Question)


async def consequences(user: User) -> None:
    await disable(user)
    await user.press("y")
    await user.at(Notice)


async def reveal(user: User) -> None:
    await key_added(user)
    await user.press("enter")
    await user.at_api_setup()
    await user.press("enter")
    await user.at(EditKeyScreen)
    await user.press("v")
    await user.at(Notice)


async def conflict(user: User) -> None:
    await user.fill("interval", "15")
    rows.execute("UPDATE programproperty SET PropertyValue = '30' WHERE PropertyValue = '5'")
    await user.press("ctrl+s")
    await user.at(Question)


async def reload_question(user: User) -> None:
    await unsaved(user)
    user.list.focus()
    await user.press("r")
    await user.at(Question)


async def quit_question(user: User) -> None:
    await unsaved(user)
    await user.press("ctrl+q")
    await user.at(Question)


async def audit_trail(user: User) -> None:
    await user.press("t")
    await user.at(AuditTrailScreen)


async def audit_entry(user: User) -> None:
    await audit_trail(user)
    await user.go_to("ALTERED")
    await user.press("enter")
    await user.at(AuditEntryScreen)


async def trail_filter_error(user: User) -> None:
    await audit_trail(user)
    await user.fill("filter", "user:Maria sinse:2024-11-01 text:edited")
    await user.press("enter")


async def trail_choice(user: User) -> None:
    await audit_trail(user)
    await user.press("f", "p")
    await user.at(Choice)
    await user.press(*"edit", "down", "down")


async def trail_filtered(user: User) -> None:
    await audit_trail(user)
    await user.fill("filter", 'since:2024-10-15 user:admin text:"API key"')
    await user.press("enter", "down", "down")


async def verification(user: User) -> None:
    rows.execute("DELETE FROM securityloghash WHERE SecurityLogNum IN (20, 21)")
    rows.execute("DELETE FROM securitylog WHERE SecurityLogNum IN (33, 34, 35)")
    await audit_trail(user)
    await user.press("v", "e")
    await user.at(VerificationScreen)


async def export_prompt(user: User) -> None:
    await audit_trail(user)
    await user.press("n", "x")
    await user.at(Prompt)
    # What is proposed names a directory of this test.
    await user.press("end", "ctrl+u")
    await user.enter_text("/home/admin/audit-trail-2024-11-05.csv")


async def audit_entry_settings(user: User) -> None:
    await audit_trail(user)
    await user.fill("filter", 'only:ours text:"payment type"')
    await user.press("enter", "enter")
    await user.at(AuditEntryScreen)
    await user.press("end")


async def help_(user: User) -> None:
    await user.press("question_mark")
    await user.at(HelpScreen)


async def palette(user: User) -> None:
    await user.press("ctrl+p")
    await until(lambda: isinstance(user.app.screen, CommandPalette))
    # Textual's own field blinks, and a picture would show it by chance.
    user.app.screen.query_one(Input).cursor_blink = False
    options = user.app.screen.query_one(OptionList)
    await until(lambda: options.option_count > 5)
    await user.settle()


async def about(user: User) -> None:
    await user.press("i")
    await user.at(Notice)


async def signed_in(user: User) -> None:
    await user.at(SignInScreen)
    await user.enter_text("admin")
    await user.press("enter", "enter")
    await user.at_api_setup()


async def about_server(user: User) -> None:
    await signed_in(user)
    await about(user)


async def no_keys_from_here(user: User) -> None:
    await signed_in(user)
    await user.press("a")
    await user.at(Notice)


async def edit_copy(user: User) -> None:
    await signed_in(user)
    await edit(user)


async def connect(user: User) -> None:
    await user.at(ConnectScreen)


async def wrong_password(user: User) -> None:
    await user.at(ConnectScreen)
    await user.enter_text("not it")
    await user.press("enter")


async def sign_in(user: User) -> None:
    await user.at(SignInScreen)


async def wrong_name(user: User) -> None:
    await user.at(SignInScreen)
    await user.enter_text("nobody")
    await user.press("enter", "enter")


async def left_alone(user: User) -> None:
    if not user.stack or user.stack[-1] != "ApiSetupScreen":
        await signed_in(user)
    await user.at_api_setup()
    await user.fill("interval", "7")
    user.app.lock()
    await until(lambda: not user.app.unlocked.is_set() and user.stack[-1] in ("SignInScreen", "LockedScreen"))
    await user.settle()


async def offices_listed(user: User) -> None:
    await user.at(OfficesScreen)


async def offices_filtered(user: User) -> None:
    await user.at(OfficesScreen)
    await user.press("slash", *"side")


async def offices_unreadable(user: User) -> None:
    await user.at(OfficesScreen)
    Path("config.toml").write_text("hosst = 1")
    await user.press("r")


async def differences(user: User, hq: HeadquartersServer) -> None:
    hq.remove_key(CLEARPAY.key)
    hq.set_status(BRIDGE.key, "DisabledByHQ")
    hq.add_key(HeldKey("Hq31Aa32Bb33Cc34", developer="Aardvark Forms"))
    await open_api_setup(user)
    await user.go_to("ClearPay")


async def not_reached(user: User, hq: HeadquartersServer) -> None:
    hq.misbehave(Misbehaviour.HTTP_503)
    await open_api_setup(user)


async def assign_there(user: User, hq: HeadquartersServer) -> None:
    await open_api_setup(user)
    await assign(user)
    await user.fill("key", OFFERED.key)
    await user.fill("agreement", "2024-10-31")


async def added_there(user: User, hq: HeadquartersServer) -> None:
    await assign_there(user, hq)
    await user.press("ctrl+s")
    await user.at(LicenseScreen)
    await user.press("end", "a")
    await user.at(Notice)


async def refused_there(user: User, hq: HeadquartersServer) -> None:
    await assign_there(user, hq)
    await user.press("ctrl+s")
    await user.at(LicenseScreen)
    hq.misbehave(Misbehaviour.ERROR, operation=ASSIGN)
    await user.press("end", "a")
    await user.at(Question)


async def edit_there(user: User, hq: HeadquartersServer) -> None:
    await added_there(user, hq)
    await user.press("enter")
    await edit(user, "New Wave")


async def edit_disabled_there(user: User, hq: HeadquartersServer) -> None:
    await open_api_setup(user)
    await edit(user, "Old Recall")
    await user.press("d")


async def disable_there(user: User, hq: HeadquartersServer) -> None:
    await open_api_setup(user)
    await user.press("d")
    await user.at(Question)


async def disabled_there(user: User, hq: HeadquartersServer) -> None:
    await disable_there(user, hq)
    await user.press("y")
    await user.at(Notice)


# -- the pictures --------------------------------------------------------------------

IN_EMBEDDED: dict[str, Steps] = {
    "api_setup_embedded": nothing,
    "assign_empty": assign,
}
IN_DEMO: dict[str, Steps] = {
    "api_setup_demo": nothing,
    "api_setup_unsaved": unsaved,
    "api_setup_filter": filter_active,
    "api_setup_bad_interval": bad_interval,
    "api_setup_payment_types": payment_types,
    "api_setup_conflict": conflict,
    "assign_filled": assign_filled,
    "assign_pair": pair,
    "assign_header": header,
    "assign_without_agreement": without_agreement,
    "assign_permissions": permission_choice,
    "license_top": license_top,
    "license_end": license_end,
    "key_added": key_added,
    "key_not_added": key_not_added,
    "edit_enabled": edit,
    "edit_unsaved": edit_unsaved,
    "edit_disabled_by_developer": edit_disabled,
    "edit_many_permissions": edit_many_permissions,
    "edit_reveal": reveal,
    "disable_question": disable,
    "disable_consequences": consequences,
    "reload_question": reload_question,
    "quit_question": quit_question,
    "audit_trail": audit_trail,
    "audit_entry_altered": audit_entry,
    "audit_entry_settings": audit_entry_settings,
    "audit_trail_filtered": trail_filtered,
    "audit_trail_filter_error": trail_filter_error,
    "audit_trail_choice": trail_choice,
    "audit_trail_verified": verification,
    "audit_trail_export": export_prompt,
    "help": help_,
    "palette": palette,
    "about": about,
}
ON_SERVER: dict[str, Steps] = {
    "sign_in": sign_in,
    "sign_in_wrong_name": wrong_name,
    "headquarters_copy": signed_in,
    "headquarters_about": about_server,
    "headquarters_no_keys_from_here": no_keys_from_here,
    "headquarters_edit": edit_copy,
    "left_alone": left_alone,
}
REGISTERED: dict[str, AtHeadquarters] = {
    "headquarters_list": differences,
    "headquarters_not_reached": not_reached,
    "headquarters_assign": assign_there,
    "headquarters_key_added": added_there,
    "headquarters_refused": refused_there,
    "headquarters_key": edit_there,
    "headquarters_key_disabled_by_developer": edit_disabled_there,
    "headquarters_disable_question": disable_there,
    "headquarters_disabled": disabled_there,
}
OF_OFFICES: dict[str, Steps] = {
    "offices": offices_listed,
    "offices_filtered": offices_filtered,
    "offices_unreadable": offices_unreadable,
}


def take(
    compare: Compare,
    opening: OpenRequest | None,
    steps: Steps,
    size: tuple[int, int],
    offices: Offices | None = None,
) -> bool:
    """Run the program, do the steps, and compare the picture with the one that was accepted."""
    app = ApisetupApp(opening, offices)

    async def before(pilot: Pilot[None]) -> None:
        user = User(pilot)
        if opening is not None and not opening.on_server:
            await user.at_api_setup()
        await steps(user)
        await user.settle()

    same = compare(app, terminal_size=size, run_before=before)
    app.commits.close()
    return same


both_sizes = pytest.mark.parametrize("size", [SMALL, LARGE], ids=lambda size: f"{size[0]}x{size[1]}")


@both_sizes
@pytest.mark.parametrize("steps", IN_EMBEDDED.values(), ids=IN_EMBEDDED)
def test_embedded(snap_compare: Compare, embedded: OpenRequest, steps: Steps, size: tuple[int, int]) -> None:
    assert take(snap_compare, embedded, steps, size)


@both_sizes
@pytest.mark.parametrize("steps", IN_DEMO.values(), ids=IN_DEMO)
def test_demo(snap_compare: Compare, demo: OpenRequest, steps: Steps, size: tuple[int, int]) -> None:
    assert take(snap_compare, demo, steps, size)


@both_sizes
@pytest.mark.parametrize("steps", ON_SERVER.values(), ids=ON_SERVER)
def test_on_a_server(snap_compare: Compare, demo: OpenRequest, steps: Steps, size: tuple[int, int]) -> None:
    assert take(snap_compare, server_request(password=DATABASE_PASSWORD), steps, size)


@both_sizes
@pytest.mark.parametrize("steps", REGISTERED.values(), ids=REGISTERED)
def test_at_headquarters(
    snap_compare: Compare,
    demo: OpenRequest,
    monkeypatch: pytest.MonkeyPatch,
    steps: AtHeadquarters,
    size: tuple[int, int],
) -> None:
    monkeypatch.setattr("core.headquarters.client.PAUSES", (0.0, 0.0))
    with registered_practice() as hq:
        asyncio.run(cache_list())

        async def at_this_one(user: User) -> None:
            await steps(user, hq)

        assert take(snap_compare, server_request(password=DATABASE_PASSWORD), at_this_one, size)


@both_sizes
def test_before_headquarters_answers(
    snap_compare: Compare, demo: OpenRequest, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    with registered_practice():
        asyncio.run(cache_list())
        # A question without an answer would hold up the end of the test.
        monkeypatch.setattr(ApiSetupScreen, "ask_headquarters", lambda _screen: None)
        assert take(snap_compare, server_request(password=DATABASE_PASSWORD), open_api_setup, size)


@both_sizes
def test_database_password(snap_compare: Compare, demo: OpenRequest, size: tuple[int, int]) -> None:
    assert take(snap_compare, server_request(), connect, size)


@both_sizes
def test_wrong_database_password(snap_compare: Compare, demo: OpenRequest, size: tuple[int, int]) -> None:
    assert take(snap_compare, server_request(), wrong_password, size)


@both_sizes
def test_no_server_answers(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert take(snap_compare, server_request(password="any", answers=False), connect, size)


@both_sizes
@pytest.mark.usefixtures("refused_writes")
def test_read_only(snap_compare: Compare, demo: OpenRequest, size: tuple[int, int]) -> None:
    assert take(snap_compare, demo, nothing, size)


def test_too_small(snap_compare: Compare, demo: OpenRequest) -> None:
    assert take(snap_compare, demo, nothing, (59, 19))


def test_no_color(snap_compare: Compare, demo: OpenRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert take(snap_compare, demo, bad_interval, SMALL)


@both_sizes
def test_left_alone(snap_compare: Compare, demo: OpenRequest, size: tuple[int, int]) -> None:
    assert take(snap_compare, replace(demo, lock_after_minutes=5), left_alone, size)


@both_sizes
@pytest.mark.parametrize("steps", OF_OFFICES.values(), ids=OF_OFFICES)
def test_offices(snap_compare: Compare, steps: Steps, size: tuple[int, int]) -> None:
    write_offices()
    # Relative, so that the problem with the file is the same everywhere.
    offices = Offices(Locations(Path("config.toml"), Path("debug.log")), runtime(), {})
    offices.record_opened(offices.opening("North Side"))
    assert take(snap_compare, None, steps, size, offices)
