"""Loading the settings, and saving them only where they still are what was read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.base.errors import Conflict, EditConflict, InvalidInput
from core.model.settings import ApiSettings, PaymentType
from tests.support.actors import ADMIN
from tests.support.databases import SampleFile, SamplePractice
from tests.support.fault_injection import after_statement
from tests.support.practice_rows import API_PAYMENT_TYPE, CASH, CHECK, CREDIT_CARD, FHIR, GIFT, INTERVAL
from tests.support.row_diff import Written, writing

AS_FOUND = ApiSettings(enabled=False, interval="", payment_type=CHECK)
NO_PROGRAM = "This database has no program FHIR: the API cannot be enabled here."
NO_INTERVAL = "This database has no setting for the subscription interval."
NO_PREFERENCE = "This database has no preference ApiPaymentType: update Open Dental to choose one."


def test_loads_what_is_stored(sample: SamplePractice) -> None:
    with sample.office() as office:
        page = office.settings.load()
    assert page.values == AS_FOUND
    assert page.missing == ()
    # In Open Dental's order, without hidden ones and without other categories.
    assert page.payment_types == (
        PaymentType(CHECK, "Check", hidden=False),
        PaymentType(CREDIT_CARD, "Credit Card", hidden=False),
        PaymentType(CASH, "Cash", hidden=False),
    )


def test_a_hidden_current_payment_type_is_still_offered_and_marked(sample: SamplePractice) -> None:
    sample.execute("UPDATE preference SET ValueString = ? WHERE PrefName = 'ApiPaymentType'", str(GIFT))
    with sample.office() as office:
        page = office.settings.load()
        assert page.payment_types[-1] == PaymentType(GIFT, "Gift certificate", hidden=True)
        assert len(page.payment_types) == 4
        # Staying with it is allowed.
        office.settings.save(ADMIN, page.values, replace(page.values, enabled=True))
        assert office.settings.load().values.payment_type == GIFT


def test_a_current_payment_type_that_is_gone_is_told(file_sample: SampleFile) -> None:
    file_sample.execute("UPDATE preference SET ValueString = '999' WHERE PrefName = 'ApiPaymentType'")
    with file_sample.office() as office:
        page = office.settings.load()
    assert page.values.payment_type == 999
    assert page.payment_types[-1] == PaymentType(999, "unknown type 999", hidden=True, known=False)


UNUSABLE = {
    str(GIFT): 'The default payment type "Gift certificate" is hidden in Open Dental. Choose another one.',
    "999": "The default payment type 999 is not one of this practice's payment types. Choose another one.",
    "300": "The default payment type 300 is not one of this practice's payment types. Choose another one.",
    "": "No default payment type is chosen.",
    "0": "No default payment type is chosen.",
    "x": 'The stored default payment type is not a number: "x". Choose one.',
    "-5": 'The stored default payment type is not a number: "-5". Choose one.',
    "1.5": 'The stored default payment type is not a number: "1.5". Choose one.',
    "９": 'The stored default payment type is not a number: "９". Choose one.',
}
"""Stored payment types that Open Dental's window would refuse to save, and the warning about each."""


@pytest.mark.parametrize("text", UNUSABLE)
def test_other_settings_can_be_saved_whatever_the_payment_type_is(sample: SamplePractice, text: str) -> None:
    """Somebody must be able to turn the API off."""
    sample.execute("UPDATE preference SET ValueString = ? WHERE PrefName = 'ApiPaymentType'", text)
    sample.execute("UPDATE program SET Enabled = 1 WHERE ProgramNum = ?", FHIR)
    with sample.office() as office:
        page = office.settings.load()
        assert page.warning == UNUSABLE[text]
        office.settings.check(page.values, replace(page.values, enabled=False))
        with writing(sample) as written:
            saved = office.settings.save(ADMIN, page.values, replace(page.values, enabled=False))
    assert (saved.changes, saved.warning) == (("Enabled from on to off",), UNUSABLE[text])
    assert written.changed == {("program", str(FHIR), "Enabled"): ("1", "0")}


@pytest.mark.parametrize("text", UNUSABLE)
def test_an_unusable_payment_type_can_be_replaced_but_not_chosen(sample: SamplePractice, text: str) -> None:
    sample.execute("UPDATE preference SET ValueString = ? WHERE PrefName = 'ApiPaymentType'", text)
    with sample.office() as office:
        page = office.settings.load()
        for number in {GIFT, 999, 300, 0, None} - {page.values.payment_type}:
            with pytest.raises(InvalidInput) as caught:
                office.settings.save(ADMIN, page.values, replace(page.values, payment_type=number))
            assert caught.value.field == "payment_type"
        saved = office.settings.save(ADMIN, page.values, replace(page.values, payment_type=CASH))
        assert (len(saved.changes), saved.warning) == (1, "")
        page = office.settings.load()
        assert (page.values.payment_type, page.warning) == (CASH, "")


def test_a_payment_type_that_another_program_replaced_does_not_stop_other_changes(sample: SamplePractice) -> None:
    sample.execute("UPDATE preference SET ValueString = ? WHERE PrefName = 'ApiPaymentType'", str(GIFT))
    with sample.office() as office:
        read = office.settings.load().values
        sample.execute("UPDATE preference SET ValueString = ? WHERE PrefName = 'ApiPaymentType'", str(CASH))
        office.settings.save(ADMIN, read, replace(read, enabled=True))
        assert office.settings.load().values == replace(read, enabled=True, payment_type=CASH)


def test_a_payment_type_of_thousands_of_digits_breaks_nothing(file_sample: SampleFile) -> None:
    file_sample.execute("UPDATE preference SET ValueString = ? WHERE PrefName = 'ApiPaymentType'", "9" * 5000)
    with file_sample.office() as office:
        assert office.settings.load().values.enabled is False


def test_a_null_interval_is_blank(sample: SamplePractice) -> None:
    sample.execute("UPDATE programproperty SET PropertyValue = NULL WHERE ProgramPropertyNum = ?", INTERVAL)
    with sample.office() as office:
        read = office.settings.load().values
        assert read.interval == ""
        office.settings.save(ADMIN, read, replace(read, interval="5"))
    assert sample.value("programproperty", INTERVAL, "PropertyValue") == "5"


@pytest.mark.parametrize("typed", ["abc", "-1", "100000001"])
def test_an_invalid_interval_writes_nothing(sample: SamplePractice, typed: str) -> None:
    with sample.office() as office, writing(sample) as written, pytest.raises(InvalidInput):
        office.settings.save(ADMIN, AS_FOUND, replace(AS_FOUND, enabled=True, interval=typed))
    assert written == Written()


@pytest.mark.parametrize("number", [0, None, GIFT, 300, 999])
def test_a_payment_type_that_is_not_offered_writes_nothing(sample: SamplePractice, number: int | None) -> None:
    with sample.office() as office, writing(sample) as written, pytest.raises(InvalidInput) as caught:
        office.settings.save(ADMIN, AS_FOUND, replace(AS_FOUND, enabled=True, payment_type=number))
    assert caught.value.field == "payment_type"
    assert written == Written()


def test_a_value_that_another_program_changed_is_not_overwritten(sample: SamplePractice) -> None:
    with sample.office() as office:
        read = office.settings.load().values
        sample.execute("UPDATE programproperty SET PropertyValue = '15' WHERE ProgramPropertyNum = ?", INTERVAL)
        sample.execute("UPDATE preference SET ValueString = ? WHERE PrefNum = ?", str(CASH), API_PAYMENT_TYPE)
        wanted = replace(read, enabled=True, interval="5", payment_type=CREDIT_CARD)
        with writing(sample) as written, pytest.raises(EditConflict) as caught:
            office.settings.save(ADMIN, read, wanted)
    assert caught.value.conflicts == (
        Conflict("subscription interval", "blank", "15 minutes", "5 minutes"),
        Conflict("payment type", "Check", "Cash", "Credit Card"),
    )
    assert written == Written()


def test_a_change_elsewhere_is_no_conflict(sample: SamplePractice) -> None:
    with sample.office() as office:
        read = office.settings.load().values
        sample.execute("UPDATE programproperty SET PropertyValue = '15' WHERE ProgramPropertyNum = ?", INTERVAL)
        with writing(sample) as written:
            office.settings.save(ADMIN, read, replace(read, enabled=True))
    assert written.changed == {("program", str(FHIR), "Enabled"): ("0", "1")}


def test_the_same_change_by_another_program_is_no_conflict(sample: SamplePractice) -> None:
    with sample.office() as office:
        read = office.settings.load().values
        sample.execute("UPDATE program SET Enabled = 1 WHERE ProgramNum = ?", FHIR)
        with writing(sample) as written:
            assert office.settings.save(ADMIN, read, replace(read, enabled=True)).changes == ()
    assert written == Written()


def test_a_value_that_changes_in_the_middle_of_saving_is_not_overwritten(sample: SamplePractice) -> None:
    """The other program comes right after the audit rows: on MyISAM, where nothing keeps it out."""
    if sample.transactional:
        pytest.skip("a transaction keeps the other program out, or sees what it read")
    with sample.office() as office:
        read = office.settings.load().values
        wanted = replace(read, enabled=True, interval="5", payment_type=CREDIT_CARD)

        def change_elsewhere(_: object) -> None:
            sample.execute("UPDATE programproperty SET PropertyValue = '15' WHERE ProgramPropertyNum = ?", INTERVAL)

        with (
            writing(sample) as written,
            after_statement(3, change_elsewhere),
            pytest.raises(EditConflict) as caught,
        ):
            office.settings.save(ADMIN, read, wanted)
    assert written.changed == {("programproperty", str(INTERVAL), "PropertyValue"): ("", "15")}
    assert [text.split(":")[0] for _, _, text in written.audit if text] == ["API Setup", "NOT DONE"]
    (conflict,) = caught.value.conflicts
    assert conflict == Conflict("subscription interval", "blank", "15 minutes", "5 minutes")


@pytest.mark.parametrize(
    ("statement", "missing", "kept"),
    [
        ("DELETE FROM program WHERE ProgName = 'FHIR'", (NO_PROGRAM, NO_INTERVAL), (None, None, CHECK)),
        (f"DELETE FROM programproperty WHERE ProgramPropertyNum = {INTERVAL}", (NO_INTERVAL,), (False, None, CHECK)),
        ("DELETE FROM preference WHERE PrefName = 'ApiPaymentType'", (NO_PREFERENCE,), (False, "", None)),
    ],
)
def test_a_place_that_is_missing_is_told_and_the_rest_can_be_saved(
    sample: SamplePractice, statement: str, missing: tuple[str, ...], kept: tuple[bool | None, str | None, int | None]
) -> None:
    sample.execute(statement)
    with sample.office() as office:
        page = office.settings.load()
        assert page.missing == missing
        assert page.values == ApiSettings(*kept)
        wanted = ApiSettings(
            enabled=None if page.values.enabled is None else True,
            interval=None if page.values.interval is None else "5",
            payment_type=None if page.values.payment_type is None else CASH,
        )
        office.settings.save(ADMIN, page.values, wanted)
        assert office.settings.load().values == wanted


def test_the_interval_is_that_of_fhir_not_of_another_program(sample: SamplePractice) -> None:
    with sample.office() as office:
        assert office.settings.load().values.interval == ""
        office.settings.save(ADMIN, AS_FOUND, replace(AS_FOUND, interval="7"))
    assert sample.value("programproperty", 901, "PropertyValue") == "99"


def test_a_value_in_odd_spelling_is_left_alone(file_sample: SampleFile) -> None:
    file_sample.execute("UPDATE programproperty SET PropertyValue = ' 5 ' WHERE ProgramPropertyNum = ?", INTERVAL)
    with file_sample.office() as office, writing(file_sample) as written:
        read = office.settings.load().values
        office.settings.save(ADMIN, read, read)
    assert written == Written()
