"""The pages of reports: complete by themselves, harmless whatever names they show, and without keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from core.model.key_note import KeyNote, KeyRecord
from core.model.month import Month
from core.model.monthly_report import MissingOffice, MonthlyReport
from core.model.review import ReviewItem
from core.office.office import Office
from core.reports.bar_chart import HEIGHT, bar_chart
from core.reports.decisions import STATES
from core.reports.evidence_files import evidence_files
from core.reports.evidence_page import CHART_WIDTH, decision_shares
from core.reports.month_arrangement import arrange_month
from core.reports.month_page import month_page
from core.reports.month_reader import read_month
from core.reports.rendering import MAX_TEXT
from tests.core.reports.test_month_arrangement import arranged, key
from tests.support.actors import ADMIN
from tests.support.databases import NOW, SampleFile
from tests.support.html_pages import HtmlPage
from tests.support.review_evidence import evidence_of, hold_review, read_evidence

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table>{{ 7 * 7 }}{% raw %}",
    "moc.live\N{RIGHT-TO-LEFT OVERRIDE}exe\N{ZERO WIDTH SPACE}",
    "\x1b[31mred\x00",
    "\N{HEBREW LETTER ALEF}\N{ARABIC LETTER BEH}",
    "x" * 5_000,
    "&lt;b&gt; &amp; \ud800",
)
"""Names that a developer may choose."""


def month_report(office: Office) -> MonthlyReport:
    """Return the report of the present month of an office."""
    month = Month.of(NOW.date())
    facts = read_month(office, "Admin", month, lambda: (office.keys.list(), True))
    missing = MissingOffice("South <b>", "No database server answers at 10.0.0.7:3306.")
    return MonthlyReport(month, NOW, "apisetup 0.1.0", (arrange_month("North", facts),), (missing,))


def test_the_page_of_a_month_is_complete_by_itself(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        texts = [text for text in office._authority.clear_texts() if len(text) > 8]
        page = month_page(month_report(office))
    shown = HtmlPage(page).text
    assert "API access in November 2024" in shown
    assert "The month isn't over." in shown
    assert "South <b>" in shown
    assert "Appointment Bridge" in shown
    assert texts
    assert not [text for text in texts if text in page]


def test_the_page_of_a_review_is_complete_by_itself(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        texts = [text for text in office._authority.clear_texts() if len(text) > 8]
        review = hold_review(office)
        files = evidence_files(evidence_of(read_evidence(office)))
    shown = HtmlPage(files["index.html"].decode()).text
    assert f"Review of API keys: {review.name}" in shown
    assert "keep until 2999-12-31" in shown
    assert "“Needed for reminders.”" in shown
    assert "The Audit Trail isn't sealed." in shown
    assert all(label in shown for label in review.left_open) == bool(review.left_open)
    assert texts
    assert not [text for text in texts for content in files.values() if text.encode() in content]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_shown_and_does_nothing(name: str) -> None:
    vendor = key(name, "aaaa0001", datetime(2024, 11, 2))
    office = replace(arranged(vendor, unknown=(name,)), office=name)
    report = MonthlyReport(Month(2024, 11), NOW, "apisetup", (office,), (MissingOffice(name, name),))
    page = month_page(report)
    shown = HtmlPage(page).text
    visible = name.encode("unicode_escape").decode() if not name.isprintable() else name
    assert visible[:40] in shown
    assert all(each.isprintable() or each == "\n" for each in page)
    assert name[: MAX_TEXT + 1] not in page or len(name) <= MAX_TEXT


def test_a_hostile_review_is_shown_and_does_nothing(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        hold_review(office)
        read = read_evidence(office)
    (first, *others) = read.progress.review.items
    for name in HOSTILE:
        snapshot = replace(
            first.snapshot, developer=name, former_names=(name,), note=replace(first.snapshot.note, owner=name)
        )
        review = replace(read.progress.review, items=(ReviewItem(snapshot), *others), name=name, unknown=(name,))
        evidence = evidence_of(replace(read, office=name, progress=replace(read.progress, review=review)))
        files = evidence_files(replace(evidence, review=name))
        HtmlPage(files["index.html"].decode())
        assert all(content.isascii() for file, content in files.items() if file.endswith(".json"))


def test_notes_are_those_of_now(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        review = hold_review(office)
        (one, *_) = (key for key in office.keys.list().keys if key.status.enabled)
        office.notes.save(ADMIN, one, office.notes.of(one), KeyRecord(KeyNote("Front desk", "Reminders")))
        read = read_evidence(office)
        report = month_report(office)
    assert all(item.snapshot.note.is_blank for item in review.items)
    assert "Owner: Front desk" in HtmlPage(evidence_files(evidence_of(read))["index.html"].decode()).text
    assert "Purpose: Reminders" in HtmlPage(month_page(report)).text


def test_a_list_that_may_be_out_of_date_is_marked() -> None:
    pages = [
        month_page(MonthlyReport(Month(2024, 11), NOW, "apisetup", (arranged(keys_current=current),)))
        for current in (True, False)
    ]
    assert ["This list may be out of date." in HtmlPage(page).text for page in pages] == [False, True]


def test_cells_are_safe_for_spreadsheets(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        hold_review(office)
        read = read_evidence(office, "=1+1")
    files = evidence_files(evidence_of(read))
    for name in ("keys.csv", "findings.csv", "entries.csv"):
        heads, *rows = files[name].decode().split("\r\n")
        assert heads.startswith("office,")
        assert rows
        assert all(row.startswith("'=1+1,") for row in rows if row)


def test_bars_are_as_high_as_their_values() -> None:
    chart = bar_chart((0, 1, 50, 100), ("a", "b", "c", "d"), "four")
    assert [bar.height for bar in chart.bars] == [0, 1, HEIGHT // 2, HEIGHT]
    assert all(bar.y + bar.height == HEIGHT for bar in chart.bars)
    assert chart.bars[-1].label == "d: 100"
    assert bar_chart((), (), "none").width == 1


def test_shares_fill_the_bar_without_gaps() -> None:
    shares = decision_shares(dict.fromkeys(STATES, 1) | {STATES[1]: 0, STATES[3]: 0})
    assert [(each.label, each.x) for each in shares] == [("kept", 0), ("to ask", 200), ("no decision needed", 400)]
    assert shares[-1].x + shares[-1].width == CHART_WIDTH
    assert decision_shares(dict.fromkeys(STATES, 0)) == ()
