"""The payment types on every kind of database: what is listed, what each change writes, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from core.base.errors import EditConflict, InvalidInput, NotAuthorized, NotPermitted, OperationNotAllowed
from core.model.payment_types import ListedPaymentType
from core.office.office import Office
from tests.support.actors import ADMIN
from tests.support.change_kinds import payment_type_of
from tests.support.databases import SampleFile, SamplePractice, SampleServer, database_user
from tests.support.opendental_columns import NEW
from tests.support.practice_rows import API_PAYMENT_TYPE, CASH, CHECK, CREDIT_CARD, GIFT
from tests.support.row_diff import Written, writing

CATEGORY = "with category: Payment Types"
API_TYPE = ("preference", str(API_PAYMENT_TYPE), "ValueString")


def kind(sample: SamplePractice) -> int:
    """The PermType of changes of definitions."""
    return 220 if sample.version == NEW else 8


def cell(number: int, column: str) -> tuple[str, str, str]:
    return ("definition", str(number), column)


def last(sample: SamplePractice) -> int:
    return max(map(int, sample.practice_rows()["securitylog"]))


def set_preference(sample: SamplePractice, name: str, number: int) -> None:
    sample.execute("INSERT INTO preference (PrefNum, PrefName, ValueString) VALUES (777, ?, ?)", name, str(number))


# -- listing -------------------------------------------------------------------------


def test_types_are_listed_in_their_order_with_hidden_ones(sample: SamplePractice) -> None:
    with sample.office() as office:
        page = office.payment_types.load()
    assert [(each.number, each.hidden) for each in page.types] == [
        (CHECK, False),
        (CREDIT_CARD, False),
        (CASH, False),
        (GIFT, True),
    ]
    assert [each.number for each in page.types if each.is_api_default] == [CHECK]
    assert (page.unknown, page.warning) == ((), "")


def test_what_uses_a_type_is_told(sample: SamplePractice) -> None:
    set_preference(sample, "AccountingCashPaymentType", CASH)
    sample.execute("UPDATE definition SET ItemValue = 'N' WHERE DefNum = ?", CREDIT_CARD)
    with sample.office() as office:
        assert payment_type_of(office, CASH).uses == ("accounting (cash payments)",)
        assert payment_type_of(office, CREDIT_CARD).on_deposit_slips is False
        assert payment_type_of(office, CASH).on_deposit_slips is True


@pytest.mark.parametrize(
    ("value", "words"),
    [(str(GIFT), "Gift certificate, is hidden"), ("9999", "isn't one of these"), ("", "isn't one of these")],
)
def test_an_api_default_that_cannot_be_used_is_a_warning(sample: SamplePractice, value: str, words: str) -> None:
    sample.execute("UPDATE preference SET ValueString = ? WHERE PrefName = 'ApiPaymentType'", value)
    with sample.office() as office:
        assert words in office.payment_types.load().warning


def test_a_file_without_the_mark_of_deposit_slips_works_without_it(file_sample: SampleFile) -> None:
    for column in ("ItemValue", "ItemColor"):
        file_sample.execute(f"ALTER TABLE definition DROP COLUMN {column}")
    with file_sample.office() as office:
        page = office.payment_types.load()
        assert page.unknown == ("unknown: no column or no right to read definition.ItemValue (deposit slips)",)
        assert page.types[0].on_deposit_slips is None
        added = office.payment_types.add(ADMIN, "Bank", on_deposit_slips=False)
        office.payment_types.edit(ADMIN, payment_type_of(office, CASH), "Coins", on_deposit_slips=False)
        assert payment_type_of(office, added.number).name == "Bank"
        assert payment_type_of(office, CASH).name == "Coins"


# -- what each change writes ---------------------------------------------------------


@pytest.mark.parametrize(("on_slips", "mark"), [(True, ""), (False, "N")])
def test_adding_puts_a_type_at_the_end(sample: SamplePractice, on_slips: bool, mark: str) -> None:
    with sample.office() as office, writing(sample) as written:
        added = office.payment_types.add(ADMIN, "  Bank transfer ", on_deposit_slips=on_slips)
    assert written.audit == [(kind(sample), 1, f"Definition created: Bank transfer {CATEGORY}; added by Admin")]
    assert (written.signals, written.changed, written.removed) == ([14], {}, [])
    (row,) = written.added["definition"]
    assert row == {
        "DefNum": str(added.number),
        "Category": "10",
        "ItemOrder": "4",
        "ItemName": "Bank transfer",
        "ItemValue": mark,
        "ItemColor": "0",
        "IsHidden": "0",
    }


def test_renaming_writes_the_name(sample: SamplePractice) -> None:
    with sample.office() as office:
        shown = payment_type_of(office, CREDIT_CARD)
        with writing(sample) as written:
            office.payment_types.edit(ADMIN, shown, "Card")
    text = f"Definition edited: Card {CATEGORY}; {CREDIT_CARD} by Admin: name changed from Credit Card to Card"
    assert written == Written(
        audit=[(kind(sample), 1, text)], signals=[14], changed={cell(CREDIT_CARD, "ItemName"): ("Credit Card", "Card")}
    )


def test_the_mark_of_deposit_slips_is_written(sample: SamplePractice) -> None:
    with sample.office() as office:
        shown = payment_type_of(office, CASH)
        with writing(sample) as written:
            office.payment_types.edit(ADMIN, shown, shown.name, on_deposit_slips=False)
    assert written.changed == {cell(CASH, "ItemValue"): ("", "N")}
    assert str(written.audit[0][2]).endswith("by Admin: deposit slips changed from yes to no")


def test_nothing_is_written_without_a_change(sample: SamplePractice) -> None:
    with sample.office() as office:
        shown = payment_type_of(office, CASH)
        with writing(sample) as written:
            done = office.payment_types.edit(ADMIN, shown, shown.name, on_deposit_slips=shown.on_deposit_slips)
    assert (written, done.sentence) == (Written(), "No changes to save.")


def test_hiding_writes_that_it_is_hidden(sample: SamplePractice) -> None:
    with sample.office() as office:
        shown = payment_type_of(office, CASH)
        with writing(sample) as written:
            office.payment_types.hide(ADMIN, shown)
    assert written == Written(
        audit=[(kind(sample), 1, f"Definition hidden: Cash {CATEGORY}; {CASH} by Admin")],
        signals=[14],
        changed={cell(CASH, "IsHidden"): ("0", "1")},
    )


def test_hiding_the_type_of_the_api_chooses_another_in_the_same_step(sample: SamplePractice) -> None:
    with sample.office() as office:
        shown = payment_type_of(office, CHECK)
        with writing(sample) as written:
            done = office.payment_types.hide(ADMIN, shown, replacement=CREDIT_CARD)
    assert written == Written(
        audit=[
            (kind(sample), 1, f"Definition hidden: Check {CATEGORY}; {CHECK} by Admin"),
            (8, 1, "API Setup: payment type changed from Check to Credit Card"),
        ],
        signals=[5, 14],
        changed={cell(CHECK, "IsHidden"): ("0", "1"), API_TYPE: (str(CHECK), str(CREDIT_CARD))},
    )
    assert done.sentence == "Hidden: Check. The API uses Credit Card now."


def test_showing_again_is_logged_as_an_edit(sample: SamplePractice) -> None:
    with sample.office() as office:
        shown = payment_type_of(office, GIFT)
        with writing(sample) as written:
            office.payment_types.unhide(ADMIN, shown)
    text = f"Definition edited: Gift certificate {CATEGORY}; {GIFT} by Admin: hidden changed from yes to no"
    assert written == Written(
        audit=[(kind(sample), 1, text)], signals=[14], changed={cell(GIFT, "IsHidden"): ("1", "0")}
    )


def test_moving_swaps_two_places_with_an_entry_each(sample: SamplePractice) -> None:
    with sample.office() as office:
        page = office.payment_types.load()
        with writing(sample) as written:
            office.payment_types.move(ADMIN, page, CHECK, 1)
        assert [each.number for each in office.payment_types.load().types] == [CREDIT_CARD, CHECK, CASH, GIFT]
    assert written.signals == [14]
    assert written.changed == {cell(CHECK, "ItemOrder"): ("0", "1"), cell(CREDIT_CARD, "ItemOrder"): ("1", "0")}
    assert {text for _, _, text in written.audit} == {
        f"Definition edited: Check {CATEGORY}; {CHECK} by Admin: order changed from 0 to 1",
        f"Definition edited: Credit Card {CATEGORY}; {CREDIT_CARD} by Admin: order changed from 1 to 0",
    }


def test_a_move_makes_places_dense(sample: SamplePractice) -> None:
    sample.execute("UPDATE definition SET ItemOrder = 5 WHERE DefNum IN (?, ?)", CASH, GIFT)
    with sample.office() as office:
        office.payment_types.move(ADMIN, office.payment_types.load(), GIFT, -1)
        assert [(each.number, each.order) for each in office.payment_types.load().types] == [
            (CHECK, 0),
            (CREDIT_CARD, 1),
            (GIFT, 2),
            (CASH, 3),
        ]


def test_alphabetizing_puts_all_in_order_hidden_ones_too(sample: SamplePractice) -> None:
    with sample.office() as office:
        page = office.payment_types.load()
        with writing(sample) as written:
            office.payment_types.alphabetize(ADMIN, page)
        assert [each.name for each in office.payment_types.load().types] == [
            "Cash",
            "Check",
            "Credit Card",
            "Gift certificate",
        ]
        assert len(written.audit) == 3
        with pytest.raises(OperationNotAllowed, match="in alphabetical order already"):
            office.payment_types.alphabetize(ADMIN, office.payment_types.load())


# -- what is refused -----------------------------------------------------------------


def refuse(sample: SamplePractice, words: str, change: Callable[[Office], object]) -> None:
    with sample.office() as office, writing(sample) as written, pytest.raises(OperationNotAllowed) as refused:
        change(office)
    assert words in str(refused.value)
    assert written == Written()


def hide(number: int, replacement: int | None = None) -> Callable[[Office], object]:
    def change(office: Office) -> object:
        return office.payment_types.hide(ADMIN, payment_type_of(office, number), replacement=replacement)

    return change


@pytest.mark.parametrize("replacement", [None, CHECK, GIFT, 9999])
def test_the_type_of_the_api_is_not_hidden_without_another_one(sample: SamplePractice, replacement: int | None) -> None:
    refuse(sample, "The API uses this payment type", hide(CHECK, replacement))


def test_what_is_hidden_is_not_hidden_again(sample: SamplePractice) -> None:
    refuse(sample, "hidden already", hide(GIFT))


def test_what_is_shown_is_not_shown_again(sample: SamplePractice) -> None:
    refuse(sample, "isn't hidden", lambda office: office.payment_types.unhide(ADMIN, payment_type_of(office, CASH)))


def test_the_last_one_is_not_hidden(sample: SamplePractice) -> None:
    sample.execute("UPDATE definition SET IsHidden = 1 WHERE Category = 10 AND DefNum <> ?", CHECK)
    refuse(sample, "The last payment type that is shown can't be hidden", hide(CHECK))


def test_the_one_for_recurring_charges_is_not_hidden(sample: SamplePractice) -> None:
    set_preference(sample, "RecurringChargesPayTypeCC", CASH)
    refuse(sample, "The payment type for recurring charges can't be hidden", hide(CASH))


def test_the_default_of_a_payment_program_is_not_hidden_from_22_2_on(sample: SamplePractice) -> None:
    sample.execute(
        "UPDATE programproperty SET PropertyDesc = 'PaymentType', PropertyValue = ? WHERE ProgramPropertyNum = 905",
        str(CASH),
    )
    if sample.version == NEW:
        refuse(sample, "The default payment type of Apteryx can't be hidden", hide(CASH))
        return
    with sample.office() as office:
        hide(CASH)(office)
        assert payment_type_of(office, CASH).hidden


def test_the_one_for_accounting_is_hidden_with_a_warning(sample: SamplePractice) -> None:
    set_preference(sample, "AccountingCashPaymentType", CASH)
    with sample.office() as office:
        done = office.payment_types.hide(ADMIN, payment_type_of(office, CASH))
    assert any("accounting uses this type" in each for each in done.consequences)


def test_renaming_cash_warns(sample: SamplePractice) -> None:
    with sample.office() as office:
        cash = payment_type_of(office, CASH)
        assert "makes a new type named Cash" in office.payment_types.rename_warning(cash, "Coins")
        assert office.payment_types.rename_warning(cash, " Cash ") == ""
        assert office.payment_types.rename_warning(payment_type_of(office, CHECK), "Cheque") == ""


@pytest.mark.parametrize("name", ["", "   ", "x" * 256, "two\nlines", "tab\there"])
def test_a_name_that_cannot_be_one_is_refused(sample: SamplePractice, name: str) -> None:
    with sample.office() as office, writing(sample) as written:
        with pytest.raises(InvalidInput) as refused:
            office.payment_types.add(ADMIN, name)
        with pytest.raises(InvalidInput):
            office.payment_types.edit(ADMIN, payment_type_of(office, CASH), name)
    assert refused.value.field == "name"
    assert written == Written()


def test_a_character_that_the_column_cannot_hold_is_refused(server_sample: SampleServer) -> None:
    with server_sample.office() as office, pytest.raises(InvalidInput, match="can't store a character"):
        office.payment_types.add(ADMIN, "Gold 🦷")


def test_a_name_may_stand_there_twice(sample: SamplePractice) -> None:
    with sample.office() as office:
        office.payment_types.add(ADMIN, "Cash")
        assert [each.name for each in office.payment_types.load().types].count("Cash") == 2


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE definition SET ItemName = 'Coins' WHERE DefNum = 312", f"name of payment type {CASH}"),
        ("UPDATE definition SET IsHidden = 1 WHERE DefNum = 312", f"hidden of payment type {CASH}"),
        ("UPDATE definition SET ItemValue = 'N' WHERE DefNum = 312", f"deposit slips of payment type {CASH}"),
        ("DELETE FROM definition WHERE DefNum = 312", "the payment type"),
    ],
)
def test_one_that_was_changed_meanwhile_is_a_conflict(sample: SamplePractice, statement: str, what: str) -> None:
    def edit(office: Office, shown: ListedPaymentType) -> None:
        office.payment_types.edit(ADMIN, shown, "Money")

    def hide_it(office: Office, shown: ListedPaymentType) -> None:
        office.payment_types.hide(ADMIN, shown)

    with sample.office() as office:
        shown = payment_type_of(office, CASH)
        sample.execute(statement)
        with writing(sample) as written:
            for change in (edit, hide_it):
                with pytest.raises(EditConflict) as caught:
                    change(office, shown)
                assert [each.what for each in caught.value.conflicts] == [what]
    assert written == Written()


def test_an_order_that_was_changed_meanwhile_is_a_conflict(sample: SamplePractice) -> None:
    with sample.office() as office:
        page = office.payment_types.load()
        sample.execute("UPDATE definition SET ItemOrder = 9 WHERE DefNum = ?", CASH)
        with writing(sample) as written, pytest.raises(EditConflict) as caught:
            office.payment_types.move(ADMIN, page, CHECK, 1)
    assert written == Written()
    (conflict,) = caught.value.conflicts
    assert (conflict.what, conflict.read) == ("the order", "Check, Credit Card, Cash, Gift certificate")
    assert conflict.now == "Check, Credit Card, Gift certificate, Cash"
    assert conflict.wanted == "Credit Card, Check, Cash, Gift certificate"


def test_places_that_were_numbered_anew_in_the_same_order_are_no_conflict(sample: SamplePractice) -> None:
    with sample.office() as office:
        page = office.payment_types.load()
        sample.execute("UPDATE definition SET ItemOrder = ItemOrder + 10 WHERE Category = 10")
        office.payment_types.move(ADMIN, page, CHECK, 1)
        assert [each.order for each in office.payment_types.load().types] == [0, 1, 2, 3]


def test_a_conflict_names_the_payment_type(sample: SamplePractice) -> None:
    with sample.office() as office:
        shown = payment_type_of(office, CASH)
        sample.execute("UPDATE definition SET IsHidden = 1 WHERE DefNum = ?", CASH)
        with pytest.raises(EditConflict, match="in the meantime: Cash, hidden"):
            office.payment_types.hide(ADMIN, shown)


def test_definitions_of_other_categories_are_never_touched(sample: SamplePractice) -> None:
    with sample.office() as office:
        page = office.payment_types.load()
        assert page.find(300) is None
        assert page.find(315) is None


# -- rights --------------------------------------------------------------------------


def test_the_user_needs_def_edit_on_a_server_from_21_4_on(sample: SamplePractice) -> None:
    sample.execute("DELETE FROM grouppermission WHERE PermType = 220")
    with sample.office() as office:
        if sample.on_server and sample.version == NEW:
            with writing(sample) as written, pytest.raises(NotAuthorized, match="doesn't have the permission DefEdit"):
                office.payment_types.add(ADMIN, "Bank")
            assert written == Written()
        else:
            assert office.payment_types.add(ADMIN, "Bank").number


def test_def_edit_is_enough_without_setup(server_sample: SampleServer) -> None:
    server_sample.execute("DELETE FROM grouppermission WHERE PermType = 8")
    with server_sample.office() as office:
        assert office.payment_types.add(ADMIN, "Bank").number


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
def test_a_database_user_without_the_right_changes_nothing(server_sample: SampleServer) -> None:
    rights = ("SELECT", *(f"INSERT ON {table}" for table in ("securitylog", "securityloghash", "signalod")))
    with (
        database_user(server_sample, *rights) as account,
        closing(server_sample.open_as(account)) as office,
        writing(server_sample) as written,
    ):
        with pytest.raises(NotPermitted):
            office.payment_types.add(ADMIN, "Bank")
        with pytest.raises(NotPermitted):
            office.payment_types.hide(ADMIN, payment_type_of(office, CASH))
    assert (written.changed, written.added, written.signals) == ({}, {}, [])


# -- undoing -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda office: office.payment_types.edit(ADMIN, payment_type_of(office, CASH), "Coins", on_deposit_slips=False),
        lambda office: office.payment_types.hide(ADMIN, payment_type_of(office, CASH)),
        lambda office: office.payment_types.unhide(ADMIN, payment_type_of(office, GIFT)),
        lambda office: office.payment_types.move(ADMIN, office.payment_types.load(), CHECK, 1),
        lambda office: office.payment_types.alphabetize(ADMIN, office.payment_types.load()),
        lambda office: office.payment_types.hide(ADMIN, payment_type_of(office, CHECK), replacement=CREDIT_CARD),
    ],
    ids=["rename", "hide", "unhide", "move", "alphabetize", "hide the API's"],
)
def test_the_last_change_is_undone_whatever_it_was(sample: SamplePractice, change: Callable[[Office], object]) -> None:
    before = sample.practice_rows()
    with sample.office() as office:
        change(office)
        (step,) = office.undoing.plan_last(ADMIN)
        assert step.lines
        office.undoing.undo_step(ADMIN, step)
    after = sample.practice_rows()
    assert (after["definition"], after["preference"]) == (before["definition"], before["preference"])


def test_an_entry_of_a_hidden_type_is_undone(sample: SamplePractice) -> None:
    with sample.office() as office:
        office.payment_types.hide(ADMIN, payment_type_of(office, CASH))
        number = last(sample)
        assert office.undoing.plan(number).lines == ("hidden: from yes back to no",)
        office.undoing.undo(ADMIN, number)
        assert not payment_type_of(office, CASH).hidden
    assert f"(undoing entry {number})" in str(sample.value("securitylog", last(sample), "LogText"))


def test_a_change_that_was_changed_since_is_not_undone(sample: SamplePractice) -> None:
    with sample.office() as office:
        office.payment_types.edit(ADMIN, payment_type_of(office, CASH), "Coins")
        sample.execute("UPDATE definition SET ItemName = 'Money' WHERE DefNum = ?", CASH)
        with pytest.raises(EditConflict):
            office.undoing.undo(ADMIN, last(sample))


def test_an_addition_is_not_undone(sample: SamplePractice) -> None:
    with sample.office() as office:
        office.payment_types.add(ADMIN, "Bank")
        with pytest.raises(OperationNotAllowed, match="Hide it instead"):
            office.undoing.plan_last(ADMIN)


def test_what_open_dental_logs_of_its_own_is_not_ours(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        file_sample.execute(
            "UPDATE securitylog SET PermType = 220, LogText = ? WHERE SecurityLogNum = 1",
            f"Definition edited: Cash {CATEGORY}",
        )
        assert office.audit.whole(1).event is None
