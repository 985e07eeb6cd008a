"""Deciding about a key in a review: keep it, disable it, or ask its vendor."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import InvalidInput
from core.model.review import Choice, DecisionKind
from tui.flows.status_change import disable_key
from tui.flows.typed_dates import DATE_FORM, require_date_field
from tui.modals.form import Form, FormField

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.model.api_key import ApiKey
    from core.model.review import Decision, DecisionResult, Review
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session

_YEAR = timedelta(days=365)
_LOGGED = "This is recorded in the Audit Trail."
_ACCEPTED = "What the review lists about the key is accepted until then, unless the key gets more rights."


class Deciding:
    """The decisions about one key of a review. Each method is called from a flow, and returns True if one was made.

    Each raises NotPermitted for a read-only session, and `ApiSetupError` if nothing was decided.

    Args:
        screen: The screen that the dialogs open above.
        session: The open office.
        review: The review as it is shown.
        key: The key.
        today: The day by the practice's clock.
    """

    def __init__(self, screen: BaseScreen[Any], session: Session, review: Review, key: ApiKey, today: date) -> None:
        self._screen = screen
        self._session = session
        self._review = review
        self._key = key
        self._today = today

    async def keep(self) -> bool:
        """Ask until when to keep the key."""
        before = self._choice
        until = before.until if before is not None and before.until is not None else None
        fields = [
            FormField(
                "until", "Keep until", (until or self._today + _YEAR).isoformat(), None, DATE_FORM, is_short=True
            ),
            self._note_field(),
        ]
        return await self._ask("Keep this key?", _ACCEPTED, fields, _parse_keep)

    async def ask_vendor(self) -> bool:
        """Ask for what the vendor is asked."""
        line = "The key stays as it is. It counts as decided, and what is found about it is not accepted."
        return await self._ask("Ask the vendor?", line, [self._note_field()], _parse_ask)

    async def disable(self) -> bool:
        """Disable the key after the same question as everywhere."""
        if self._key.status.disabled:
            self._screen.show_status("This key is disabled already, so it needs no decision.")
            return False
        note = self._choice.note if self._choice is not None else ""
        remark = f"It is also the decision in the review {self._review.name}."
        return await disable_key(
            self._screen, self._session, self._key, self._decision(Choice(DecisionKind.DISABLE, note=note)), [remark]
        )

    async def change_remark(self) -> bool:
        """Ask for another note on the decision that was made."""
        choice = self._choice
        if choice is None:
            self._screen.show_status("This key has no decision yet.")
            return False

        def parse(texts: Mapping[str, str]) -> Choice:
            return Choice(choice.kind, choice.until, texts["note"])

        return await self._ask(f"Note on: {choice.label}", "", [self._note_field()], parse)

    @property
    def _choice(self) -> Choice | None:
        item = self._review.item(self._key.fingerprint)
        decision: Decision | None = item.decision if item is not None else None
        return decision.choice if decision is not None else None

    def _note_field(self) -> FormField:
        return FormField("note", "Note", self._choice.note if self._choice is not None else "", placeholder="optional")

    async def _ask(
        self, title: str, line: str, fields: list[FormField], parse: Callable[[Mapping[str, str]], Choice]
    ) -> bool:
        """Ask until the decision is valid, and record it."""
        self._session.require_writable()
        problem: InvalidInput | None = None
        lines = [self._key.label, *filter(None, [line]), _LOGGED]
        while True:
            choice = await self._screen.app.push_screen_wait(Form(title, lines, fields, parse, problem))
            if choice is None:
                return False
            try:
                with self._screen.busy("Saving…"):
                    done = await self._screen.commit(self._decision(choice))
            except InvalidInput as error:
                problem = error
                typed = {"until": choice.until.isoformat() if choice.until is not None else "", "note": choice.note}
                fields = [
                    FormField(each.name, each.label, typed[each.name], each.text, each.placeholder, each.is_short)
                    for each in fields
                ]
            else:
                self._screen.show_status(done.sentence, "ok")
                return True

    def _decision(self, choice: Choice) -> Callable[[], DecisionResult]:
        service, actor = self._session.office.review, self._session.actor
        return partial(service.decide, actor, self._review, self._key.fingerprint, choice)


def _parse_keep(texts: Mapping[str, str]) -> Choice:
    return Choice(DecisionKind.KEEP, require_date_field("until", texts["until"]), texts["note"])


def _parse_ask(texts: Mapping[str, str]) -> Choice:
    return Choice(DecisionKind.ASK, note=texts["note"])
