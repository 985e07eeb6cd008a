"""The service for reviews of a practice's API keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from core.base.errors import ApiSetupError, OperationNotAllowed, OutcomeUnknown
from core.companion.store import Companion
from core.model.actor import Actor
from core.model.api_key import ApiKey, KeyChange, KeyList
from core.model.event_values import KeyLabel, KeyName, KeyNames
from core.model.key_text import fingerprint_tag
from core.model.logged_event import AuditEvent
from core.model.resolved_change import cause_of
from core.model.review import (
    Choice,
    Decision,
    DecisionKind,
    DecisionResult,
    Findings,
    KeySnapshot,
    Review,
    ReviewDue,
    ReviewItem,
    ReviewProgress,
    ReviewSettings,
)
from core.model.review_events import KeyReviewed, ReviewEnded, ReviewStarted
from core.opendental.key_status import KeyStatus
from core.practice.practice import Practice
from core.review.checks import checked_choice, checked_name, checked_period
from core.review.decision_undo import DecisionUndo
from core.review.due import describe_due
from core.review.facts import FactSources, ReviewFacts, read_facts
from core.review.interrupted import was_made
from core.review.practice_rules import since_review
from core.review.rules import find, overdue
from core.review.snapshots import plain_snapshot, snapshots
from core.review.wording import keys as counted_keys
from core.review.writer import ReviewWriter, refuse_second, require_under_way

_NAMED = 20
"""The largest number of open keys that the entry of a review's end names; it counts the others."""


class ReviewService:
    """Says what needs a decision, and keeps the reviews in which it is decided.

    A start, a decision and an end have an entry each, which is written first: see `ReviewWriter`.

    Args:
        practice: The open practice.
        companion: Keeps the reviews.
        sources: The services that know the facts.
        settings: The thresholds, and the rules that are switched off.

    Attributes:
        settings: The thresholds, and the rules that are switched off.
        undoing: Undoes decisions.
    """

    def __init__(
        self, practice: Practice, companion: Companion, sources: FactSources, settings: ReviewSettings
    ) -> None:
        self.settings = settings
        self._sources = sources
        self._store = sources.store
        self._writer = ReviewWriter(practice, companion, sources.store)
        self.undoing = DecisionUndo(sources.store, self._writer)

    def findings(self, *, read_use: bool = False) -> Findings:
        """Return what needs a decision now, by the rules that aren't switched off. Writes nothing to the practice.

        A fact that can't be read becomes a sentence in `unknown`. Blocks.

        Args:
            read_use: True to first read all that is new of the Audit Trail, which may take minutes the first time. If
                False, developers of whom nothing was read yet are named in `unknown`.

        Raises:
            PracticeUnavailable: The list of keys can't be read.
        """
        return find(read_facts(self._sources, read_use=read_use), self.settings)

    def due(self, listed: KeyList | None = None) -> ReviewDue:
        """Return whether a review is due, in one line. Reads little: the companion, and the practice's clock.

        Args:
            listed: The keys as they were just listed; None to list them.

        Raises:
            PracticeUnavailable: The practice or the companion can't be read.
        """
        keys, reviews = listed or self._sources.keys.list(), self._store.reviews()
        facts = ReviewFacts(self._sources.now(), keys, self._sources.notes.all(), reviews=reviews)
        running = next((self._progress(each, keys) for each in reviews if each.is_under_way), None)
        return describe_due(running, overdue(facts, self.settings), since_review(facts))

    def reviews(self) -> tuple[Review, ...]:
        """Return all reviews with their items, newest first.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        return self._store.reviews()

    def under_way(self) -> Review | None:
        """Return the review that is under way; None if there is none. There is at most one.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        return next((each for each in self.reviews() if each.is_under_way), None)

    def require_under_way(self) -> Review:
        """Return the review that is under way.

        Raises:
            OperationNotAllowed: There is none.
            PracticeUnavailable: The companion can't be read.
        """
        review = self.under_way()
        if review is None:
            raise OperationNotAllowed("No review is under way.", "Start one: apisetup review start NAME")
        return review

    def find(self, name: str = "") -> Review:
        """Return the review of a name, in any case; without a name, the one under way, or else the one that ended last.

        Raises:
            OperationNotAllowed: There is none.
            PracticeUnavailable: The companion can't be read.
        """
        reviews = self.reviews()
        if name:
            found = next((each for each in reviews if each.name.casefold() == name.strip().casefold()), None)
            if found is None:
                names = ", ".join(each.name for each in reviews[:5])
                hint = f"Reviews: {names}." if names else "Start one: apisetup review start NAME"
                raise OperationNotAllowed(f"This practice has no review {name}.", hint)
            return found
        running = next((each for each in reviews if each.is_under_way), None)
        if running is None and not reviews:
            raise OperationNotAllowed("This practice has no review yet.", "Start one: apisetup review start NAME")
        return running or max(reviews, key=lambda each: each.ended_at or each.started_at)

    def progress(self, review: Review, listed: KeyList | None = None) -> ReviewProgress:
        """Return a review as it is now, next to the keys as they are now.

        Args:
            review: The review as it was read.
            listed: The keys as they were just listed; None to list them.

        Raises:
            OperationNotAllowed: The review is gone.
            PracticeUnavailable: The practice or the companion can't be read.
        """
        return self._progress(self._present(review), listed or self._sources.keys.list())

    def start(
        self,
        actor: Actor,
        name: str,
        since: date | None = None,
        until: date | None = None,
        *,
        findings: Findings | None = None,
    ) -> Review:
        """Start a review of all keys, and keep what is known of each now.

        Args:
            actor: Who starts it.
            name: Its name, such as `Q4 2026`. An earlier review can't have it.
            since: The first day of its period; None for the day after the last review's period, or a year ago.
            until: The last day; None for today.
            findings: What needs a decision, as it was shown; None to find it now.

        Raises:
            InvalidInput: The name or the period can't be used; the field is `name`, `since` or `until`.
            OperationNotAllowed: A review is under way, or there are no keys.
            NotPermitted, PracticeUnavailable: It can't be written; nothing was started.
        """
        begun = self.prepare(actor, name, since, until, findings=findings)
        return self._writer.add(actor, _started(begun), begun)

    def prepare(
        self,
        actor: Actor,
        name: str,
        since: date | None = None,
        until: date | None = None,
        *,
        findings: Findings | None = None,
    ) -> Review:
        """Return the review that `start` would start now, without a number. Writes nothing; raises as `start` does."""
        name = checked_name(name)
        reviews = self.reviews()
        refuse_second(name, [(each.name, each.ended_at) for each in reviews])
        facts = read_facts(self._sources, read_use=False)
        shown = findings or find(facts, self.settings)
        items = tuple(map(ReviewItem, snapshots(facts, shown, self._sources.use)))
        if not items:
            raise OperationNotAllowed("There are no API keys to review.")
        first, last = checked_period(since, until, reviews, facts.now.date())
        return Review(
            0,
            name,
            first,
            last,
            facts.now,
            actor.user_name,
            items,
            tuple(each for each in shown.findings if not each.fingerprint),
            shown.unknown,
        )

    def check_choice(self, choice: Choice) -> Choice:
        """Return a decision as it is recorded: without spaces around its note.

        Raises:
            InvalidInput: The date is missing, or isn't in the future; or the note can't be used. The field is `until`
                or `note`.
        """
        return checked_choice(choice, self._sources.now().date())

    def decide(
        self, actor: Actor, review: Review, fingerprint: str, choice: Choice, *, listed: KeyList | None = None
    ) -> DecisionResult:
        """Decide about a key, in place of the decision that `review` shows.

        To disable a key, it is disabled first, as everywhere, with an entry of its own. If that fails, nothing is
        decided. If the program is killed in between, the key is disabled and the decision is open; deciding again then
        records that the key was disabled already.

        Args:
            actor: Who decides.
            review: The review as it was shown.
            fingerprint: The key, which may have been added since the review started.
            choice: The decision.
            listed: The keys as they were just listed; None to list them.

        Raises:
            InvalidInput: The date is missing, or isn't in the future; or the note can't be used. The field is `until`
                or `note`.
            EditConflict: Another admin decided about the key meanwhile, or the key's status changed. Nothing was
                decided.
            OperationNotAllowed: The review has ended, the key is gone, or the office can't disable it. Nothing was
                decided.
            HeadquartersError, NotPermitted, PracticeUnavailable: As for disabling a key. Nothing was decided.
            OutcomeUnknown: The key was disabled, but the decision could not be recorded; or as for disabling a key.
        """
        now = self._sources.now()
        choice = checked_choice(choice, now.date())
        keys = (listed or self._sources.keys.list()).keys
        key = next((each for each in keys if each.fingerprint == fingerprint and not each.gone), None)
        if key is None:
            raise OperationNotAllowed("This key is no longer in the list.", "It needs no decision.")
        before = review.item(fingerprint) or ReviewItem(self._snapshot(fingerprint))
        replaced = replace(before.decision, replaced=None) if before.decision is not None else None
        decision = Decision(choice, actor.user_name, now, replaced=replaced)
        # What can be refused before a key is disabled and without an entry is.
        self._writer.require_unchanged(review, before, decision)
        change = self._disable(actor, key) if choice.kind is DecisionKind.DISABLE else None
        result = change.sentence if change is not None else ""
        after = ReviewItem(before.snapshot, replace(decision, result=result), before.revision + 1)
        event = KeyReviewed(KeyLabel.of(key), review.name, actor.user_name, choice.label, choice.note)
        try:
            self._writer.decide(actor, event, review, before, after)
        except ApiSetupError as error:
            if change is None or change.key == key:
                raise
            raise OutcomeUnknown(
                f"{change.sentence} The decision was not recorded. {cause_of(error)}", error.hint
            ) from error
        sentence = result or f"{key.label}: {choice.label}."
        if change is None:
            return DecisionResult(review.with_item(after), after, key, sentence)
        return DecisionResult(review.with_item(after), after, change.key, sentence, change.consequences)

    def end(self, actor: Actor, review: Review, *, with_open: bool = False) -> Review:
        """End a review. Its entry names the keys that are left open.

        Args:
            actor: Who ends it.
            review: The review as it was shown.
            with_open: True to end it although keys are open.

        Raises:
            OperationNotAllowed: It has ended already, keys are open, or another admin decided about a key since it was
                shown.
            NotPermitted, PracticeUnavailable: It can't be written; the review is still under way.
        """
        require_under_way(self._store.read(review.number), review)
        left = self._progress(review, self._sources.keys.list()).open
        if left and not with_open:
            raise OperationNotAllowed(end_refusal(left), "Decide about them, or end the review with them left open.")
        event = ReviewEnded(
            review.name,
            actor.user_name,
            len(review.items),
            review.count(DecisionKind.KEEP),
            review.count(DecisionKind.DISABLE),
            review.count(DecisionKind.ASK),
            KeyNames(tuple(map(_key_name, left[:_NAMED])), max(0, len(left) - _NAMED)),
        )
        ended = replace(
            review,
            ended_at=self._sources.now(),
            ended_by=actor.user_name,
            left_open=tuple(each.label for each in left),
        )
        self._writer.end(actor, event, ended)
        return ended

    def was_made(self, event: AuditEvent) -> bool | None:
        """Return True if a change of a review was made, False if not, and None if it isn't known or is another one."""
        return was_made(event, self.reviews)

    # -- parts -------------------------------------------------------------------------

    def _present(self, review: Review) -> Review:
        present = self._store.read(review.number)
        if present is None:
            raise OperationNotAllowed(f"The review {review.name} is gone from the companion.")
        return present

    def _progress(self, review: Review, keys: KeyList) -> ReviewProgress:
        present = {key.fingerprint: key for key in keys.keys if not key.gone}
        listed = {item.fingerprint for item in review.items}
        added = [key for identity, key in present.items() if identity not in listed] if review.is_under_way else []
        statuses = {identity: key.status for identity, key in present.items()}
        return ReviewProgress(review, statuses, tuple(map(plain_snapshot, added)), frozenset(listed - present.keys()))

    def _snapshot(self, fingerprint: str) -> KeySnapshot:
        """Return what is known of a key that was added since the review started."""
        facts = read_facts(self._sources, read_use=False)
        known = snapshots(facts, find(facts, self.settings), self._sources.use)
        found = next((each for each in known if each.fingerprint == fingerprint), None)
        if found is None:
            raise OperationNotAllowed("This key is no longer in the list.", "It needs no decision.")
        return found

    def _disable(self, actor: Actor, key: ApiKey) -> KeyChange:
        if key.status.disabled:
            return KeyChange(key, f"{key.label} was {key.status.label} already.")
        return self._sources.keys.set_status(actor, key, KeyStatus.DISABLED_BY_CUSTOMER)


def end_refusal(left: Sequence[KeySnapshot]) -> str:
    """Return why a review can't end unless keys are left open; empty if all are decided."""
    if not left:
        return ""
    names = ", ".join(each.label for each in left[:5]) + (f" and {len(left) - 5} more" if left[5:] else "")
    return f"{counted_keys(len(left))} {'has' if len(left) == 1 else 'have'} no decision: {names}."


def _started(review: Review) -> ReviewStarted:
    return ReviewStarted(review.name, review.started_by, len(review.items), review.since, review.until)


def _key_name(snapshot: KeySnapshot) -> KeyName:
    tag = fingerprint_tag(snapshot.fingerprint)
    return KeyName(snapshot.masked.removesuffix(f" {tag}"), tag)
