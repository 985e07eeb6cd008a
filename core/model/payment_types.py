"""The practice's payment types as a list that can be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.model.event_values import PaymentTypeField


@dataclass(frozen=True)
class ListedPaymentType:
    """A payment type, with what Open Dental uses it for. No patient table is read, so payments may use it, too."""

    number: int
    name: str
    order: int
    """Its stored place in the list; Open Dental counts from 0."""
    hidden: bool
    on_deposit_slips: bool | None
    """True if it is selected for deposit slips at first; None if that can't be read."""
    is_api_default: bool
    """True if payments made through the API get this type where they name none."""
    uses: tuple[str, ...] = ()
    """Its other uses, in a few words each."""
    hide_refusal: str = ""
    """The reason why it can't be hidden; blank if it can. The type that the API uses can be hidden if another one is
    chosen in the same step."""

    @property
    def texts(self) -> Mapping[PaymentTypeField, str]:
        """Its values as audit texts name them."""
        return {
            PaymentTypeField.NAME: self.name,
            PaymentTypeField.DEPOSIT_SLIPS: yes_or_no(self.on_deposit_slips),
            PaymentTypeField.ORDER: str(self.order),
            PaymentTypeField.HIDDEN: yes_or_no(self.hidden),
        }


@dataclass(frozen=True)
class PaymentTypePage:
    """All payment types of a practice in their order."""

    types: tuple[ListedPaymentType, ...] = ()
    unknown: tuple[str, ...] = ()
    """Sentences about what could not be read."""
    warning: str = ""
    """The problem with the type that the API uses; blank if there is none."""

    @property
    def shown(self) -> tuple[ListedPaymentType, ...]:
        """The types that aren't hidden."""
        return tuple(each for each in self.types if not each.hidden)

    def find(self, number: int) -> ListedPaymentType | None:
        """Return the type with a number; None if there is none."""
        return next((each for each in self.types if each.number == number), None)


@dataclass(frozen=True)
class PaymentTypeSaved:
    """The result of a change, in plain words."""

    sentence: str
    consequences: tuple[str, ...] = ()
    number: int = field(default=0, compare=False)
    """The number of the type that was added or changed; 0 for several."""


def yes_or_no(value: bool | None) -> str:
    """Return a value as audit texts name it; `unknown` for one that can't be read."""
    return {True: "yes", False: "no", None: "unknown"}[value]
