"""The kinds of values inside audit texts: how each is written, and read again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

from core.model.audit_entry import counted
from core.model.event_codec import (
    FREE_TEXT,
    QUOTED,
    RECEIPT_NUMBER,
    Codec,
    FreeTextCodec,
    Matching,
    Quote,
    VendorTextCodec,
    format_moment,
    in_quotes,
    without_quotes,
)
from core.model.event_values import (
    CopyChange,
    KeyGrant,
    KeyLabel,
    KeyName,
    KeyNames,
    ListChange,
    NoteChange,
    NoteField,
    PaymentTypeChange,
    PaymentTypeField,
    Setting,
    SettingChange,
)
from core.opendental.key_status import KeyStatus

NOT_DECIDED = "not decided"
"""The text in place of a decision about a key that has none."""
_DECISION = r"keep until [0-9]{4}-[0-9]{2}-[0-9]{2}|disable|ask the vendor"


class _Status(Codec):
    pattern = "|".join(re.escape(status.label) for status in KeyStatus)

    def write(self, value: KeyStatus, _quote: Quote, /) -> str:
        return value.label

    def read(self, text: str) -> KeyStatus:
        return next(status for status in KeyStatus if status.label == text)


class _Count(Codec):
    pattern = "[0-9,]+ entr(?:y|ies)"

    def write(self, value: int, _quote: Quote, /) -> str:
        return counted(value)

    def read(self, text: str) -> int:
        return int(text.partition(" ")[0].replace(",", "") or 0)


class _Number(Codec):
    """The primary key of a row."""

    pattern = "[0-9]+"

    def write(self, value: int, _quote: Quote, /) -> str:
        return str(value)

    def read(self, text: str) -> int:
        return int(text)


class _Moment(Codec):
    """A time in whole seconds; None for no time."""

    pattern = "none|[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"

    def write(self, value: datetime | None, _quote: Quote, /) -> str:
        return format_moment(value)

    def read(self, text: str) -> datetime | None:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return None


class _UndoneEntry(Codec):
    pattern = r"(?: \(undoing entry [1-9][0-9]*\))?"

    def write(self, value: int, _quote: Quote, /) -> str:
        return f" (undoing entry {value})" if value else ""

    def read(self, text: str) -> int:
        return int(re.sub(r"\D", "", text) or 0)


class _InReceipt(Codec):
    """The number of the receipt of a change in several offices; empty for a change that has none."""

    pattern = rf"(?: \(receipt {RECEIPT_NUMBER}\))?"

    def write(self, value: str, _quote: Quote, /) -> str:
        return f" (receipt {value})" if value else ""

    def read(self, text: str) -> str:
        return text.removeprefix(" (receipt ").removesuffix(")")


class _KeyName(Codec):
    pattern = r"\*+\S{0,4} #[0-9a-f]{6}"

    def write(self, value: KeyName, _quote: Quote, /) -> str:
        return str(value)

    def read(self, text: str) -> KeyName:
        masked, _, tag = text.rpartition(" ")
        return KeyName(masked, tag)


class _KeyLabel(Codec):
    pattern = rf"{_KeyName.pattern} \((?:{FREE_TEXT})\)"

    def write(self, value: KeyLabel, quote: Quote, /) -> str:
        return f"{value.name} ({quote(value.developer)})"

    def read(self, text: str) -> KeyLabel:
        name, _, developer = text.partition(" (")
        return KeyLabel(_KeyName().read(name), without_quotes(developer.removesuffix(")")))


class _NewKeyLabel(_KeyLabel):
    """The label of a key that is being added, whose developer may not be known yet."""

    pattern = rf"{_KeyName.pattern}(?: \((?:{FREE_TEXT})\))?"

    def write(self, value: KeyLabel, quote: Quote, /) -> str:
        return super().write(value, quote) if value.developer else str(value.name)


class _ForKey(Codec):
    """The label of the key that an agreement was accepted or declined for; versions before 0.2 didn't name it."""

    pattern = rf"(?: for API key {_NewKeyLabel.pattern})?"
    _start = " for API key "

    def write(self, value: KeyLabel | None, quote: Quote, /) -> str:
        return f"{self._start}{_NewKeyLabel().write(value, quote)}" if value is not None else ""

    def read(self, text: str) -> KeyLabel | None:
        return _NewKeyLabel().read(text.removeprefix(self._start)) if text else None


class _Grant(Codec):
    """The rights of a new key, and the day since which its agreement is in place; versions before 0.2 didn't say it."""

    _items = rf"(?:{QUOTED}|[^\"])+?"
    _parts = re.compile(rf"; permissions (?P<names>{_items}); BAA (?P<since>none|since [0-9-]+)", re.DOTALL)
    pattern = rf"(?:; permissions {_items}; BAA (?:none|since [0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}))?"
    _unknown = "not known"
    _none = "none"

    def write(self, value: KeyGrant | None, quote: Quote, /) -> str:
        if value is None:
            return ""
        since = f"since {value.agreement_since.isoformat()}" if value.agreement_since else self._none
        return f"; permissions {self._write_names(value.permissions, quote)}; BAA {since}"

    def read(self, text: str) -> KeyGrant | None:
        found = self._parts.fullmatch(text)
        if found is None:
            return None
        since = found["since"]
        try:
            day = date.fromisoformat(since.removeprefix("since ")) if since != self._none else None
        except ValueError:
            return None
        names = {self._unknown: None, self._none: ()}.get(found["names"], _split(found["names"]))
        return KeyGrant(names, day)

    def _write_names(self, names: tuple[str, ...] | None, quote: Quote) -> str:
        if names is None:
            return self._unknown
        # A name that could be taken for one of the two words is written in quotes.
        reserved = (self._unknown, self._none)
        return ", ".join(in_quotes(name) if name in reserved else quote(name) for name in names) or self._none


class _Changes(Codec):
    """Values before and after, each with the name of what was changed.

    Args:
        names: What can be changed, in the order in which texts name it.
        make: Makes a change of a name and the two texts.
    """

    pattern = ".+?"

    def __init__(
        self, names: type[Setting | PaymentTypeField | NoteField], make: Callable[[Any, str, str], Any]
    ) -> None:
        self._all = list(names)
        self._make = make
        alternatives = "|".join(re.escape(each.value) for each in names)
        self._change = re.compile(
            rf"(?P<setting>{alternatives})(?: changed)? from (?P<before>{FREE_TEXT}) to (?P<after>{FREE_TEXT})"
            rf"(?=; (?:{alternatives}) from |\Z)",
            re.DOTALL,
        )

    def write(self, value: tuple[SettingChange | PaymentTypeChange | NoteChange, ...], quote: Quote, /) -> str:
        phrases = [f"{each.setting.value} from {quote(each.before)} to {quote(each.after)}" for each in value]
        return "; ".join(phrases).replace(" from ", " changed from ", 1)

    def read(self, text: str) -> tuple[Any, ...]:
        found = list(self._change.finditer(text))
        by_name = {each.value: each for each in self._all}
        order = [self._all.index(by_name[each["setting"]]) for each in found]
        # Entries name each setting once and in one order. Otherwise one of them is part of a payment type's name:
        # versions before 0.2 wrote no quotes.
        if order != sorted(set(order)):
            return ()
        return tuple(
            self._make(by_name[each["setting"]], without_quotes(each["before"]), without_quotes(each["after"]))
            for each in found
            # With the word in a name, nobody can tell where the value ends.
            if each["after"].startswith('"') or " to " not in each["after"]
        )


class _Permissions(Codec):
    """Permissions that were added and removed; neither means that only their order changed."""

    _items = rf"(?:{QUOTED}|[^\"])+?"
    _change = re.compile(rf"(?:added (?P<added>{_items}))?(?:; )?(?:removed (?P<removed>{_items}))?", re.DOTALL)
    _order = "their order"
    pattern = rf"(?:added|removed) {_items}|{_order}"

    def write(self, value: ListChange, quote: Quote, /) -> str:
        phrases = [
            f"{verb} {', '.join(map(quote, names))}"
            for verb, names in (("added", value.added), ("removed", value.removed))
            if names
        ]
        return "; ".join(phrases) or self._order

    def read(self, text: str) -> ListChange:
        found = self._change.fullmatch(text)
        if found is None:
            return ListChange()
        return ListChange(_split(found["added"]), _split(found["removed"]))


class _CopyChange(Codec):
    """Keys that were added to the practice's copy and removed from it; neither means removed duplicates."""

    _names = rf"{_KeyName.pattern}(?:, {_KeyName.pattern})*(?: and [0-9]+ more)?"
    _change = re.compile(rf"(?:added (?P<added>{_names}))?(?:(?:; )?removed (?P<removed>{_names}))?")
    _duplicates = "duplicate rows removed"
    _duplicates_before = "rows that stood there twice removed"
    pattern = rf"(?:added {_names})(?:; removed {_names})?|removed {_names}|{_duplicates}|{_duplicates_before}"

    def write(self, value: CopyChange, _quote: Quote, /) -> str:
        added, removed = (_write_names(names) for names in (value.added, value.removed))
        phrases = [f"added {added}"] if added else []
        phrases += [f"removed {removed}"] if removed else []
        return "; ".join(phrases) or self._duplicates

    def read(self, text: str) -> CopyChange:
        found = self._change.fullmatch(text)
        added, removed = (found["added"], found["removed"]) if found is not None else (None, None)
        return CopyChange(_read_names(added or ""), _read_names(removed or ""))


class _Day(Codec):
    pattern = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def write(self, value: date, _quote: Quote, /) -> str:
        return value.isoformat()

    def read(self, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            return date.min


class _Remark(Codec):
    """A text at the end of a sentence; empty for none."""

    _start = "; note: "
    pattern = rf"(?:{_start}(?:{FREE_TEXT}))?"

    def write(self, value: str, quote: Quote, /) -> str:
        return f"{self._start}{quote(value)}" if value else ""

    def read(self, text: str) -> str:
        return without_quotes(text.removeprefix(self._start))


class _OpenKeys(Codec):
    """Some keys by name; none for a list that is empty."""

    _none = "none"
    pattern = rf"{_none}|{_CopyChange._names}"

    def write(self, value: KeyNames, _quote: Quote, /) -> str:
        return _write_names(value) if value.named else self._none

    def read(self, text: str) -> KeyNames:
        return _read_names(text)


def _split(names: str | None) -> tuple[str, ...]:
    found = re.findall(rf"(?:{QUOTED}|[^\",])+", names or "", re.DOTALL)
    return tuple(without_quotes(each.removeprefix(" ")) for each in found)


def _write_names(names: KeyNames) -> str:
    return ", ".join(map(str, names.named)) + (f" and {names.more} more" if names.more else "")


def _read_names(text: str) -> KeyNames:
    names = tuple(_KeyName().read(each) for each in re.findall(_KeyName.pattern, text))
    more = re.search(r" and ([0-9]+) more\Z", text)
    return KeyNames(names, int(more[1]) if more else 0)


FreeText = Annotated[str, FreeTextCodec()]
VendorText = Annotated[str, VendorTextCodec()]
ClearKey = Annotated[str, Matching(r"[^\s*]\S*")]
KeyField = Annotated[str, Matching("e-mail|phone|Business Associate Agreement")]
Sha256 = Annotated[str, Matching("[0-9a-f]{64}")]
Sha256Start = Annotated[str, Matching("[0-9a-f]{12}")]
Status = Annotated[KeyStatus, _Status()]
Count = Annotated[int, _Count()]
Number = Annotated[int, _Number()]
Moment = Annotated[datetime | None, _Moment()]
UndoneEntry = Annotated[int, _UndoneEntry()]
ReceiptNumber = Annotated[str, Matching(RECEIPT_NUMBER)]
InReceipt = Annotated[str, _InReceipt()]
Name = Annotated[KeyName, _KeyName()]
Label = Annotated[KeyLabel, _KeyLabel()]
NewLabel = Annotated[KeyLabel, _NewKeyLabel()]
ForKey = Annotated[KeyLabel | None, _ForKey()]
Grant = Annotated[KeyGrant | None, _Grant()]
Changes = Annotated[tuple[SettingChange, ...], _Changes(Setting, SettingChange)]
TypeChanges = Annotated[tuple[PaymentTypeChange, ...], _Changes(PaymentTypeField, PaymentTypeChange)]
Permissions = Annotated[ListChange, _Permissions()]
Copy = Annotated[CopyChange, _CopyChange()]
NoteChanges = Annotated[tuple[NoteChange, ...], _Changes(NoteField, NoteChange)]
Day = Annotated[date, _Day()]
Chosen = Annotated[str, Matching(_DECISION)]
Restored = Annotated[str, Matching(rf"{NOT_DECIDED}|{_DECISION}")]
Remark = Annotated[str, _Remark()]
OpenKeys = Annotated[KeyNames, _OpenKeys()]
