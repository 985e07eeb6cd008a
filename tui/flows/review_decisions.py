"""Deciding about keys in a review: keep them, disable them, or ask their vendors."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import EditConflict
from core.base.plural import count_of
from core.model.review import Choice, DecisionKind
from tui.flows.conflict import MINE, resolve_conflict
from tui.flows.disable_several import disable_several
from tui.flows.series import make_in_turn, show_count
from tui.flows.status_change import disable_key
from tui.flows.typed_dates import DATE_FORM, require_date_field
from tui.flows.typed_values import AskAgain, ask_until_saved
from tui.flows.undo import show_change
from tui.modals.change_series import ChangeDone, SeriesChange
from tui.modals.form import Form, FormField

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.model.api_key import ApiKey, KeyList
    from core.model.review import DecisionResult
    from core.model.review_page import ReviewPage
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session

_YEAR = timedelta(days=365)
_LOGGED = "This is recorded in the Audit Trail."
_EACH_LOGGED = "Each decision is recorded in the Audit Trail."
_MAX_NAMED = 3


class Deciding:
    """The decisions about one or several keys of a review. Each method is called from a flow.

    Each raises NotPermitted for a read-only session.

    Args:
        screen: The screen that the dialogs open above.
        session: The open office.
        page: The review as it is shown.
        keys: The keys, at least one.

    Attributes:
        results: The decisions that were made.
        is_stale: True if the review may be different from what is shown, so that it has to be read again.
    """

    def __init__(self, screen: BaseScreen[Any], session: Session, page: ReviewPage, keys: Sequence[ApiKey]) -> None:
        self._screen = screen
        self._session = session
        self._review = page.progress.review
        self._today = page.now.date()
        self._keys = keys
        self.results: list[DecisionResult] = []
        self.is_stale = False

    async def keep(self) -> None:
        """Ask until when to keep the keys."""
        before = self._choice
        until = before.until if before is not None and before.until is not None else self._today + _YEAR
        first = Choice(DecisionKind.KEEP, until, before.note if before is not None else "")
        rest = "What the review lists about {} is accepted until then, unless the key gets more rights."
        title = "Keep this key?" if self._is_single else f"Keep {self._count}?"
        await self._ask(title, rest.format("the key" if self._is_single else "a key"), first, _parse_keep)

    async def ask_vendor(self) -> None:
        """Ask for what the vendors are asked."""
        first = Choice(DecisionKind.ASK, note=self._choice.note if self._choice is not None else "")
        if self._is_single:
            line = "The key stays as it is. It counts as decided, and what is found about it is not accepted."
            await self._ask("Ask the vendor?", line, first, _parse_ask)
            return
        line = "The keys stay as they are. They count as decided, and what is found about them is not accepted."
        await self._ask(f"Ask the vendors of {self._count}?", line, first, _parse_ask)

    async def disable(self) -> None:
        """Disable the keys after the same question as everywhere.

        Raises:
            ApiSetupError: The only key was not disabled, or nothing was decided.
        """
        # Without the note of the decision before, which may be somebody else's.
        decide = partial(self._decide, Choice(DecisionKind.DISABLE), None)
        name = self._review.name
        if not self._is_single:
            remark = f"These are also the decisions in the review {name}."
            await disable_several(self._screen, self._session, self._keys, change=decide, remarks=[remark])
            self.is_stale = len(self.results) < len(self._keys)
            return
        (key,) = self._keys
        if key.status.disabled:
            self._screen.show_status("This key is disabled already, so it needs no decision.")
            return
        remark = f"It is also the decision in the review {name}."
        changed = await disable_key(self._screen, self._session, key, partial(decide, key), [remark])
        # The outcome may be unknown.
        self.is_stale = changed and not self.results

    async def change_remark(self) -> None:
        """Ask for another note on the decision that was made."""
        choice = self._choice
        if choice is None:
            self._screen.show_status("This key has no decision yet.")
            return

        def parse(texts: Mapping[str, str]) -> Choice:
            return replace(choice, note=texts["note"])

        await self._ask(f"Note on: {choice.label}", "", choice, parse, dated=False)

    # -- parts ---------------------------------------------------------------------

    @property
    def _is_single(self) -> bool:
        return len(self._keys) == 1

    @property
    def _count(self) -> str:
        return count_of(len(self._keys), "key")

    @property
    def _choice(self) -> Choice | None:
        """The decision about the only key; None if there is none, or if there are several keys."""
        item = self._review.item(self._keys[0].fingerprint) if self._is_single else None
        return item.decision.choice if item is not None and item.decision is not None else None

    async def _ask(
        self, title: str, line: str, first: Choice, parse: Callable[[Mapping[str, str]], Choice], *, dated: bool = True
    ) -> None:
        """Ask until the decision is recorded, or the admin leaves it."""
        self._session.require_writable()
        logged = _LOGGED if self._is_single else _EACH_LOGGED
        lines = [*self._names, *filter(None, [line]), logged]

        def form(typed: Choice | None) -> Form[Choice]:
            return Form(title, lines, _fields(typed or first, first, dated=dated), parse)

        await ask_until_saved(self._screen, form, self._save if self._is_single else self._save_several)

    @property
    def _names(self) -> list[str]:
        if self._is_single:
            return [self._keys[0].label]
        items = (self._review.item(key.fingerprint) for key in self._keys)
        decided = sum(item is not None and item.decision is not None for item in items)
        replaced = [f"It replaces the decision about {count_of(decided, 'key')}."] if decided else []
        more = len(self._keys) - _MAX_NAMED
        return [
            *(f"  {key.label}" for key in self._keys[:_MAX_NAMED]),
            *([f"  and {more} more"] if more > 0 else []),
            *replaced,
        ]

    async def _save(self, choice: Choice) -> DecisionResult | AskAgain[Choice] | None:
        """Record the decision about the only key; if another admin decided about it, ask whose decision stands."""
        (key,) = self._keys
        self.is_stale, has_conflict = True, False
        while True:
            try:
                with self._screen.busy("Saving…"):
                    done = await self._screen.commit(partial(self._decide, choice, None, key))
            except EditConflict as error:
                has_conflict = True
                answer = await resolve_conflict(self._screen, error)
                if answer is None:
                    return AskAgain(choice)
                if answer != MINE:
                    return None
                find = partial(self._session.office.review.find, self._review.name)
                self._review = await self._screen.call_service(find, group="review")
            else:
                self.is_stale = has_conflict
                show_change(self._screen, self._session, done.sentence)
                return done

    async def _save_several(self, choice: Choice) -> bool:
        """Record the decision about each key, with its own result."""
        service = self._session.office.review
        self.is_stale = True
        choice = await self._screen.call_service(partial(service.check_choice, choice), group="review")
        listed = await self._screen.call_service(self._session.office.keys.list, group="keys")

        def change(key: ApiKey) -> SeriesChange:
            def make() -> ChangeDone:
                return ChangeDone(self._decide(choice, listed, key).sentence)

            return SeriesChange(key.label, make)

        title = f"Decide about {self._count}: {choice.label}"
        results = await make_in_turn(self._screen, self._session, title, list(map(change, self._keys)))
        errors = [result.error for result in results if result.error is not None]
        # A decision whose answer was lost counts, without a result.
        done = sum(result.done is not None for result in results)
        if errors and not done:
            raise errors[0]
        self.is_stale = len(self.results) < len(self._keys)
        show_count(self._screen, self._session, "Decided about", done, len(self._keys), f": {choice.label}")
        return True

    def _decide(self, choice: Choice, listed: KeyList | None, key: ApiKey) -> DecisionResult:
        """Decide about a key. Blocks."""
        service, actor = self._session.office.review, self._session.actor
        result = service.decide(actor, self._review, key.fingerprint, choice, listed=listed)
        self.results.append(result)
        return result


def _fields(typed: Choice, first: Choice, *, dated: bool) -> list[FormField]:
    """Return the fields of a decision: its date, if it has one and it is asked for, and its note."""
    note = FormField("note", "Note", typed.note, first.note, "optional")
    if not dated or typed.until is None or first.until is None:
        return [note]
    until, before = typed.until.isoformat(), first.until.isoformat()
    return [FormField("until", "Keep until", until, before, DATE_FORM, is_short=True), note]


def _parse_keep(texts: Mapping[str, str]) -> Choice:
    return Choice(DecisionKind.KEEP, require_date_field("until", texts["until"]), texts["note"])


def _parse_ask(texts: Mapping[str, str]) -> Choice:
    return Choice(DecisionKind.ASK, note=texts["note"])
