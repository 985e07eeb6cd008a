"""The customer key in a text that somebody pasted, such as a developer's email, a header or a curl command.

A request to the API carries two keys, `Authorization: ODFHIR {developer key}/{customer key}`. Only the customer key
belongs to the office; the developer's half is never returned from here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from core.base.errors import InvalidInput
from core.base.secret import Secret
from core.model.key_text import MAX_KEY_LENGTH, mask

MIN_KEY_LENGTH = 10
"""The shortest text that is taken for a key. The keys that Open Dental publishes as examples have 16 characters."""


class PasteSource(Enum):
    """The place in a pasted text where the key was found; the values are the ends of sentences."""

    CURL = "a curl command"
    HEADER = "an Authorization header"
    LABEL = "a text that names it"
    PAIR = "a developer key and a customer key"
    ALONE = "the text itself"
    PROSE = "a longer text"


@dataclass(frozen=True)
class PastedKey:
    """The customer key found in a pasted text."""

    key: Secret
    source: PasteSource
    drops_developer_key: bool
    """True if the text holds the developer's key, too, which is left out."""

    @property
    def masked(self) -> str:
        """The key with all but its last four characters hidden."""
        return mask(self.key.reveal())


def find_key(text: str) -> PastedKey:
    """Find the customer key in a text that was pasted or typed.

    The places are tried from the most certain to the least: a header, a label such as `customer key:`, a pair
    `developer/customer`, a text that is nothing but a key in quotes, and a single word in prose that has the shape of
    Open Dental's keys.

    Raises:
        InvalidInput: No key was found, or more than one; the field is `key`. The message quotes nothing of the text,
            which may be a secret of another kind.
    """
    plain = _decode(text)
    if not plain:
        raise InvalidInput("key", "Please enter an API key.")
    for source, search in _SEARCHES:
        found = tuple(dict.fromkeys(search(plain)))
        if len(found) > 1:
            raise _refuse_several(found)
        if found:
            return PastedKey(Secret(found[0]), _refine(source, plain), _has_developer_key(source, plain))
    sentence, hint = _reason(plain)
    raise InvalidInput("key", sentence, hint)


def refuse_keys_in(texts: Mapping[str, str], key: str = "") -> None:
    """Refuse a key in a text that is shown and logged as it is, where a paste can put it by mistake.

    Args:
        texts: The texts by the name of their field.
        key: The key that is being added; without it only whole headers are found.

    Raises:
        InvalidInput: A text has a key in it.
    """
    for field, text in texts.items():
        if _SCHEME.search(text) or (key and key in text):
            raise InvalidInput(field, "This field contains an API key, which would be shown and logged.", "Remove it.")


# Marks that people, mail programs and chats put around a key: everything but letters, digits, dashes and underscores.
_AROUND = r"[^\w-]*"
_MARKED = re.compile(rf"{_AROUND}([A-Za-z0-9_-]+){_AROUND}")
_SCHEME = re.compile(r"\bODFHIR\b", re.IGNORECASE)
# A quoted email breaks the line after the slash and begins the next one with `>`.
_HEADER = re.compile(r"\bODFHIR\s+([^\s/]*)\s*/\s*(?:[>\"'<]\s*)*([^\s/,;\"'<>]*)", re.IGNORECASE)
# The words around `key` vary: OPENDENTAL_CUSTOMER_KEY, customerApiKey, Customer API Key, CustApiKey, APIKeyValue.
_LABEL = re.compile(
    r"(?:(?P<owner>customer|cust|office|practice|developer|dev)(?:['’]s)?[\s_-]{0,3}|(?<![A-Za-z0-9]))"
    r"(?:api[\s_-]{0,3})?key(?:value)?(?![\w-])"
    r"(?P<between>[^\w-]{1,12}(?:is\b[^\w-]{1,4})?|\s{0,3}-{1,2}\s{1,3})(?P<value>[^\s,;&\"'<>]+)",
    re.IGNORECASE,
)
_LINK = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://\S*", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")
_PLACEHOLDER = re.compile(
    r"(?:your|my|the|insert|enter)*(?:customer|cust|developer|dev|api|opendental)*key(?:here|value)*|x{4,}",
    re.IGNORECASE,
)
_PUBLISHED_SHAPE = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9]{16}")


def _decode(text: str) -> str:
    """Return a text without the escapes of JSON, shells, URLs and HTML."""
    plain = re.sub(r"&(?:#x?[0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});", lambda entity: html.unescape(entity[0]), text)
    plain = re.sub(r"\\[nrt](?![A-Za-z])", " ", plain)
    plain = plain.replace("\\/", "/").replace("\\", " ")
    plain = re.sub("%2f", "/", plain, flags=re.IGNORECASE).replace("%20", " ")
    return plain.strip()


# -- places --------------------------------------------------------------------


def _in_header(text: str) -> Iterable[str]:
    return _possible(match[2] for match in _HEADER.finditer(text))


@dataclass(frozen=True)
class _Label:
    developers: bool
    """True if the developer's key is named."""
    customers: bool
    only_blanks: bool
    """True if nothing but white space stands between the label and its value, as in the head of a table."""
    is_pair: bool
    value: str


def _labels(text: str) -> Iterator[_Label]:
    for match in _LABEL.finditer(text):
        value = match["value"]
        if "://" in value:
            continue
        owner = (match["owner"] or "").casefold()
        developers = owner.startswith("dev")
        yield _Label(
            developers=developers,
            customers=bool(owner) and not developers,
            only_blanks=match["between"].isspace(),
            is_pair="/" in value,
            value=value.rpartition("/")[2],
        )


def _after_label(text: str) -> Iterable[str]:
    """Return what `customer key` labels; without such a label, what `key` alone does."""
    labels = list(_labels(text))
    # Where the two labels stand side by side above their values, a value isn't the one of the label before it.
    is_table = any(each.developers and not tuple(_possible([each.value])) for each in labels)
    trusted = [each for each in labels if not (is_table and each.only_blanks)]
    named = tuple(_possible(each.value for each in trusted if each.customers))
    if named or _SCHEME.search(text):
        return named
    return _possible(each.value for each in trusted if not each.customers and not each.developers)


def _in_pair(text: str) -> Iterable[str]:
    """Return the second half of each `developer/customer` that isn't part of a path or a link."""
    if _SCHEME.search(text):
        return ()
    words = (re.fullmatch(r"[^\s/]*\w[^\s/]*/([^\s/]+)", word) for word in _without_links(text).split())
    return _possible(match[1] for match in words if match)


def _alone(text: str) -> Iterable[str]:
    return () if "/" in text else _possible([text])


def _in_prose(text: str) -> Iterable[str]:
    """Return each word with the shape of Open Dental's keys, unless it is the developer's."""
    if _SCHEME.search(text):
        return ()
    developers = {key for each in _labels(text) if each.developers for key in _possible([each.value])}
    words = _possible(word for word in _without_links(text).split() if "/" not in word)
    return (word for word in words if word not in developers and _PUBLISHED_SHAPE.fullmatch(word))


_SEARCHES: tuple[tuple[PasteSource, Callable[[str], Iterable[str]]], ...] = (
    (PasteSource.HEADER, _in_header),
    (PasteSource.LABEL, _after_label),
    (PasteSource.PAIR, _in_pair),
    (PasteSource.ALONE, _alone),
    (PasteSource.PROSE, _in_prose),
)


def _refine(source: PasteSource, text: str) -> PasteSource:
    is_curl = source is PasteSource.HEADER and re.search(r"\bcurl(?:\.exe)?\s", text)
    return PasteSource.CURL if is_curl else source


def _has_developer_key(source: PasteSource, text: str) -> bool:
    in_pair = source in (PasteSource.HEADER, PasteSource.PAIR)
    return in_pair or bool(_HEADER.search(text)) or any(each.developers or each.is_pair for each in _labels(text))


# -- words ---------------------------------------------------------------------


def _possible(texts: Iterable[str]) -> Iterator[str]:
    """Yield each text that can be a key, without the marks around it."""
    for text in texts:
        match = _MARKED.fullmatch(text)
        key = _unwrap(match[1]) if match else ""
        if MIN_KEY_LENGTH <= len(key) <= MAX_KEY_LENGTH and not _is_word(key) and not _is_placeholder(key):
            yield key


def _unwrap(key: str) -> str:
    """Return the text inside the underscores of Markdown."""
    match = re.fullmatch(r"(_{1,2})(.+)\1", key)
    return match[2] if match else key


def _is_word(text: str) -> bool:
    """Return True for words of a language, also joined: `unfortunately`, `DisabledByDeveloper`, `Content-Type`.

    Of the keys with 16 random letters and digits, fewer than one in a million has this form.
    """
    parts = re.split("[-_]+", text)
    if len(parts) == 1:
        return bool(_WORDS.fullmatch(text))
    return all(not part or (part.isalpha() and (part.isupper() or _WORDS.fullmatch(part))) for part in parts)


_WORDS = re.compile(r"[A-Z]?[a-z]+(?:[A-Z][a-z]+)*")


def _is_placeholder(key: str) -> bool:
    return bool(_PLACEHOLDER.fullmatch(re.sub("[_-]", "", key)))


def _without_links(text: str) -> str:
    return _ADDRESS.sub(" ", _LINK.sub(" ", text))


# -- reasons -------------------------------------------------------------------

_ASK = "Ask the developer for the customer key of this office."
_COPY_AGAIN = "Copy the key again, from its source."


def _refuse_several(keys: tuple[str, ...]) -> InvalidInput:
    endings = " and ".join(mask(key) for key in keys[:2])
    return InvalidInput(
        "key",
        f"This text has {len(keys)} possible keys: {endings}{', …' if len(keys) > 2 else ''}.",
        "Paste only the customer key of this office.",
    )


def _reason(text: str) -> tuple[str, str]:
    """Return why a text has no key in it, and what to do."""
    halves = [match[2] for match in _HEADER.finditer(text)]
    labels = list(_labels(text))
    if any(_stands_for_key(value) for value in (text, *halves, *(each.value for each in labels))):
        return "This text has a placeholder where the key should be.", _ASK
    if _SCHEME.search(text):
        if not halves:
            return "This Authorization header has no customer key after a slash.", _ASK
        return f"The part after the slash of this header can't be the key. {_word_reason(halves[0])}", _COPY_AGAIN
    if any(each.developers for each in labels) and not any(each.customers for each in labels):
        return "This text has only the developer's key, which doesn't belong here.", _ASK
    if not _without_links(text).strip():
        return f"This is {'a web address' if _LINK.search(text) else 'an e-mail address'}, not an API key.", _ASK
    named = [each.value for each in labels if not each.developers and not each.only_blanks]
    if named:
        return f"The text after the word key can't be the key. {_word_reason(named[0])}", _COPY_AGAIN
    if len(text.split()) > 1:
        return "An API key can't contain spaces, and no key was found in this text.", "Paste the key alone."
    return _word_reason(text), _COPY_AGAIN


def _stands_for_key(value: str) -> bool:
    match = _MARKED.fullmatch(value)
    return "${" in value or "{{" in value or bool(match and _is_placeholder(_unwrap(match[1])))


def _word_reason(word: str) -> str:
    text = re.sub(rf"\A{_AROUND}|{_AROUND}\Z", "", word)
    if "/" in text:
        return "This is a path, not an API key."
    if len(text) > MAX_KEY_LENGTH:
        return f"An API key has at most {MAX_KEY_LENGTH} characters; this text has {len(text)}."
    if text and not _MARKED.fullmatch(text):
        return "It has characters that aren't allowed in an API key."
    if len(text) < MIN_KEY_LENGTH:
        return f"An API key has at least {MIN_KEY_LENGTH} characters; this text has {len(text)}."
    return "It is a word, not an API key."
