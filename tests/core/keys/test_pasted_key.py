"""The customer key is found in whatever a developer sends, and nothing else is taken for one."""

from __future__ import annotations

import json
import string
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.base.errors import InvalidInput
from core.keys.pasted_key import MIN_KEY_LENGTH, PasteSource, find_key
from tests.support.properties import examples

KEY = "Ab12Cd34Ef56Gh78"
DEVELOPER = "Dv98Ev87Gv76Hv65"
HEADER = f"Authorization: ODFHIR {DEVELOPER}/{KEY}"
URL = "https://api.opendental.com/api/v1/patients"

PASTES = {
    "a key": KEY,
    "white space around it": f"  {KEY}\r\n",
    "double quotes": f'"{KEY}"',
    "single quotes": f"'{KEY}'",
    "smart quotes": f"“{KEY}”",
    "German quotes": f"„{KEY}“",
    "backticks": f"`{KEY}`",
    "a code block": f"```\n{KEY}\n```",
    "guillemets": f"‹{KEY}›",
    "angle brackets": f"<{KEY}>",
    "Markdown, bold": f"**{KEY}**",
    "Markdown, italic": f"_{KEY}_",
    "a trailing period": f"{KEY}.",
    "a trailing comma": f"{KEY},",
    "an invisible character before it": f"\ufeff{KEY}",
    "a header": HEADER,
    "a header without its name": f"ODFHIR {DEVELOPER}/{KEY}",
    "a header without its developer": f"Authorization: ODFHIR /{KEY}",
    "a header in lower case": f"authorization:odfhir {DEVELOPER}/{KEY}",
    "a header in double quotes": f'"{HEADER}"',
    "a header in smart quotes": f"“{HEADER}”",
    "a header broken after the slash": f"Authorization: ODFHIR {DEVELOPER}/\n{KEY}",
    "a header in a quoted email": f"> Authorization: ODFHIR {DEVELOPER}/\n> {KEY}",
    "a header with a quote after the slash": f"Authorization: ODFHIR {DEVELOPER}/'{KEY}'",
    "curl -H": f'curl -H "{HEADER}" {URL}',
    "curl -H, single quotes": f"curl -H '{HEADER}' {URL}",
    "curl --header": f"curl -X GET --header '{HEADER}' {URL}",
    "curl --header=": f"curl --header='{HEADER}' {URL}",
    "curl with line breaks": f'curl \\\n  -H "{HEADER}" \\\n  {URL}',
    "curl of Windows": f'curl.exe -H "{HEADER}" ^\r\n {URL}',
    "an option alone": f'-H "{HEADER}"',
    "an option without quotes": f"-H {HEADER}",
    "JSON headers": json.dumps({"Authorization": f"ODFHIR {DEVELOPER}/{KEY}", "Accept": "*/*"}),
    "JSON of PHP": json.dumps({"Authorization": f"ODFHIR {DEVELOPER}/{KEY}"}).replace("/", "\\/"),
    "JSON inside JSON": json.dumps(json.dumps({"Authorization": f"ODFHIR {DEVELOPER}/{KEY}"})),
    "JSON of both keys": json.dumps({"DeveloperKey": DEVELOPER, "CustomerKey": KEY, "KeyStatus": "Enabled"}),
    "JSON of the portal": json.dumps([{"CustomerKey": KEY, "KeyStatus": "Enabled", "DateCreated": "2024-12-04"}]),
    "JSON of Postman": json.dumps({"key": "Authorization", "value": f"ODFHIR {DEVELOPER}/{KEY}", "type": "text"}),
    "a Postman row": f"Authorization\tODFHIR {DEVELOPER}/{KEY}\t",
    "JavaScript": f"headers: {{ 'Authorization': `ODFHIR {DEVELOPER}/{KEY}`, 'Accept': 'x' }}",
    "HTML": f"ODFHIR {DEVELOPER}/&quot;{KEY}&quot;",
    "an address with escapes": f"ODFHIR%20{DEVELOPER}%2F{KEY}",
    "customer key:": f"customer key: {KEY}",
    "Customer Key -": f"Customer Key – {KEY}",
    "customer key is": f"Your customer key is {KEY}.",
    "customer's key": f"The customer’s key: {KEY}",
    "a key on the next line": f"Customer API Key\n{KEY}\n",
    "customer_key=": f"customer_key={KEY}",
    "customerKey = '…'": f"const customerKey = '{KEY}';",
    "an environment variable": f'export OPENDENTAL_CUSTOMER_KEY="{KEY}"',
    "YAML": f"opendental:\n  developer_key: {DEVELOPER}\n  customer_key: {KEY}\n",
    "an address with the key": f"https://setup.example/start?customer_key={KEY}&step=1",
    "both keys in lines": f"Developer key: {DEVELOPER}\nCustomer key: {KEY}",
    "both keys, customer first": f"Customer key: {KEY}\nDeveloper key: {DEVELOPER}",
    "a row of a table": f"| Customer key | {KEY} |",
    "API key:": f"API Key: {KEY}",
    "a labelled pair": f"Key: {DEVELOPER}/{KEY}",
    "a pair": f"{DEVELOPER}/{KEY}",
    "a pair in quotes": f'"{DEVELOPER}/{KEY}",',
    "a short pair": f"dev/{KEY}",
    "prose": f"Hi Kim, the key for your office in Salem is {KEY}. Call 555-010-0042 before 2024-11-01 12:30. {URL}",
    "prose with the developer's key": f"Developer key: {DEVELOPER}. The one for your office will be {KEY}.",
}


@pytest.mark.parametrize("text", PASTES.values(), ids=PASTES)
def test_the_customer_key_is_found(text: str) -> None:
    found = find_key(text)
    assert found.key.reveal() == KEY
    assert found.masked == "********Gh78"
    assert found.drops_developer_key is (DEVELOPER in text or "ODFHIR" in text or "dev/" in text)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (KEY, PasteSource.ALONE),
        (f"‹{KEY}›", PasteSource.ALONE),
        (HEADER, PasteSource.HEADER),
        (f'curl -H "{HEADER}" {URL}', PasteSource.CURL),
        (f"customer_key={KEY}", PasteSource.LABEL),
        (f"dev/{KEY}", PasteSource.PAIR),
        (f"Use {KEY} please", PasteSource.PROSE),
    ],
)
def test_the_place_of_the_key_is_named(text: str, source: PasteSource) -> None:
    assert find_key(text).source is source


REFUSED = {
    "": "Please enter an API key.",
    " \t\r\n": "Please enter an API key.",
    "short": "An API key has at least 10 characters; this text has 5.",
    '"short."': "An API key has at least 10 characters; this text has 5.",
    "K" * 256: "An API key has at most 255 characters; this text has 256.",
    "unfortunately": "It is a word, not an API key.",
    "DisabledByDeveloper": "It is a word, not an API key.",
    "Content-Type": "It is a word, not an API key.",
    "Ab12Cd34Ef56é": "It has characters that aren't allowed in an API key.",
    "Ab12Cd34\u200bEf56": "It has characters that aren't allowed in an API key.",
    "Ab12Cd34+Ef56==": "It has characters that aren't allowed in an API key.",
    "TWO WORDS": "An API key can't contain spaces, and no key was found in this text.",
    "a / b": "An API key can't contain spaces, and no key was found in this text.",
    "FIRSTKEY00001\nSECONDKEY0002": "An API key can't contain spaces, and no key was found in this text.",
    URL: "This is a web address, not an API key.",
    f"{URL}/{KEY}": "This is a web address, not an API key.",
    "kim@office.example": "This is an e-mail address, not an API key.",
    "a/b/c": "This is a path, not an API key.",
    "YOUR_CUSTOMER_KEY": "This text has a placeholder where the key should be.",
    "Authorization: ODFHIR {DeveloperKey}/{CustomerKey}": "This text has a placeholder where the key should be.",
    "`ODFHIR ${developerKey}/${customerKey}`": "This text has a placeholder where the key should be.",
    f"customer key: {'x' * 16}": "This text has a placeholder where the key should be.",
    f"ODFHIR {DEVELOPER}": "This Authorization header has no customer key after a slash.",
    "ODFHIR dev/cust": "The part after the slash of this header can't be the key.",
    f"Developer key: {DEVELOPER}": "This text has only the developer's key, which doesn't belong here.",
    "customer key: soon01": "The text after the word key can't be the key. An API key has at least 10 characters",
    f"{KEY} or {DEVELOPER}": "This text has 2 possible keys: ********Gh78 and ********Hv65.",
    f"Developer Key\tCustomer Key\n{DEVELOPER}\t{KEY}": "This text has 2 possible keys",
    f"ODFHIR x/{KEY} and ODFHIR x/{DEVELOPER}": "This text has 2 possible keys",
}


@pytest.mark.parametrize(("text", "sentence"), REFUSED.items(), ids=[repr(text[:40]) for text in REFUSED])
def test_what_cannot_be_a_key_is_refused_with_the_reason(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        find_key(text)
    assert caught.value.field == "key"
    assert caught.value.sentence.startswith(sentence)


# -- properties --------------------------------------------------------------------

ALPHABET = string.ascii_letters + string.digits
keys = st.text(ALPHABET, min_size=16, max_size=16).filter(lambda key: any(each.isdigit() for each in key))
longer_keys = st.builds(
    "{}{}{}".format,
    st.sampled_from(string.digits),
    st.text(ALPHABET + "-_", min_size=MIN_KEY_LENGTH, max_size=200),
    st.sampled_from(ALPHABET),
)
marks = st.text("\"'`‹›“”„«»<>()[]{}*.,;:!| \t\n\ufeff\u200b", max_size=5)
WRAPPERS = (
    "{key}",
    "ODFHIR {developer}/{key}",
    "curl -H 'Authorization: ODFHIR {developer}/{key}' https://api.example/v1",
    '{{"DeveloperKey": "{developer}", "CustomerKey": "{key}"}}',
    "customer_key={key}",
    "Customer key: {key}",
    "Authorization\tODFHIR {developer}/{key}\t",
)


@given(st.one_of(keys, longer_keys), keys, st.sampled_from(WRAPPERS), marks, marks)
@examples(600)
def test_a_key_is_found_in_every_form_with_any_marks_around_it(
    key: str, developer: str, form: str, before: str, after: str
) -> None:
    assume(key != developer)
    assert find_key(f"{before}{form.format(key=key, developer=developer)}{after}").key.reveal() == key


@given(keys, keys, st.sampled_from(WRAPPERS[1:]))
@examples(200)
def test_no_answer_holds_the_developers_key(key: str, developer: str, form: str) -> None:
    assume(key != developer)
    for text in (form.format(key=key, developer=developer), form.format(key="", developer=developer)):
        try:
            said = repr(found := find_key(text)) + found.key.reveal()
        except InvalidInput as error:
            said = str(error)
        assert developer not in said


@given(st.text(max_size=80))
@examples(400)
def test_any_text_has_a_key_of_its_own_characters_or_a_reason(text: str) -> None:
    try:
        found = find_key(text)
    except InvalidInput as error:
        reason = (error.field, bool(error.sentence))
        found = None
    if found is None:
        assert reason == ("key", True)
        return
    key = found.key.reveal()
    assert MIN_KEY_LENGTH <= len(key) <= 255
    assert key in text


@given(keys, st.sampled_from(WRAPPERS))
@examples(100)
def test_a_key_that_was_found_is_found_in_itself(key: str, form: str) -> None:
    found = find_key(form.format(key=key, developer="Dv98Ev87Gv76Hv65"))
    assert find_key(found.key.reveal()).key == found.key


@given(keys)
@examples(50)
def test_escapes_of_an_address_are_undone(key: str) -> None:
    assert find_key(quote(f"ODFHIR dev/{key}", safe="")).key.reveal() == key
