"""Texts about a developer's use of the API: the age of the last change, a small chart, and what was counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from core.model.age import format_ago, format_duration
from core.model.developer_use import DAYS, IDLE_DAYS, is_idle_key
from core.opendental.permission_types import PERMISSIONS
from tui.bindings import key as key_named
from tui.key_names import display
from tui.widgets.details_panel import KEY_LABEL_WIDTH, labeled
from tui.widgets.tones import Line, Tone, safe_line

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from core.model.developer_use import DeveloperUse, KnownUse, TrailFloor, UseDetails
    from core.opendental.price_list import PriceList

_NO_TRACE = "This key may only read, which leaves no trace."
_BARS = "▁▂▃▄▅▆▇█"
_NONE = "·"
_KINDS_SHOWN = 4
_UNREAD = "…"
_NEVER = "—"


@dataclass(frozen=True)
class KeyUse:
    """The known use of one key, and the values that it is compared with."""

    use: DeveloperUse | None
    now: datetime
    prices: PriceList
    same_developer: int = 1
    """The number of keys of this developer in the list."""
    details: UseDetails | None = None
    floor: TrailFloor | None = None

    @classmethod
    def of(
        cls, key: ApiKey, known: KnownUse, prices: PriceList, keys: Iterable[ApiKey], details: UseDetails | None
    ) -> KeyUse:
        """Return what is known about the use of one of several keys."""
        folded = key.developer.casefold()
        same = sum(each.developer.casefold() == folded and not each.gone for each in keys)
        return cls(known.developers.get(key.developer), known.now, prices, same, details, known.floor)


def change_cell(use: DeveloperUse | None, now: datetime) -> str:
    """Return the age of the last change: `41 d`, `—` for none, `…` while that isn't known."""
    if use is None:
        return _UNREAD
    if use.last is None:
        return _NEVER if use.read.complete else _UNREAD
    return format_duration(max(now - use.last, now - now)).replace("less than 1 min", "now")


def reads_like(before: KnownUse, after: KnownUse) -> bool:
    """Return True if nothing on screen reads differently: no count, and no age, which is written in one unit."""
    if before.developers.keys() != after.developers.keys() or before.floor != after.floor:
        return False
    uses = [(before.developers[name], use) for name, use in after.developers.items()]
    return before.now.date() == after.now.date() and all(
        use.reads_like(earlier) and change_cell(earlier, before.now) == change_cell(use, after.now)
        for earlier, use in uses
    )


def use_summary(known: KeyUse) -> list[Line]:
    """Return the lines about the last change and the changes per day, the shortest form of what is known."""
    use = known.use
    if use is None:
        return [_labeled("Change", "reading the Audit Trail…", "dim")]
    if use.last is None:
        text = "none in the Audit Trail" if use.read.complete else f"none seen since {use.read.since:%Y-%m-%d}"
        return [_labeled("Change", text)]
    lines = [_labeled("Change", format_ago(known.now - use.last))]
    lines.append(_labeled(f"{DAYS} days", f"{use.total:,} {'change' if use.total == 1 else 'changes'}"))
    if use.total:
        lines.append(safe_line((small_chart(use.counts), "accent")))
    return lines


def use_section(key: ApiKey, known: KeyUse) -> list[Line]:
    """Return the lines that say all that is known of a key's use, and what can't be known."""
    use = known.use
    if use is None:
        return []
    lines = [safe_line(("", "normal")), safe_line(("Use, by the Audit Trail", "strong"))]
    if use.first is not None:
        lines.append(_labeled("First", f"{use.first:%Y-%m-%d %H:%M}"))
    if use.last is not None:
        lines.append(_labeled("Last", f"{use.last:%Y-%m-%d %H:%M}"))
    if use.kinds:
        lines.append(_labeled("Kinds", _kinds(use)))
        lines.append(_labeled("Through", ", ".join(use.computers) or "no computer named"))
    if use.queries:
        opens = key_named("developer-queries")
        lines.append(_labeled("Queries", f"{use.queries:,} in {DAYS} days; {display(opens)} shows their text"))
    if known.details is not None and use.total:
        lines.append(_labeled("Patients", f"{known.details.patients:,} in {DAYS} days"))
    lines += [safe_line(each) for each in _warnings(key, known, use)]
    lines += [safe_line((each, "dim")) for each in _limits(key, known, use)]
    return lines


def small_chart(counts: Sequence[int]) -> str:
    """Return a bar for every two days, oldest first; days without changes are dots."""
    pairs = [sum(counts[start : start + 2]) for start in range(0, len(counts), 2)]
    most = max(pairs, default=0)
    return "".join(_BARS[-(-count * len(_BARS) // most) - 1] if count else _NONE for count in pairs)


def _kinds(use: DeveloperUse) -> str:
    shown = [f"{PERMISSIONS.name(kind)} {count:,}" for kind, count in list(use.kinds.items())[:_KINDS_SHOWN]]
    more = len(use.kinds) - len(shown)
    return ", ".join(shown) + (f", {more} more" if more > 0 else "")


def _warnings(key: ApiKey, known: KeyUse, use: DeveloperUse) -> list[tuple[str, Tone]]:
    found: list[tuple[str, Tone]] = []
    details = known.details
    if details is not None and details.after_disabled and details.last_after_disabled is not None:
        count = details.after_disabled
        found.append(
            (
                f"{count:,} {'change' if count == 1 else 'changes'} after the key was disabled, the last on"
                f" {details.last_after_disabled:%Y-%m-%d %H:%M}: from up to six hours of cached access, another key of"
                " this developer, or a time when it was enabled again.",
                "alert",
            )
        )
    if is_idle_key(key, use, known.now):
        found.append((f"Enabled, may write, and no change for {IDLE_DAYS} days.{_cost(key, known.prices)}", "warning"))
    return found


def _cost(key: ApiKey, prices: PriceList) -> str:
    price = prices.monthly(key.fields.permissions)
    if not price:
        return ""
    return f" It costs about ${price} a month by the price list of {prices.date}, used or not."


def _limits(key: ApiKey, known: KeyUse, use: DeveloperUse) -> list[str]:
    """Return what can't be known, one sentence each."""
    said = [_NO_TRACE if key.only_reads and use.last is None else "Calls that only read leave no entry."]
    if known.same_developer > 1:
        said.append(f"{known.same_developer} keys of {key.developer} share this: entries name the developer.")
    if not use.read.complete:
        said.append(f"Read back to {use.read.since:%Y-%m-%d} so far.")
    elif known.floor is not None and known.floor.oldest is not None:
        said.append(f"The Audit Trail begins on {known.floor.oldest:%Y-%m-%d}. {known.floor.removed}".rstrip())
    return said


def _labeled(label: str, text: str, tone: Tone = "normal") -> Line:
    return labeled(label, text, KEY_LABEL_WIDTH, tone)
