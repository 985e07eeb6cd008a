"""Payment types as rows of a list, and as the lines of their details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.widgets.details_panel import labeled
from tui.widgets.rows import Column, Row
from tui.widgets.tones import Line, Tone, safe_line

if TYPE_CHECKING:
    from core.model.payment_types import ListedPaymentType

COLUMNS = (
    Column("Name", 20, min_width=12, max_width=26),
    Column("List", 9, min_width=9),
    Column("Used by", 13, min_width=7, max_width=44),
    Column("Deposit slips", 13, min_width=13, from_width=62),
)
_LIST, _USED = 1, 2
_LABEL_WIDTH = 15
_MARKS: dict[bool, tuple[str, Tone]] = {False: ("● shown", "good"), True: ("○ hidden", "dim")}
_API = "the API"
_NO_COUNT = "Payments may have this type; apisetup doesn't read them to find out. Hiding it changes none of them."


def row_of(each: ListedPaymentType) -> Row:
    """Return the row of a payment type."""
    word, tone = _MARKS[each.hidden]
    uses = ", ".join(((_API,) if each.is_api_default else ()) + each.uses) or "–"
    is_wrong = each.is_api_default and each.hidden
    tones: dict[int, Tone] = {_LIST: tone, _USED: "warning" if is_wrong else "normal"}
    return Row((each.name, word, uses, _mark(each)), each.number, tones=tones, mark="!" if is_wrong else "")


def details_lines(each: ListedPaymentType) -> list[Line]:
    """Return the lines that describe a payment type, the most important first."""
    word, tone = _MARKS[each.hidden]
    lines = [safe_line((word[0], tone), (word[1:].title(), "strong"), indent=2)]
    if each.is_api_default:
        lines.append(safe_line(("Payments made through the API that name no type get this one.", "normal")))
    if each.is_api_default and each.hidden:
        lines.append(
            safe_line(("! It is hidden. Choose another one in API Setup, or show it again.", "warning"), indent=2)
        )
    lines += [safe_line((f"Used for: {use}", "normal")) for use in each.uses]
    if each.hide_refusal and not each.hidden:
        lines.append(safe_line((each.hide_refusal, "normal")))
    return [
        *lines,
        safe_line(("", "normal")),
        labeled("Deposit slips", _mark(each), _LABEL_WIDTH),
        labeled("Number", str(each.number), _LABEL_WIDTH),
        safe_line(("", "normal")),
        safe_line((_NO_COUNT, "dim")),
    ]


def _mark(each: ListedPaymentType) -> str:
    return {True: "selected", False: "not selected", None: "unknown"}[each.on_deposit_slips]
