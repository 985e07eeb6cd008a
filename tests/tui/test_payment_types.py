"""The place Payment types at the keyboard: reading, adding, renaming, hiding and ordering."""

from __future__ import annotations

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.user_driver import User, run_program
from tui.modals.choice import Choice
from tui.modals.notice import Notice
from tui.modals.payment_type import PaymentTypeDialog
from tui.modals.question import Question
from tui.screens.payment_types import PaymentTypesScreen

API_TYPE = "SELECT ValueString FROM preference WHERE PrefName = 'ApiPaymentType'"
CHECK, CASH, CREDIT_CARD, GIFT, TRANSFER = 1, 2, 3, 4, 5


async def open_place(user: User, *keys: str) -> None:
    await user.press("3")
    await user.at(PaymentTypesScreen)
    await user.press(*keys)


def names() -> list[str]:
    return [name for (name,) in rows.query("SELECT ItemName FROM definition WHERE Category = 10 ORDER BY ItemOrder")]


def column(number: int, name: str) -> object:
    return rows.query(f"SELECT {name} FROM definition WHERE DefNum = ?", number)[0][0]


async def test_the_list_shows_hidden_types_and_what_uses_each(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await open_place(user)
        assert "Payment types  5 · 1 hidden" in user.text
        for words in ("○ hidden", "the API", "recurring charges", "accounting (cash", "not selected"):
            assert words in user.text


async def test_a_type_is_added_at_the_end(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        before = rows.last_entry()
        await open_place(user, "a")
        await user.at(PaymentTypeDialog)
        await user.enter_text("Bank transfer")
        await user.press("tab", "space", "ctrl+s")
        await user.at(PaymentTypesScreen)
        assert "Added: Bank transfer." in user.text
    assert names()[-1] == "Bank transfer"
    assert rows.query("SELECT ItemValue FROM definition WHERE ItemName = 'Bank transfer'") == [("N",)]
    assert rows.audit_texts(after=before) == [
        "Definition created: Bank transfer with category: Payment Types; added by admin"
    ]


async def test_a_blank_name_is_refused_in_the_dialog(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user, "a", "ctrl+s")
        await user.at(PaymentTypeDialog)
        assert "Please enter a name." in user.text
        await user.press("escape")
        assert "Nothing was changed." in user.text
    assert len(names()) == 5


async def test_escape_asks_before_a_typed_name_is_lost(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user, "a")
        await user.at(PaymentTypeDialog)
        await user.enter_text("Bank transfer")
        await user.press("escape")
        await user.at(Question)
        assert "Discard your changes?" in user.text
        await user.press("escape")
        await user.at(PaymentTypeDialog)
        assert user.field("name").value == "Bank transfer"
        await user.press("escape", "ctrl+y")
        await user.at(PaymentTypesScreen)
    assert len(names()) == 5


async def test_an_undo_names_the_type_once(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user, "d", "ctrl+y")
        await user.at(PaymentTypesScreen)
        await user.press("ctrl+z")
        await user.at(Question)
        assert "Payment type Check" in user.text
        assert "hidden: from yes back to no" in user.text
        assert "of payment type" not in user.flowing_text


async def test_a_type_is_renamed(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user, "enter")
        await user.at(PaymentTypeDialog)
        await user.press("end", "ctrl+u")
        await user.enter_text("Cheque")
        await user.press("enter")
        await user.at(PaymentTypesScreen)
        assert "Saved: Cheque." in user.text
    assert names()[0] == "Cheque"


async def test_renaming_cash_warns_and_asks(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user, "down", "enter", "end", "ctrl+u")
        await user.enter_text("Coins")
        assert "makes a new type named Cash" in user.flowing_text
        await user.press("ctrl+s")
        await user.at(Question)
        await user.press("escape")
        assert names()[1] == "Cash"
        await user.press("enter", "end", "ctrl+u")
        await user.enter_text("Coins")
        await user.press("ctrl+s", "ctrl+y")
    assert names()[1] == "Coins"


async def test_a_type_is_hidden_and_shown_again(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user, "d")
        await user.at(Question)
        await user.press("ctrl+y")
        assert "Hidden: Check." in user.flowing_text
        assert column(CHECK, "IsHidden") == 1
        await user.press("d")
        assert "already hidden. Press E to show it again." in user.text
        await user.press("E", "ctrl+y")
        assert "Shown again: Check." in user.text
    assert column(CHECK, "IsHidden") == 0


async def test_hiding_the_type_of_the_api_asks_for_another_one_first(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user, "down", "down", "d")
        await user.at(Choice)
        await user.press("down", "enter")
        await user.at(Question)
        assert "Credit Card → Cash" in user.text
        await user.press("ctrl+y")
    assert (column(CREDIT_CARD, "IsHidden"), rows.query(API_TYPE)) == (1, [(str(CASH),)])


async def test_escape_at_the_choice_hides_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user, "down", "down", "d", "escape")
        assert "Nothing was changed." in user.text
    assert (column(CREDIT_CARD, "IsHidden"), rows.query(API_TYPE)) == (0, [(str(CREDIT_CARD),)])


async def test_what_cannot_be_hidden_says_why(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user, "end", "d")
        assert "recurring charges can't be hidden" in user.flowing_text
    assert column(TRANSFER, "IsHidden") == 0


async def test_types_are_moved_and_the_cursor_follows(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user, "greater_than_sign", "greater_than_sign")
        assert names()[:3] == ["Cash", "Credit Card", "Check"]
        await user.press("less_than_sign")
        assert names()[:3] == ["Cash", "Check", "Credit Card"]
        await user.press("K", "K")
        assert names()[:3] == ["Check", "Cash", "Credit Card"]
        assert "the first one already" in user.text


async def test_all_are_put_in_order_by_name(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        before = names()
        await open_place(user, "A", "ctrl+y")
        assert names() == sorted(before)
        await user.press("ctrl+z", "ctrl+y")
        assert names() == before


async def test_one_that_another_program_changed_is_shown_as_a_conflict(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_place(user, "d")
        rows.execute("UPDATE definition SET ItemName = 'Cheque' WHERE DefNum = 1")
        await user.press("ctrl+y")
        await user.at(Notice)
        assert "Check, name: was Check" in user.text
    assert column(CHECK, "IsHidden") == 0


async def test_the_drop_down_of_api_setup_leads_to_the_list(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        user.screen.query_one("#payment-type").focus()
        await user.press("enter", "end", "enter")
        await user.at(PaymentTypesScreen)
        await user.press("a")
        await user.enter_text("Bank transfer")
        await user.press("ctrl+s", "escape")
        await user.at_api_setup()
        assert "unsaved" not in user.text
        assert "Credit Card" in user.text.splitlines()[3]
        user.screen.query_one("#payment-type").focus()
        await user.press("enter")
        assert "Bank transfer" in user.text


async def test_a_choice_that_is_not_saved_is_kept_by_the_entry_for_others(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        user.screen.query_one("#payment-type").focus()
        await user.press("enter", "home", "enter")
        assert "unsaved: payment type" in user.text
        await user.press("enter", "end", "enter")
        await user.at(PaymentTypesScreen)
        await user.press("escape")
        await user.at_api_setup()
        assert "unsaved: payment type" in user.text
    assert rows.query(API_TYPE) == [(str(CREDIT_CARD),)]
