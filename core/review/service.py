"""The service for reviews of a practice's API keys."""

from __future__ import annotations

from datetime import date

from core.model.actor import Actor
from core.model.review import Choice, DecisionResult, Findings, Review, ReviewDue, ReviewProgress


class ReviewService:
    """Says what needs a decision, and keeps the reviews in which it is decided."""

    def findings(self, *, read_use: bool = False) -> Findings:
        """Return what needs a decision now, by the rules that aren't switched off. Writes nothing to the practice.

        A fact that can't be read becomes a sentence in `unknown`. Blocks.

        Args:
            read_use: True to first read all that is new of the Audit Trail, which may take minutes the first time. If
                False, developers of whom nothing was read yet are named in `unknown`.

        Raises:
            PracticeUnavailable: The list of keys can't be read.
        """
        raise NotImplementedError

    def due(self) -> ReviewDue:
        """Return whether a review is due, in one line. Reads the companion and the practice's clock only.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        raise NotImplementedError

    def reviews(self) -> tuple[Review, ...]:
        """Return all reviews with their items, newest first.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        raise NotImplementedError

    def under_way(self) -> Review | None:
        """Return the review that is under way; None if there is none. There is at most one.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        raise NotImplementedError

    def find(self, name: str = "") -> Review:
        """Return the review of a name, in any case; without a name, the one under way, or else the one that ended last.

        Raises:
            OperationNotAllowed: There is none.
            PracticeUnavailable: The companion can't be read.
        """
        raise NotImplementedError

    def progress(self, review: Review) -> ReviewProgress:
        """Return a review as it is now, next to the keys as they are now.

        Raises:
            OperationNotAllowed: The review is gone.
            PracticeUnavailable: The practice or the companion can't be read.
        """
        raise NotImplementedError

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
            OperationNotAllowed: A review is under way.
            NotPermitted, PracticeUnavailable: It can't be written; nothing was started.
        """
        raise NotImplementedError

    def decide(self, actor: Actor, review: Review, fingerprint: str, choice: Choice) -> DecisionResult:
        """Decide about a key, in place of the decision that `review` shows. To disable it, do so first.

        Args:
            actor: Who decides.
            review: The review as it was shown.
            fingerprint: The key, which may have been added since the review started.
            choice: The decision.

        Raises:
            InvalidInput: The date is missing, or isn't in the future; or the note can't be used. The field is `until`
                or `note`.
            EditConflict: Another admin decided about the key meanwhile, or the key's status changed. Nothing was
                decided.
            OperationNotAllowed: The review has ended, the key is gone, or the office can't disable it. Nothing was
                decided.
            HeadquartersError, NotPermitted, PracticeUnavailable: As for disabling a key. Nothing was decided.
        """
        raise NotImplementedError

    def end(self, actor: Actor, review: Review, *, with_open: bool = False) -> Review:
        """End a review. Its entry names the keys that are left open.

        Args:
            actor: Who ends it.
            review: The review as it was shown.
            with_open: True to end it although keys are open.

        Raises:
            OperationNotAllowed: It has ended already, or keys are open.
            NotPermitted, PracticeUnavailable: It can't be written; the review is still under way.
        """
        raise NotImplementedError
