"""The language of filter expressions: parsing, formatting and completion."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audit.filter import NO_USER, Alternatives, AuditFilter, Users
from core.audit.filter_language import completions, format_filter, parse_filter
from core.filtering.terms import FilterError
from core.opendental.log_sources import LOG_SOURCES
from core.opendental.permission_types import PERMISSIONS
from tests.support.properties import examples

TODAY = date(2024, 11, 6)
PAY = [number for number, name in enumerate(PERMISSIONS.names) if name.startswith("Pay")]
WEB = [number for number, name in enumerate(LOG_SOURCES.names) if name.startswith("WebSched")]
EVERY_FIELD = ("since:", "until:", "permission:", "user:", "source:", "computer:", "text:", "only:")
MARIAS = (Alternatives("user", (2, 3)),)
LARGEST = 2**63 - 1
"""The largest number that a user can have in a practice with random primary keys."""
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


def parse(expression: str) -> AuditFilter:
    return parse_filter(expression, USERS, TODAY)


def parse_error(expression: str) -> FilterError:
    with pytest.raises(FilterError) as caught:
        parse(expression)
    assert caught.value.field == "filter"
    return caught.value


@pytest.mark.parametrize(
    ("expression", "expected"),
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
        ("only:unmatched", AuditFilter(suspect=True)),
        ("only:ours only:unmatched", AuditFilter(ours=True, suspect=True)),
        (
            'user:admin since:2024-11-01 text:"API key"',
            AuditFilter(user=1, since=date(2024, 11, 1), text="API key"),
        ),
    ],
)
def test_each_field_sets_its_condition(expression: str, expected: AuditFilter) -> None:
    assert parse(expression) == expected


def test_fields_and_the_names_in_their_values_are_not_case_sensitive() -> None:
    expression = "PERMISSION:setup User:ADMIN Source:api SINCE:Today UNTIL:TODAY ONLY:OURS Only:Unmatched"
    assert parse(expression) == AuditFilter(TODAY, TODAY, permission=8, user=1, source=23, ours=True, suspect=True)


def test_a_text_and_a_computer_keep_their_case() -> None:
    assert parse("text:ABC computer:Desk") == AuditFilter(text="ABC", computer="Desk")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("payment", "payment"),
        ('"payment  of"', "payment  of"),
        ('"user:admin"', "user:admin"),
        ("$20.00%_", "$20.00%_"),
        (":", ":"),
        ("déplacé", "déplacé"),
        ("größe:x", "größe:x"),
        ('""', ""),
        ("-", "-"),
        ('"-x"', "-x"),
        ('"a,b"', "a,b"),
    ],
)
def test_terms_without_a_field_are_searched_for_in_the_text(expression: str, text: str) -> None:
    assert parse(expression).text == text


def more(field: str, *values: int | str, excluded: bool = False) -> Alternatives:
    return Alternatives(field, values, excluded)  # type: ignore[arg-type]  # numbers or texts


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("payment  of\tmoney", AuditFilter(text="payment", more=(more("text", "of"), more("text", "money")))),
        ("two user:admin words", AuditFilter(user=1, text="two", more=(more("text", "words"),))),
        ("text:x more", AuditFilter(text="x", more=(more("text", "more"),))),
        ("-draft", AuditFilter(more=(more("text", "draft", excluded=True),))),
        ('-"two words"', AuditFilter(more=(more("text", "two words", excluded=True),))),
        ("cash,check", AuditFilter(more=(more("text", "cash", "check"),))),
        ('text:"a, b",c', AuditFilter(more=(more("text", "a, b", "c"),))),
        ("user:admin,maria", AuditFilter(more=(more("user", 1, 2),))),
        ("-user:admin", AuditFilter(more=(more("user", 1, excluded=True),))),
        ("user:maria -user:admin", AuditFilter(user=2, more=(more("user", 1, excluded=True),))),
        ("user:mar", AuditFilter(more=(more("user", 2, 3),))),
        ("user:adm", AuditFilter(user=1)),
        ("user:adm,admin", AuditFilter(user=1)),
        ("permission:pay", AuditFilter(more=(more("permission", *PAY),))),
        ("permission:setupw", AuditFilter(permission=PERMISSIONS.number("SetupWizard"))),
        ("-permission:setup,130", AuditFilter(more=(more("permission", 8, 130, excluded=True),))),
        ("source:api,hl7", AuditFilter(more=(more("source", 23, 3),))),
        ("source:web", AuditFilter(more=(more("source", *WEB),))),
        ("computer:desk,front", AuditFilter(more=(more("computer", "desk", "front"),))),
        ("2024-11-01", AuditFilter(date(2024, 11, 1), date(2024, 11, 1))),
        ("2024-11-01 user:mar cash", AuditFilter(date(2024, 11, 1), date(2024, 11, 1), text="cash", more=MARIAS)),
        ('"2024-11-01 "', AuditFilter(text="2024-11-01 ")),
        ("only:ours,unmatched", AuditFilter(ours=True, suspect=True)),
    ],
)
def test_terms_are_joined_by_and_commas_mean_or_and_a_dash_excludes(expression: str, expected: AuditFilter) -> None:
    assert parse(expression) == expected
    assert parse(format_filter(expected, USERS)) == expected


@pytest.mark.parametrize(
    ("expression", "text"),
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
def test_double_quotes_keep_blanks_and_a_backslash_escapes_a_quote_inside_them(expression: str, text: str) -> None:
    assert parse(expression) == AuditFilter(text=text)


@pytest.mark.parametrize(
    ("value", "day"),
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
def test_a_day_is_a_date_a_name_or_a_number_of_days_ago(value: str, day: date) -> None:
    assert parse(f"since:{value}").since == day
    assert parse(f"until:{value}").until == day


@pytest.mark.parametrize("value", ["2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10", "2024-11-31", "0000-01-01"])
def test_a_day_that_does_not_exist_is_an_error(value: str) -> None:
    error = parse_error(f"user:admin until:{value} x")
    assert error.sentence == f"Not a valid date: {value}."
    assert (error.start, error.end) == (11, 27)


def test_a_day_before_the_calendar_begins_is_an_error() -> None:
    with pytest.raises(FilterError, match="Not a valid date: 99999d"):
        parse_filter("since:99999d", USERS, date(200, 1, 1))


@pytest.mark.parametrize(
    "value",
    ["", "2024-1-1", "01.11.2024", "11/01/2024", "tomorrow", "d", "-1d", "100000d", "２０２４-11-01", "20241101"],
)
def test_a_value_that_is_not_a_date_is_an_error(value: str) -> None:
    error = parse_error(f"since:{value}")
    assert error.sentence == (f"Not a valid date: {value}." if value else "The date is missing.")
    assert "2024-11-01, today, yesterday, or 10d" in error.hint


def test_a_range_that_ends_before_it_begins_is_an_error_at_its_beginning() -> None:
    error = parse_error("until:2024-11-01 text:x since:2024-11-02")
    assert error.sentence == "The range ends on 2024-11-01, before it starts."
    assert (error.start, error.end) == (24, 40)


@pytest.mark.parametrize(
    ("expression", "start", "end", "sentence", "hint"),
    [
        ("x usr:admin y", 2, 11, 'Unknown filter field "usr:".', "Did you mean user:?"),
        ("permision:Setup", 0, 15, 'Unknown filter field "permision:".', "Did you mean permission:?"),
        (
            "http://x",
            0,
            8,
            'Unknown filter field "http:".',
            "The fields are since, until, permission, user, source, computer, text, only. Put text with a colon in"
            " quotes.",
        ),
        ("user:admin permission:Setpu", 11, 27, "Unknown permission: Setpu.", "Did you mean Setup?"),
        ("permission:qqqq", 0, 15, "Unknown permission: qqqq.", "Tab completes names."),
        ("permission:99999", 0, 16, "Unknown permission: 99999.", "Tab completes names."),
        ("permission:", 0, 11, "The permission is missing.", "Try permission:setup."),
        ("source:API source:HL8", 11, 21, "Unknown log source: HL8.", "Did you mean HL7?"),
        ("source:128", 0, 10, "Unknown log source: 128.", "Tab completes names."),
        ("  user:Mario", 2, 12, "Unknown user: Mario.", "Did you mean Maria?"),
        ("user:", 0, 5, "The user is missing.", "Try user:admin."),
        ("user:sam", 0, 8, "Several users are named sam.", "Use one of the numbers #4, #5."),
        ("only:theirs", 0, 11, "only:theirs isn't a valid filter.", "Use ours or unmatched."),
        ("only:", 0, 5, "only: isn't a valid filter.", "Use ours or unmatched."),
        ("text:", 0, 5, "text: has no value.", "Remove it, or add a value."),
        ('a computer:"" b', 2, 13, "computer: has no value.", "Remove it, or add a value."),
        ("user:admin user:maria", 11, 21, "user: appears twice.", "For one or the other, write user:a,b."),
        ("user:admin,maria user:maria", 17, 27, "user: appears twice.", "For one or the other, write user:a,b."),
        ("since:today 2024-11-01", 12, 22, "since: appears twice.", "Remove one of them."),
        ("x 2024-02-30", 2, 12, "Not a valid date: 2024-02-30.", "Check the month and the day."),
        ("-since:today", 0, 12, "since: can't be excluded.", "Remove the - before it."),
        ("x -only:ours", 2, 12, "only: can't be excluded.", "Remove the - before it."),
        ("only:ours Only:ours", 10, 19, "only: appears twice.", "Remove one of them."),
        (
            'user:admin text:"API key',
            11,
            24,
            "A closing double quote is missing.",
            'Add a " after the text.',
        ),
        (r'"a\"', 0, 4, "A closing double quote is missing.", 'Add a " after the text.'),
        ('"', 0, 1, "A closing double quote is missing.", 'Add a " after the text.'),
    ],
)
def test_an_error_points_at_the_invalid_term_and_says_what_to_do(
    expression: str, start: int, end: int, sentence: str, hint: str
) -> None:
    error = parse_error(expression)
    assert (error.sentence, error.hint) == (sentence, hint)
    assert (error.start, error.end) == (start, end)


def test_of_several_invalid_terms_the_first_is_reported() -> None:
    assert parse_error("user:nobody-here since:never").start == 0


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("maria", 2),
        ('"maria lopez"', 3),
        ('" Maria "', 2),
        ("#4", 4),
        ("#5", 5),
        ("#77", 77),
        ("none", NO_USER),
        ("None", NO_USER),
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
def test_a_user_is_given_by_name_by_number_or_as_lists_show_it(value: str, number: int) -> None:
    assert parse(f"user:{value}") == AuditFilter(user=number)


@pytest.mark.parametrize("value", [f"#{LARGEST + 1}", f"Unknown({LARGEST + 1})", "#", "#-1", "#٣", "#" + "9" * 5_000])
def test_a_number_that_no_user_can_have_is_an_error(value: str) -> None:
    assert parse_error(f"user:{value}").sentence == f"Unknown user: {value}."


@pytest.mark.parametrize(
    ("audit_filter", "expression"),
    [
        (AuditFilter(), ""),
        (
            AuditFilter(date(24, 1, 2), date(2024, 11, 5), 8, 2, 23, "DESK 1", 'say "a\\b"', ours=True, suspect=True),
            "since:0024-01-02 until:2024-11-05 permission:Setup user:Maria source:API"
            r' computer:"DESK 1" text:"say \"a\\b\"" only:ours only:unmatched',
        ),
        (AuditFilter(permission=0, user=0, source=0), "permission:None user:none source:None"),
        (AuditFilter(user=99), "user:Unknown(99)"),
        (AuditFilter(text="C:\\x"), "text:C:\\x"),
    ],
)
def test_a_filter_is_formatted_as_a_person_would_type_it(audit_filter: AuditFilter, expression: str) -> None:
    assert format_filter(audit_filter, USERS) == expression
    assert parse(expression) == audit_filter


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", EVERY_FIELD),
        (" ", tuple(f" {each}" for each in EVERY_FIELD)),
        ("user:admin ", tuple(f"user:admin {each}" for each in EVERY_FIELD)),
        ("-us", ("-user:",)),
        ("user:maria,ad", ("user:maria,Admin",)),
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
        ("only:", ("only:ours", "only:unmatched")),
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
def test_the_last_term_is_completed(expression: str, expected: tuple[str, ...]) -> None:
    assert completions(expression, USERS) == expected


def test_all_users_and_all_permissions_can_be_completed() -> None:
    assert len(completions("user:", USERS)) == 13
    assert len(completions("permission:", USERS)) == len(PERMISSIONS.names) == 266


PROPERTIES = examples(75)

# Names that have a meaning in the language, and names that differ only in case or blanks.
odd_names = st.sampled_from(
    ["", " ", "none", "NONE", "#5", "#2", "Unknown(5)", "Sam", "sam ", "SAM", '"', "\\", '\\"', "a b", "user:x", "a\nb"]
)
tricky_text = st.text(st.sampled_from('ab:"\\ #5()\t\n\xa0'), max_size=12)
names = st.one_of(odd_names, tricky_text, st.text(max_size=20))
numbers = st.one_of(st.integers(1, 9), st.just(LARGEST), st.integers(10_000, LARGEST))
user_lists = st.dictionaries(numbers, names, max_size=8)
texts = st.one_of(st.just(""), tricky_text, st.text())

some_text = st.text(min_size=1, max_size=5) | st.sampled_from(["a,b", "-x", " ", '"', "2024-11-01"])
alternatives = st.one_of(
    st.builds(
        Alternatives,
        st.sampled_from(["computer", "text"]),
        st.lists(some_text, min_size=1, max_size=3, unique=True).map(tuple),
        st.booleans(),
    ),
    st.builds(
        Alternatives,
        st.sampled_from(["permission", "source"]),
        st.lists(st.integers(0, 27), min_size=1, max_size=3, unique=True).map(tuple),
        st.just(True),
    ),
    st.builds(Alternatives, st.just("user"), st.lists(numbers, min_size=1, unique=True).map(tuple), st.just(True)),
)


@st.composite
def filters_and_users(draw: st.DrawFn) -> tuple[AuditFilter, Users]:
    user_names = draw(user_lists)
    since, until = draw(st.none() | st.dates()), draw(st.none() | st.dates())
    if since and until and since > until:
        since, until = until, since
    audit_filter = AuditFilter(
        since=since,
        until=until,
        permission=draw(st.none() | st.integers(0, 32_767)),
        user=draw(st.one_of(st.none(), st.just(NO_USER), numbers, st.sampled_from([*user_names, NO_USER]))),
        source=draw(st.none() | st.integers(0, 127)),
        computer=draw(texts),
        text=draw(texts),
        ours=draw(st.booleans()),
        suspect=draw(st.booleans()),
    )
    further = draw(st.lists(alternatives, max_size=3))
    return replace(audit_filter, more=tuple(each for each in further if is_needed(each, audit_filter))), Users(
        user_names
    )


def is_needed(condition: Alternatives, audit_filter: AuditFilter) -> bool:
    """Return True unless the filter has an attribute for the condition, or it would contradict one."""
    value = getattr(audit_filter, condition.field)
    if condition.excluded:
        return True
    return condition.field in ("computer", "text") and (value != "" or len(condition.values) > 1)


@PROPERTIES
@given(filters_and_users())
def test_parsing_a_formatted_filter_returns_the_same_filter(filter_and_users: tuple[AuditFilter, Users]) -> None:
    audit_filter, users = filter_and_users
    assert parse_filter(format_filter(audit_filter, users), users, TODAY) == audit_filter


pieces = st.sampled_from(
    'user: since: until: only: text: permission: source: computer: nope: " \\" \\ : # none #5 10d today 2024-02-30 '
    "99999d Setup ours unmatched Unknown(5)".split()
)
expressions = st.one_of(
    st.text(), tricky_text, st.lists(st.one_of(pieces, st.sampled_from([" ", "x"]), names), max_size=8).map("".join)
)


def error_of(expression: str, users: Users, today: date) -> FilterError | None:
    try:
        parse_filter(expression, users, today)
    except FilterError as error:
        return error
    return None


@PROPERTIES
@given(expressions, user_lists, st.dates())
def test_parsing_raises_nothing_but_an_error_within_the_expression(
    expression: str, user_names: dict[int, str], today: date
) -> None:
    error = error_of(expression, Users(user_names), today)
    if error is not None:
        assert 0 <= error.start < error.end <= len(expression)
        assert not expression[error.start].isspace()
        assert error.sentence.endswith(".")


@PROPERTIES
@given(expressions, user_lists)
def test_completing_any_expression_raises_nothing(expression: str, user_names: dict[int, str]) -> None:
    assert all(completed for completed in completions(expression, Users(user_names)))


@PROPERTIES
@given(filters_and_users(), user_lists)
def test_every_completed_user_can_be_parsed(
    filter_and_users: tuple[AuditFilter, Users], user_names: dict[int, str]
) -> None:
    users = Users(user_names)
    before = format_filter(replace(filter_and_users[0], user=None), users)
    completed = completions(f"{before} user:".lstrip(), users)
    assert {parse_filter(each, users, TODAY).user for each in completed} == {NO_USER, *user_names}
