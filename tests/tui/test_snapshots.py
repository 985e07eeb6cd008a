"""Snapshots of every screen and dialog, at the design size of 80 x 24, at a smaller one and at two larger ones.

One run of the program gives the pictures in all sizes: it takes the first, is resized, and takes the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from textual.app import App

from core.model.practice_info import PracticeInfo
from core.offices.catalog import OfficeCatalog
from core.offices.open_request import OpenRequest
from core.practice.practice import Practice
from tests.support import embedded_rows as rows
from tests.support.fake_headquarters import HeadquartersServer, Misbehaviour
from tests.support.headquarters_demo import BRIDGE, CLEARPAY, OFFERED, cache_list, open_api_setup, registered_practice
from tests.support.headquarters_protocol import ASSIGN, HeldKey
from tests.support.open_requests import DATABASE_PASSWORD, catalog_of, server_request, with_office
from tests.support.thorough import first_of
from tests.support.user_driver import User, slow_terminal
from tests.support.waiting import until
from tests.tui.test_offices import write_configuration
from tui.app import ApisetupApp
from tui.modals.assign_key import AssignKeyScreen
from tui.modals.change_series import ChangeSeries
from tui.modals.choice import Choice
from tui.modals.fleet_sign_in import FleetSignIn
from tui.modals.form import Form
from tui.modals.help import HelpPanel
from tui.modals.license import LicenseScreen
from tui.modals.locked import LockedScreen
from tui.modals.notice import Notice
from tui.modals.palette import Palette
from tui.modals.payment_type import PaymentTypeDialog
from tui.modals.permissions import PermissionChoice
from tui.modals.prompt import Prompt
from tui.modals.question import Question
from tui.modals.sign_in import SignInScreen
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.connect import ConnectScreen
from tui.screens.edit_key import EditKeyScreen
from tui.screens.key_review import KeyReviewScreen
from tui.screens.manual import ManualScreen
from tui.screens.offices import OfficesScreen
from tui.screens.payment_types import PaymentTypesScreen
from tui.screens.review import ReviewScreen
from tui.screens.subscriptions import SubscriptionsScreen
from tui.screens.verification import VerificationScreen
from tui.screens.why import WhyScreen

Steps = Callable[[User], Awaitable[object]]
AtHeadquarters = Callable[[User, HeadquartersServer], Awaitable[object]]
Compare = Callable[..., bool]

SMALL, SMALLEST, LARGE, LARGEST = SIZES = (80, 24), (60, 20), (120, 40), (200, 50)
KEY = "EXAMPLE-NOT-A-KEY-Gh78"
LONG_MESSAGE = "The server answered something that is longer than two lines of this terminal. " * 4


@pytest.fixture(autouse=True)
def _fixed_server_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the title line show the same server version on every machine."""
    from core.office.title_facts import practice_info as original

    def practice_info(practice: Practice, line: str) -> PracticeInfo:
        return replace(original(practice, line), server="SQLite 3.45.1")

    monkeypatch.setattr("core.office.office.practice_info", practice_info)


@pytest.fixture(autouse=True)
def _instant_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a verification end in one step, and show the same speed on every machine."""
    monkeypatch.setattr("core.audit.verification.BATCH_SECONDS", 60)
    monkeypatch.setattr("tui.screens.verification.time", SimpleNamespace(monotonic=lambda: 0.0))


# -- steps to each screen ------------------------------------------------------------


async def stay(user: User) -> None:
    pass


async def enter_unsaved(user: User) -> None:
    await user.fill("interval", "15")
    user.screen.query_one("#enabled").focus()
    await user.press("space")


async def enter_filter(user: User) -> None:
    await user.press("slash")
    await user.enter_text("portal")


async def enter_bad_interval(user: User) -> None:
    await user.fill("interval", "five")
    await user.press("ctrl+s")


async def open_payment_types(user: User) -> None:
    user.screen.query_one("#payment-type").focus()
    await user.press("enter")


async def open_assign(user: User) -> None:
    await user.press("a")
    await user.at(AssignKeyScreen)


async def fill_assign(user: User, agreement: str = "2024-10-31") -> None:
    await open_assign(user)
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


async def paste_curl(user: User) -> None:
    await open_assign(user)
    await user.fill("key", f'curl -H "Authorization: ODFHIR DEVELOPER-KEY/{KEY}" https://api.example/v1')


async def accept_header(user: User) -> None:
    await open_assign(user)
    await user.fill("key", f"Authorization: ODFHIR DEVELOPER-KEY/{KEY}")
    await user.press("enter")


async def paste_address(user: User) -> None:
    await open_assign(user)
    await user.fill("key", "https://api.example/v1")
    await user.press("enter")


async def continue_without_agreement(user: User) -> None:
    await fill_assign(user, agreement="")
    await user.press("ctrl+s")
    await user.at(Question)


async def open_permissions(user: User) -> None:
    await fill_assign(user)
    await user.press("ctrl+o")
    await user.at(PermissionChoice)


async def open_license(user: User) -> None:
    await fill_assign(user)
    await user.press("ctrl+s")
    await user.at(LicenseScreen)


async def scroll_license(user: User) -> None:
    await open_license(user)
    await user.press("end")


async def add_key(user: User) -> None:
    await scroll_license(user)
    await user.press("ctrl+y")
    await user.at(Notice)


async def fail_to_add_key(user: User) -> None:
    await scroll_license(user)
    rows.execute(rows.REFUSE_KEYS)
    await user.press("ctrl+y")
    await user.at(Question)


async def open_key(user: User, developer: str = "Insurance Mate") -> None:
    await user.go_to(developer)
    await user.press("enter")
    await user.at(EditKeyScreen)


async def edit_key(user: User) -> None:
    await open_key(user)
    await user.fill("phone", "555-0199")


async def open_disabled_key(user: User) -> None:
    await open_key(user, "Old Recall Service")


async def open_key_with_many_permissions(user: User) -> None:
    await open_key(user, "Whole Office Suite")


async def ask_to_disable(user: User) -> None:
    await user.go_to("Patient Portal Plus")
    await user.press("d")
    await user.at(Question)


async def ask_to_enable(user: User) -> None:
    await user.go_to("Dentist Finder")
    await user.press("E", *"no", "ctrl+y")
    await user.at(Prompt)


async def disable(user: User) -> None:
    await ask_to_disable(user)
    await user.press("ctrl+y")
    await user.at(Notice)


async def select_keys(user: User) -> None:
    for developer in ("Canopy Analytics", "Dentist Finder", "Insurance Mate"):
        await user.go_to(developer)
        await user.press("space")


async def ask_to_disable_several(user: User) -> None:
    await select_keys(user)
    await user.press("d")
    await user.at(Question)


async def disable_several(user: User) -> None:
    await ask_to_disable_several(user)
    await user.press("ctrl+y")
    await user.at(ChangeSeries)


async def after_disabling_several(user: User) -> None:
    await disable_several(user)
    await user.press("enter")
    await user.at_api_setup()


async def ask_to_undo_several(user: User) -> None:
    await after_disabling_several(user)
    await user.press("ctrl+z")
    await user.at(Prompt)


async def sort_by_status(user: User) -> None:
    await user.press("s", "s")


async def lock_now(user: User) -> None:
    await user.press("L")
    await user.at(LockedScreen)


async def show_whole_message(user: User) -> None:
    user.screen.show_status(LONG_MESSAGE, "problem")
    await user.press("m")
    await user.at(Notice)


async def reveal_key(user: User) -> None:
    await add_key(user)
    await user.press("enter")
    await user.at_api_setup()
    await user.press("enter")
    await user.at(EditKeyScreen)
    await user.press("v")
    await user.at(Notice)


async def cause_conflict(user: User) -> None:
    await user.fill("interval", "15")
    rows.execute("UPDATE programproperty SET PropertyValue = '30' WHERE PropertyValue = '5'")
    await user.press("ctrl+s")
    await user.at(Question)


async def ask_to_reload(user: User) -> None:
    await enter_unsaved(user)
    user.list.focus()
    await user.press("r")
    await user.at(Question)


async def ask_to_quit(user: User) -> None:
    await enter_unsaved(user)
    await user.press("ctrl+q")
    await user.at(Question)


async def show_health(user: User) -> None:
    screen = await user.at(ApiSetupScreen)
    screen.look()
    await user.settle()
    assert "eConnector: no sign of life for 3 h" in user.text


async def ask_why(user: User) -> None:
    await user.press("down", "down", "w")
    await user.at(WhyScreen)


async def narrow_down(user: User) -> None:
    await ask_what_was_seen(user)
    await user.enter_text("401 PUT /appointments/123/Confirm")
    await user.press("enter")
    await user.at(WhyScreen)


async def ask_what_was_seen(user: User) -> None:
    await ask_why(user)
    await user.press("slash")
    await user.at(Prompt)


async def open_subscriptions(user: User) -> None:
    await user.press("2", "down", "down", "down", "down")
    await user.at(SubscriptionsScreen)


async def ask_to_end_subscriptions(user: User) -> None:
    await user.press("2", "space", "space", "down", "down", "down", "down", "down", "space", "d")
    await user.at(Question)


async def open_no_subscriptions(user: User) -> None:
    rows.execute("DROP TABLE apisubscription")
    rows.execute("DELETE FROM fhirsubscription")
    await user.press("2")
    await user.at(SubscriptionsScreen)


async def open_review_place(user: User) -> None:
    await user.press("5")
    await user.at(ReviewScreen)


async def edit_notes(user: User) -> None:
    await open_review_place(user)
    await user.press("n")
    await user.at(Form)
    await user.enter_text("Maria")


async def continue_review(user: User) -> None:
    await open_review_place(user)
    await user.press("C")
    await user.at(KeyReviewScreen)


async def keep_in_review(user: User) -> None:
    await continue_review(user)
    await user.press("y")
    await user.at(Form)


async def ask_to_end_review(user: User) -> None:
    await continue_review(user)
    await user.press("F")
    await user.at(Question)


async def ask_to_disable_with_subscriptions(user: User) -> None:
    await user.press("d")
    await user.at(Question)


async def open_payment_types_place(user: User) -> None:
    await user.press("3", "down")
    await user.at(PaymentTypesScreen)


async def edit_payment_type(user: User) -> None:
    await user.press("3", "down", "enter")
    await user.enter_text("Coins")
    await user.at(PaymentTypeDialog)


async def ask_to_hide_payment_type(user: User) -> None:
    await user.press("3", "down", "d")
    await user.at(Question)


async def choose_replacement(user: User) -> None:
    await user.press("3", "down", "down", "d")
    await user.at(Choice)


async def open_trail(user: User) -> None:
    await user.press("t")
    await user.at(AuditTrailScreen)


async def open_altered_entry(user: User) -> None:
    await open_trail(user)
    await user.go_to("Payment of $20.00")
    await user.press("enter")
    await user.at(AuditEntryScreen)


async def enter_bad_filter(user: User) -> None:
    await open_trail(user)
    await user.fill("filter", "user:Maria sinse:2024-11-01 text:edited")
    await user.press("enter")


async def open_choice(user: User) -> None:
    await open_trail(user)
    await user.press("f", "p")
    await user.at(Choice)
    await user.press(*"edit", "down", "down")


async def filter_trail(user: User) -> None:
    await open_trail(user)
    await user.fill("filter", 'since:2024-10-15 user:admin text:"API key"')
    await user.press("enter", "down", "down")


async def verify(user: User) -> None:
    rows.execute("DELETE FROM securityloghash WHERE SecurityLogNum IN (20, 21)")
    rows.execute("DELETE FROM securitylog WHERE SecurityLogNum IN (33, 34, 35)")
    await open_trail(user)
    await user.press("V", "e")
    await user.at(VerificationScreen)


async def open_export_prompt(user: User) -> None:
    await open_trail(user)
    await user.press("exclamation_mark", "x")
    await user.at(Prompt)
    # The suggested name contains the directory of this test.
    await user.press("end", "ctrl+u")
    await user.enter_text("/home/admin/audit-trail-2024-11-05.csv")


async def open_settings_entry(user: User) -> None:
    await open_trail(user)
    await user.fill("filter", 'only:ours text:"payment type"')
    await user.press("enter", "enter")
    await user.at(AuditEntryScreen)
    await user.press("end")


async def open_help(user: User) -> None:
    await user.press("question_mark")
    await user.at(HelpPanel)


async def filter_help(user: User) -> None:
    await open_help(user)
    await user.press(*"key")


async def open_manual(user: User) -> None:
    await user.press("f1")
    await user.at(ManualScreen)


async def follow_link(user: User) -> None:
    await open_manual(user)
    await user.press("C", "tab", "tab")


async def search_manual(user: User) -> None:
    await open_manual(user)
    await user.press("slash", *"payment")


async def open_palette(user: User) -> None:
    await user.press("ctrl+p")
    await user.at(Palette)


async def open_about(user: User) -> None:
    await user.press("i")
    await user.at(Notice)


async def sign_in(user: User) -> None:
    await user.at(SignInScreen)
    await user.enter_text("admin")
    await user.press("enter", "enter")
    await user.at_api_setup()


async def open_server_about(user: User) -> None:
    await sign_in(user)
    await open_about(user)


async def cannot_add_keys(user: User) -> None:
    await sign_in(user)
    await user.press("a")
    await user.at(Notice)


async def open_copied_key(user: User) -> None:
    await sign_in(user)
    await open_key(user)


async def open_connect(user: User) -> None:
    await user.at(ConnectScreen)


async def enter_wrong_password(user: User) -> None:
    await user.at(ConnectScreen)
    await user.enter_text("not it")
    await user.press("enter")


async def open_sign_in(user: User) -> None:
    await user.at(SignInScreen)


async def enter_wrong_name(user: User) -> None:
    await user.at(SignInScreen)
    await user.enter_text("nobody")
    await user.press("enter", "enter")


async def lock(user: User) -> None:
    if not user.stack or user.stack[-1] != "ApiSetupScreen":
        await sign_in(user)
    await user.at_api_setup()
    await user.fill("interval", "7")
    user.app.lock()
    await until(lambda: not user.app.unlocked.is_set() and user.stack[-1] in ("SignInScreen", "LockedScreen"))
    await user.settle()


async def list_offices(user: User) -> None:
    await user.at(OfficesScreen)


async def ask_to_sign_in_to_many(user: User) -> None:
    await user.at(OfficesScreen)
    user.app.push_screen(FleetSignIn(3))
    await user.at(FleetSignIn)


async def show_developers_by_office(user: User) -> None:
    await user.at(OfficesScreen)
    await user.press("S", "D")


async def plan_to_cut_off(user: User) -> None:
    await show_developers_by_office(user)
    await user.press("d")


async def cut_off_everywhere(user: User) -> None:
    await plan_to_cut_off(user)
    await user.press("ctrl+s")
    await user.enter_text("Appointment Bridge")
    await user.press("ctrl+y")


async def filter_offices(user: User) -> None:
    await user.at(OfficesScreen)
    await user.press("slash", *"side")


async def break_configuration(user: User) -> None:
    await user.at(OfficesScreen)
    Path("config.toml").write_text("hosst = 1")
    await user.press("r")


async def show_differences(user: User, hq: HeadquartersServer) -> None:
    hq.remove_key(CLEARPAY.key)
    hq.set_status(BRIDGE.key, "DisabledByHQ")
    hq.add_key(HeldKey("Hq31Aa32Bb33Cc34", developer="Aardvark Forms"))
    await open_api_setup(user)
    await user.go_to("ClearPay")


async def fail_to_reach(user: User, hq: HeadquartersServer) -> None:
    hq.misbehave(Misbehaviour.HTTP_503)
    await open_api_setup(user)


async def assign_at_headquarters(user: User, hq: HeadquartersServer) -> None:
    await open_api_setup(user)
    await open_assign(user)
    await user.fill("key", OFFERED.key)
    await user.fill("agreement", "2024-10-31")


async def add_at_headquarters(user: User, hq: HeadquartersServer) -> None:
    await assign_at_headquarters(user, hq)
    await user.press("ctrl+s")
    await user.at(LicenseScreen)
    await user.press("end", "ctrl+y")
    await user.at(Notice)


async def refuse_to_add(user: User, hq: HeadquartersServer) -> None:
    await assign_at_headquarters(user, hq)
    await user.press("ctrl+s")
    await user.at(LicenseScreen)
    hq.misbehave(Misbehaviour.ERROR, operation=ASSIGN)
    await user.press("end", "ctrl+y")
    await user.at(Question)


async def open_added_key(user: User, hq: HeadquartersServer) -> None:
    await add_at_headquarters(user, hq)
    await user.press("enter")
    await open_key(user, "New Wave")


async def try_disabled_key(user: User, hq: HeadquartersServer) -> None:
    await open_api_setup(user)
    await open_key(user, "Old Recall")
    await user.press("E")


async def ask_to_disable_at_headquarters(user: User, hq: HeadquartersServer) -> None:
    await open_api_setup(user)
    await user.press("d")
    await user.at(Question)


async def disable_at_headquarters(user: User, hq: HeadquartersServer) -> None:
    await ask_to_disable_at_headquarters(user, hq)
    await user.press("ctrl+y")
    await user.at(Notice)


# -- the snapshots -------------------------------------------------------------------

IN_EMBEDDED: dict[str, Steps] = {
    "api_setup_embedded": stay,
    "assign_empty": open_assign,
}
IN_DEMO: dict[str, Steps] = {
    "api_setup_demo": stay,
    "api_setup_unsaved": enter_unsaved,
    "api_setup_filter": enter_filter,
    "api_setup_bad_interval": enter_bad_interval,
    "api_setup_payment_types": open_payment_types,
    "api_setup_conflict": cause_conflict,
    "api_setup_selected": select_keys,
    "api_setup_sorted": sort_by_status,
    "disable_several": ask_to_disable_several,
    "disabled_several": disable_several,
    "after_disabling_several": after_disabling_several,
    "undo_several": ask_to_undo_several,
    "locked_by_hand": lock_now,
    "whole_message": show_whole_message,
    "assign_filled": fill_assign,
    "assign_curl": paste_curl,
    "assign_header": accept_header,
    "assign_refused": paste_address,
    "assign_without_agreement": continue_without_agreement,
    "assign_permissions": open_permissions,
    "license_top": open_license,
    "license_end": scroll_license,
    "key_added": add_key,
    "key_not_added": fail_to_add_key,
    "edit_enabled": open_key,
    "edit_unsaved": edit_key,
    "edit_disabled_by_developer": open_disabled_key,
    "edit_many_permissions": open_key_with_many_permissions,
    "edit_reveal": reveal_key,
    "disable_question": ask_to_disable,
    "disable_consequences": disable,
    "enable_question": ask_to_enable,
    "reload_question": ask_to_reload,
    "quit_question": ask_to_quit,
    "api_setup_health": show_health,
    "why": ask_why,
    "why_narrowed": narrow_down,
    "why_prompt": ask_what_was_seen,
    "subscriptions": open_subscriptions,
    "subscriptions_end": ask_to_end_subscriptions,
    "subscriptions_none": open_no_subscriptions,
    "disable_with_subscriptions": ask_to_disable_with_subscriptions,
    "payment_types": open_payment_types_place,
    "payment_types_edit": edit_payment_type,
    "payment_types_hide": ask_to_hide_payment_type,
    "payment_types_replace": choose_replacement,
    "review": open_review_place,
    "review_notes": edit_notes,
    "review_keys": continue_review,
    "review_keep": keep_in_review,
    "review_end": ask_to_end_review,
    "audit_trail": open_trail,
    "audit_entry_altered": open_altered_entry,
    "audit_entry_settings": open_settings_entry,
    "audit_trail_filtered": filter_trail,
    "audit_trail_filter_error": enter_bad_filter,
    "audit_trail_choice": open_choice,
    "audit_trail_verified": verify,
    "audit_trail_export": open_export_prompt,
    "help": open_help,
    "help_filtered": filter_help,
    "manual": open_manual,
    "manual_contents": follow_link,
    "manual_search": search_manual,
    "palette": open_palette,
    "about": open_about,
}
ON_SERVER: dict[str, Steps] = {
    "sign_in": open_sign_in,
    "sign_in_wrong_name": enter_wrong_name,
    "headquarters_copy": sign_in,
    "headquarters_about": open_server_about,
    "headquarters_cannot_add_keys": cannot_add_keys,
    "headquarters_edit": open_copied_key,
    "locked": lock,
}
REGISTERED: dict[str, AtHeadquarters] = {
    "headquarters_list": show_differences,
    "headquarters_not_reached": fail_to_reach,
    "headquarters_assign": assign_at_headquarters,
    "headquarters_key_added": add_at_headquarters,
    "headquarters_refused": refuse_to_add,
    "headquarters_key": open_added_key,
    "headquarters_key_disabled_by_developer": try_disabled_key,
    "headquarters_disable_question": ask_to_disable_at_headquarters,
    "headquarters_disabled": disable_at_headquarters,
}
OF_OFFICES: dict[str, Steps] = {
    "offices": list_offices,
    "offices_filtered": filter_offices,
    "offices_unreadable": break_configuration,
}
OF_FLEET: dict[str, Steps] = {
    "fleet": list_offices,
    "fleet_sign_in": ask_to_sign_in_to_many,
    "fleet_developers": show_developers_by_office,
    "fleet_plan": plan_to_cut_off,
    "fleet_results": cut_off_everywhere,
}


class Pictures:
    """Compares pictures with the accepted ones of the running test; one run of the program takes those of all sizes.

    Args:
        request: The running test.
        compare: Compares what an application shows with the accepted snapshot of the test.
        monkeypatch: Hands pictures to the comparison that were taken before.
    """

    _taken: ClassVar[dict[str, dict[tuple[int, int], str]]] = {}

    def __init__(self, request: pytest.FixtureRequest, compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
        self._name = request.node.name
        self._selected_tests = {item.name for item in request.session.items}
        self._compare = compare
        self._monkeypatch = monkeypatch

    def match(
        self,
        opening: OpenRequest | None,
        steps: Steps,
        size: tuple[int, int],
        offices: OfficeCatalog | None = None,
        sizes: tuple[tuple[int, int], ...] = SIZES,
    ) -> bool:
        """Run the program in all sizes, do the steps, and compare the picture in one size with the accepted one."""
        key = self._name.replace(size_name(size), "")
        if key not in self._taken:
            selected = self._selected(size, sizes)
            self._taken[key] = asyncio.run(take_pictures(opening, steps, sizes, selected, offices))
        picture = self._taken[key][size]
        # The comparison would run the program itself, once for each picture.
        self._monkeypatch.setattr("textual._doc.take_svg_screenshot", lambda **_: picture)
        return self._compare(App())

    def _selected(self, size: tuple[int, int], sizes: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
        """Return the sizes in which the run of tests wants a picture."""
        return [each for each in sizes if self._name.replace(size_name(size), size_name(each)) in self._selected_tests]


async def take_pictures(
    opening: OpenRequest | None,
    steps: Steps,
    sizes: tuple[tuple[int, int], ...],
    selected: list[tuple[int, int]],
    offices: OfficeCatalog | None,
) -> dict[tuple[int, int], str]:
    """Run the program, do the steps, resize it to each size in turn, and return the pictures in the selected ones."""
    app = ApisetupApp(opening, offices)
    pictures = {}
    with slow_terminal(app):
        async with app.run_test(size=sizes[0]) as pilot:
            user = User(pilot)
            if opening is not None and not opening.on_server:
                await user.at_api_setup()
            await steps(user)
            await show(user)
            # A picture depends on the sizes before it, which scrolled what had no room.
            for size in sizes[: sizes.index(selected[-1]) + 1]:
                await pilot.resize_terminal(*size)
                await show(user)
                if size in selected:
                    pictures[size] = app.export_screenshot(title=app.title, simplify=True)
    app.commits.close()
    return pictures


async def show(user: User) -> None:
    """Draw the screen as the program would: some widgets find out only then how much room they need."""
    await user.settle()
    user.draw()
    await user.settle()


def size_name(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


@pytest.fixture
def pictures(request: pytest.FixtureRequest, snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> Pictures:
    return Pictures(request, snap_compare, monkeypatch)


def each(steps: Mapping[str, Callable[..., Awaitable[object]]]) -> pytest.MarkDecorator:
    """Parametrize a test by steps, and keep the sizes of the same steps in the process that took the pictures."""
    return pytest.mark.parametrize(
        "steps", [pytest.param(each, id=name, marks=pytest.mark.xdist_group(name)) for name, each in steps.items()]
    )


in_all_sizes = first_of(2, "size", (SMALL, LARGE, SMALLEST, LARGEST), ids=size_name)


@in_all_sizes
@each(IN_EMBEDDED)
def test_embedded(pictures: Pictures, embedded: OpenRequest, steps: Steps, size: tuple[int, int]) -> None:
    assert pictures.match(embedded, steps, size)


@in_all_sizes
@each(IN_DEMO)
def test_demo(pictures: Pictures, demo: OpenRequest, steps: Steps, size: tuple[int, int]) -> None:
    assert pictures.match(demo, steps, size)


@in_all_sizes
@each(ON_SERVER)
def test_on_a_server(pictures: Pictures, demo: OpenRequest, steps: Steps, size: tuple[int, int]) -> None:
    assert pictures.match(server_request(password=DATABASE_PASSWORD), steps, size)


@in_all_sizes
@each(REGISTERED)
def test_at_headquarters(
    pictures: Pictures,
    demo: OpenRequest,
    monkeypatch: pytest.MonkeyPatch,
    steps: AtHeadquarters,
    size: tuple[int, int],
) -> None:
    monkeypatch.setattr("core.headquarters.client.PAUSES", (0.0, 0.0))
    with registered_practice() as hq:
        cache_list()

        async def steps_with_server(user: User) -> None:
            await steps(user, hq)

        assert pictures.match(server_request(password=DATABASE_PASSWORD), steps_with_server, size)


@in_all_sizes
@pytest.mark.xdist_group("before_headquarters_answers")
def test_before_headquarters_answers(
    pictures: Pictures, demo: OpenRequest, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    with registered_practice():
        cache_list()
        # A request without an answer would delay the end of the test.
        monkeypatch.setattr(ApiSetupScreen, "refresh_from_headquarters", lambda _screen: None)
        assert pictures.match(server_request(password=DATABASE_PASSWORD), open_api_setup, size)


@in_all_sizes
@pytest.mark.xdist_group("database_password")
def test_database_password(pictures: Pictures, demo: OpenRequest, size: tuple[int, int]) -> None:
    assert pictures.match(server_request(), open_connect, size)


@in_all_sizes
@pytest.mark.xdist_group("wrong_database_password")
def test_wrong_database_password(pictures: Pictures, demo: OpenRequest, size: tuple[int, int]) -> None:
    assert pictures.match(server_request(), enter_wrong_password, size)


@in_all_sizes
@pytest.mark.xdist_group("no_server_answers")
def test_no_server_answers(pictures: Pictures, size: tuple[int, int]) -> None:
    assert pictures.match(server_request(password="any", answers=False), open_connect, size)


@in_all_sizes
@pytest.mark.xdist_group("read_only")
@pytest.mark.usefixtures("refused_writes")
def test_read_only(pictures: Pictures, demo: OpenRequest, size: tuple[int, int]) -> None:
    # As if only ever opened so: what is read of the use of keys can't be kept.
    rows.execute("DELETE FROM apisetup_use_day")
    rows.execute("DELETE FROM apisetup_use_range")
    assert pictures.match(demo, stay, size)


def test_too_small(pictures: Pictures, demo: OpenRequest) -> None:
    assert pictures.match(demo, stay, (59, 19), sizes=((59, 19),))


def test_no_color(pictures: Pictures, demo: OpenRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert pictures.match(demo, enter_bad_interval, SMALL, sizes=(SMALL,))


@in_all_sizes
@pytest.mark.xdist_group("locked")
def test_locked(pictures: Pictures, demo: OpenRequest, size: tuple[int, int]) -> None:
    assert pictures.match(with_office(demo, lock_after_minutes=5), lock, size)


@in_all_sizes
@each(OF_OFFICES)
def test_offices(pictures: Pictures, steps: Steps, size: tuple[int, int]) -> None:
    write_configuration()
    # A relative path, so that the error message about the file is the same everywhere.
    offices = catalog_of(Path("config.toml"))
    offices.save_last_opened(offices.open_request("North Side"))
    assert pictures.match(None, steps, size, offices)


@in_all_sizes
@each(OF_FLEET)
@pytest.mark.usefixtures("fleet")
def test_fleet(pictures: Pictures, steps: Steps, size: tuple[int, int]) -> None:
    assert pictures.match(None, steps, size, catalog_of(Path("config.toml")))
