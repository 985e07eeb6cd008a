"""The line by which an admin says which entries are wanted."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.audit.filter import (
    NOBODY,
    AuditFilter,
    FilterError,
    Users,
    completions,
    format_filter,
    parse_filter,
)
from core.opendental.permission_types import PERMISSIONS

TODAY = date(2024, 11, 6)
LARGEST = 2**63 - 1
"""The largest number that a user can have where primary keys are picked at random."""
USERS = Users(
    {
        1: "Admin",
        2: "Maria",
        3: "Maria Lopez",
        4: "sam",
        5: "Sam",
        6: 'Jo "Jim" K',
        7: "None",
        8: "#2",
        9: "back\\slash",
        10: "a:b",
        11: " padded",
        LARGEST: "Random",
    }
)


def parsed(line: str) -> AuditFilter:
    return parse_filter(line, USERS, TODAY)


def refused(line: str) -> FilterError:
    with pytest.raises(FilterError) as caught:
        parsed(line)
    assert caught.value.field == "filter"
    return caught.value


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("", AuditFilter()),
        ("  \t ", AuditFilter()),
        ("since:2024-11-01", AuditFilter(since=date(2024, 11, 1))),
        ("until:2024-11-01", AuditFilter(until=date(2024, 11, 1))),
        ("since:2024-11-05 until:2024-11-05", AuditFilter(since=date(2024, 11, 5), until=date(2024, 11, 5))),
        ("permission:Setup", AuditFilter(permission=8)),
        ("permission:None", AuditFilter(permission=0)),
        ("permission:300", AuditFilter(permission=300)),
        ("user:Maria", AuditFilter(user=2)),
        ("source:API", AuditFilter(source=23)),
        ("source:None", AuditFilter(source=0)),
        ("source:26", AuditFilter(source=26)),
        ("computer:FRONTDESK-2", AuditFilter(computer="FRONTDESK-2")),
        ("text:payment", AuditFilter(text="payment")),
        ("only:ours", AuditFilter(ours=True)),
        ("only:not-genuine", AuditFilter(suspect=True)),
        ("only:ours only:not-genuine", AuditFilter(ours=True, suspect=True)),
        (
            'user:admin since:2024-11-01 text:"API key"',
            AuditFilter(user=1, since=date(2024, 11, 1), text="API key"),
        ),
    ],
)
def test_every_word_means_its_value(line: str, wanted: AuditFilter) -> None:
    assert parsed(line) == wanted


def test_names_and_their_values_are_not_case_sensitive() -> None:
    line = "PERMISSION:setup User:ADMIN Source:api SINCE:Today UNTIL:TODAY ONLY:OURS Only:Not-Genuine"
    assert parsed(line) == AuditFilter(TODAY, TODAY, permission=8, user=1, source=23, ours=True, suspect=True)


def test_the_case_of_a_text_and_a_computer_is_kept() -> None:
    assert parsed("text:ABC computer:Desk") == AuditFilter(text="ABC", computer="Desk")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("payment", "payment"),
        ("payment  of\tmoney", "payment of money"),
        ('"payment  of"', "payment  of"),
        ('"user:admin"', "user:admin"),
        ("two user:admin words", "two words"),
        ("$20.00%_", "$20.00%_"),
        (":", ":"),
        ("José — déplacé", "José — déplacé"),
        ("größe:x", "größe:x"),
        ('""', ""),
    ],
)
def test_what_has_no_name_is_searched_in_the_text(line: str, text: str) -> None:
    assert parsed(line).text == text


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('text:"API key"', "API key"),
        ('"text:API key"', "text:API key"),
        ('text:API" "key', "API key"),
        (r'text:"say \"yes\""', 'say "yes"'),
        (r'text:"C:\\new folder\\x"', "C:\\new folder\\x"),
        (r'text:"a\nb c"', r"a\nb c"),
        (r"text:C:\new\\x", r"C:\new\\x"),
        ('text:" "', " "),
        ('text:"a\nb"', "a\nb"),
        ("text:since:today", "since:today"),
    ],
)
def test_quotes_keep_blanks_and_a_backslash_stands_before_a_quote_in_them(line: str, text: str) -> None:
    assert parsed(line) == AuditFilter(text=text)


@pytest.mark.parametrize(
    ("word", "day"),
    [
        ("today", TODAY),
        ("yesterday", date(2024, 11, 5)),
        ("0d", TODAY),
        ("10d", date(2024, 10, 27)),
        ("10D", date(2024, 10, 27)),
        ("99999d", TODAY - timedelta(days=99_999)),
        ("2024-02-29", date(2024, 2, 29)),
        ("0001-01-01", date(1, 1, 1)),
        ("9999-12-31", date(9999, 12, 31)),
    ],
)
def test_days_by_date_by_name_and_counted_back(word: str, day: date) -> None:
    assert parsed(f"since:{word}").since == day
    assert parse_filter(f"until:{word}", USERS, TODAY).until == day


@pytest.mark.parametrize("word", ["2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10", "2024-11-31", "0000-01-01"])
def test_a_day_that_does_not_exist(word: str) -> None:
    error = refused(f"user:admin until:{word} x")
    assert error.sentence == f"There is no day {word}."
    assert (error.start, error.end) == (11, 27)


def test_a_day_before_the_calendar_begins() -> None:
    with pytest.raises(FilterError, match="There is no day 99999d"):
        parse_filter("since:99999d", USERS, date(200, 1, 1))


@pytest.mark.parametrize(
    "word",
    ["", "2024-1-1", "01.11.2024", "11/01/2024", "tomorrow", "d", "-1d", "100000d", "２０２４-11-01", "20241101"],
)
def test_what_is_no_date(word: str) -> None:
    error = refused(f"since:{word}")
    assert "is no date" in error.sentence
    assert "2024-11-01, today, yesterday, or 10d" in error.hint


def test_a_range_that_ends_before_it_begins_points_at_its_beginning() -> None:
    error = refused("until:2024-11-01 text:x since:2024-11-02")
    assert error.sentence == "The range ends on 2024-11-01, before it begins."
    assert (error.start, error.end) == (24, 40)


@pytest.mark.parametrize(
    ("line", "start", "end", "sentence", "hint"),
    [
        ("x usr:admin y", 2, 11, "Nothing is called usr: here.", "Did you mean user:?"),
        ("permision:Setup", 0, 15, "Nothing is called permision: here.", "Did you mean permission:?"),
        (
            "http://x",
            0,
            8,
            "Nothing is called http: here.",
            "Names are since, until, permission, user, source, computer, text, only; quote a text with a colon.",
        ),
        ("user:admin permission:Setpu", 11, 27, "There is no permission Setpu.", "Did you mean Setup?"),
        ("permission:qqqq", 0, 15, "There is no permission qqqq.", "Tab completes names."),
        ("permission:99999", 0, 16, "There is no permission 99999.", "Tab completes names."),
        ("permission:", 0, 11, "No permission is named.", 'Try user:admin since:2024-11-01 text:"API key".'),
        ("source:API source:HL8", 11, 21, "There is no log source HL8.", "Did you mean HL7?"),
        ("source:128", 0, 10, "There is no log source 128.", "Tab completes names."),
        ("  user:Mario", 2, 12, "There is no user Mario.", "Did you mean Maria?"),
        ("user:", 0, 5, "No user is named.", 'Try user:admin since:2024-11-01 text:"API key".'),
        ("user:sam", 0, 8, "Several users are called sam.", "Write one of the numbers #4, #5."),
        ("only:theirs", 0, 11, "only:theirs means nothing.", "Only: ours or not-genuine."),
        ("only:", 0, 5, "only: means nothing.", "Only: ours or not-genuine."),
        ("text:", 0, 5, "text: is empty.", "Leave it out, or write what to look for."),
        ('a computer:"" b', 2, 13, "computer: is empty.", "Leave it out, or write what to look for."),
        ("user:admin user:maria", 11, 21, "user: is given twice.", "Leave one of them out."),
        ("only:ours Only:ours", 10, 19, "only: is given twice.", "Leave one of them out."),
        ("loose text:x", 0, 5, "A text is given twice.", 'Put all of it into one text:"…".'),
        ('text:x user:admin "more words"', 18, 30, "A text is given twice.", 'Put all of it into one text:"…".'),
        (
            'user:admin text:"API key',
            11,
            24,
            "A double quote is opened and not closed.",
            "Close it after the text.",
        ),
        (r'"a\"', 0, 4, "A double quote is opened and not closed.", "Close it after the text."),
        ('"', 0, 1, "A double quote is opened and not closed.", "Close it after the text."),
    ],
)
def test_an_error_points_at_the_bad_word_and_says_what_to_do(
    line: str, start: int, end: int, sentence: str, hint: str
) -> None:
    error = refused(line)
    assert (error.sentence, error.hint) == (sentence, hint)
    assert (error.start, error.end) == (start, end)


def test_of_several_bad_words_the_first_is_told() -> None:
    assert refused("user:nobody-here since:never").start == 0


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("maria", 2),
        ('"maria lopez"', 3),
        ('" Maria "', 2),
        ("#4", 4),
        ("#5", 5),
        ("#77", 77),
        ("none", NOBODY),
        ("None", NOBODY),
        ("Unknown(5)", 5),
        ("unknown(77)", 77),
        (r'"Jo \"Jim\" K"', 6),
        (r"back\slash", 9),
        ("a:b", 10),
        ("padded", 11),
        ("random", LARGEST),
        (f"#{LARGEST}", LARGEST),
        (f"Unknown({LARGEST})", LARGEST),
    ],
)
def test_users_by_name_by_number_and_as_lists_show_them(word: str, number: int) -> None:
    assert parsed(f"user:{word}") == AuditFilter(user=number)


@pytest.mark.parametrize("word", [f"#{LARGEST + 1}", f"Unknown({LARGEST + 1})", "#", "#-1", "#٣", "#" + "9" * 5_000])
def test_a_number_that_no_user_can_have(word: str) -> None:
    assert refused(f"user:{word}").sentence == f"There is no user {word}."


def test_the_name_and_the_word_of_a_user() -> None:
    said = {number: (USERS.name(number), USERS.word(number)) for number in (0, 1, 4, 5, 7, 8, 11, 99)}
    assert said == {
        0: ("", "none"),
        1: ("Admin", "Admin"),
        4: ("sam", "#4"),
        5: ("Sam", "#5"),
        7: ("None", "#7"),
        8: ("#2", "#8"),
        11: (" padded", "#11"),
        99: ("Unknown(99)", "Unknown(99)"),
    }


def test_namesakes_are_named_by_their_numbers() -> None:
    assert USERS.namesakes("SAM ") == ("#4", "#5")
    assert USERS.namesakes("nobody") == ()


def test_the_words_for_users_are_in_the_order_of_the_alphabet_after_none() -> None:
    users = Users({2: "zoe", 3: "Adam", 5: "Bob", 4: "bob"})
    assert users.words == ("none", "#4", "#5", "Adam", "zoe")


def test_a_user_of_number_0_is_nobody() -> None:
    assert Users({0: "Ghost"}).words == ("none",)


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        (AuditFilter(), ""),
        (
            AuditFilter(date(24, 1, 2), date(2024, 11, 5), 8, 2, 23, "DESK 1", 'say "a\\b"', ours=True, suspect=True),
            "since:0024-01-02 until:2024-11-05 permission:Setup user:Maria source:API"
            r' computer:"DESK 1" text:"say \"a\\b\"" only:ours only:not-genuine',
        ),
        (AuditFilter(permission=0, user=0, source=0), "permission:None user:none source:None"),
        (AuditFilter(user=99), "user:Unknown(99)"),
        (AuditFilter(text="C:\\x"), "text:C:\\x"),
    ],
)
def test_a_filter_is_written_as_one_would_type_it(wanted: AuditFilter, line: str) -> None:
    assert format_filter(wanted, USERS) == line
    assert parsed(line) == wanted


def test_whether_nothing_but_dates_is_asked_for() -> None:
    assert AuditFilter().only_dates
    assert AuditFilter(TODAY, TODAY).only_dates
    others = [
        AuditFilter(permission=0),
        AuditFilter(user=0),
        AuditFilter(source=0),
        AuditFilter(computer="x"),
        AuditFilter(text="x"),
        AuditFilter(ours=True),
        AuditFilter(suspect=True),
    ]
    assert len(others) == len(fields(AuditFilter)) - 2
    assert not any(each.only_dates for each in others)


def test_the_first_days_are_ten_and_keep_what_else_is_asked_for() -> None:
    wanted = AuditFilter(until=date(2020, 1, 1), text="x")
    assert wanted.with_first_days(TODAY) == AuditFilter(since=date(2024, 10, 27), text="x")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ()),
        (" ", ()),
        ("user:admin ", ()),
        ("u", ("until:", "user:")),
        ("S", ("since:", "source:")),
        ("text:x per", ("text:x permission:",)),
        ("q", ()),
        ("user:mar", ("user:Maria", 'user:"Maria Lopez"')),
        ('user:"maria l', ('user:"Maria Lopez"',)),
        ("USER:adm", ("USER:Admin",)),
        ('user:"jo', (r'user:"Jo \"Jim\" K"',)),
        (r'user:"jo \"ji', (r'user:"Jo \"Jim\" K"',)),
        ("user:#", ("user:#11", "user:#4", "user:#5", "user:#7", "user:#8")),
        ("user:zz", ()),
        ("x permission:setup", ("x permission:Setup", "x permission:SetupWizard")),
        ("source:claim", ("source:ClaimReceiveAutomatic",)),
        ("only:", ("only:ours", "only:not-genuine")),
        ("since:", ("since:today", "since:yesterday", "since:10d")),
        ("until:t", ("until:today",)),
        ("text:", ()),
        ("computer:x", ()),
        ("nothing:x", ()),
        ('text:"two words" us', ('text:"two words" user:',)),
        (r'text:"one \" quote" us', (r'text:"one \" quote" user:',)),
        (r'text:a\" us" us', (r'text:a\" us" user:',)),
        ('text:"open us', ()),
        ('"us', ()),
    ],
)
def test_what_the_last_word_may_become(line: str, expected: tuple[str, ...]) -> None:
    assert completions(line, USERS) == expected


def test_all_users_and_all_permissions_can_be_completed() -> None:
    assert len(completions("user:", USERS)) == 13
    assert len(completions("permission:", USERS)) == len(PERMISSIONS.names) == 266


PROPERTIES = settings(database=None, deadline=None, derandomize=True, max_examples=300)

# Names that mean something in the language, and those that only differ in what it does not look at.
odd_names = st.sampled_from(
    ["", " ", "none", "NONE", "#5", "#2", "Unknown(5)", "Sam", "sam ", "SAM", '"', "\\", '\\"', "a b", "user:x", "a\nb"]
)
tricky_text = st.text(st.sampled_from('ab:"\\ #5()\t\n\xa0'), max_size=12)
names = st.one_of(odd_names, tricky_text, st.text(max_size=20))
numbers = st.one_of(st.integers(1, 9), st.just(LARGEST), st.integers(10_000, LARGEST))
user_lists = st.dictionaries(numbers, names, max_size=8)
texts = st.one_of(st.just(""), tricky_text, st.text())


@st.composite
def questions(draw: st.DrawFn) -> tuple[AuditFilter, Users]:
    listed = draw(user_lists)
    since, until = draw(st.none() | st.dates()), draw(st.none() | st.dates())
    if since and until and since > until:
        since, until = until, since
    wanted = AuditFilter(
        since=since,
        until=until,
        permission=draw(st.none() | st.integers(0, 32_767)),
        user=draw(st.one_of(st.none(), st.just(NOBODY), numbers, st.sampled_from([*listed, NOBODY]))),
        source=draw(st.none() | st.integers(0, 127)),
        computer=draw(texts),
        text=draw(texts),
        ours=draw(st.booleans()),
        suspect=draw(st.booleans()),
    )
    return wanted, Users(listed)


@PROPERTIES
@given(questions())
def test_the_line_that_a_filter_is_written_as_means_that_filter(question: tuple[AuditFilter, Users]) -> None:
    wanted, users = question
    assert parse_filter(format_filter(wanted, users), users, TODAY) == wanted


pieces = st.sampled_from(
    'user: since: until: only: text: permission: source: computer: nope: " \\" \\ : # none #5 10d today 2024-02-30 '
    "99999d Setup ours not-genuine Unknown(5)".split()
)
lines = st.one_of(
    st.text(), tricky_text, st.lists(st.one_of(pieces, st.sampled_from([" ", "x"]), names), max_size=8).map("".join)
)


def error_of(line: str, users: Users, today: date) -> FilterError | None:
    try:
        parse_filter(line, users, today)
    except FilterError as error:
        return error
    return None


@PROPERTIES
@given(lines, user_lists, st.dates())
def test_no_line_breaks_anything_and_every_error_lies_in_it(line: str, listed: dict[int, str], today: date) -> None:
    error = error_of(line, Users(listed), today)
    if error is not None:
        assert 0 <= error.start < error.end <= len(line)
        assert not line[error.start].isspace()
        assert error.sentence.endswith(".")


@PROPERTIES
@given(lines, user_lists)
def test_completing_breaks_nothing(line: str, listed: dict[int, str]) -> None:
    assert all(completed for completed in completions(line, Users(listed)))


@PROPERTIES
@given(questions(), user_lists)
def test_every_completed_user_can_be_read(question: tuple[AuditFilter, Users], listed: dict[int, str]) -> None:
    users = Users(listed)
    before = format_filter(replace(question[0], user=None), users)
    completed = completions(f"{before} user:".lstrip(), users)
    assert {parse_filter(line, users, TODAY).user for line in completed} == {NOBODY, *listed}
