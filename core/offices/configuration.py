"""The content of the configuration file: general settings, and the offices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError
from core.offices.password_source import SourceKind
from core.offices.seal_settings import NO_SEAL_SETTINGS, ConfiguredSeals
from core.opendental.price_list import DEFAULT_PRICES, PriceList

if TYPE_CHECKING:
    from pathlib import Path

    from core.model.review import ReviewSettings
    from core.offices.companion_settings import TeamCompanion
    from core.offices.configured_office import ConfiguredOffice


@dataclass(frozen=True)
class Configuration:
    """The content of the configuration file."""

    license_file: Path | None = None
    """`[license] file`: a license text in UTF-8, for all offices without one of their own; None for our own text."""
    license_title: str | None = None
    """`[license] title`: the name of the license, for the screen and audit entries; None for the default."""
    offices: tuple[ConfiguredOffice, ...] = ()
    """The tables `[offices.NAME]`, in the order of the file."""
    lock_after_minutes: int | None = None
    """`lock_after_minutes`: for all offices without a limit of their own in this file."""
    theme: str | None = None
    """`theme`: the name of the theme that the program starts with; None for the default."""
    prices: PriceList = DEFAULT_PRICES
    """`[prices]`: the monthly prices of keys, where they differ from the list that this version knows."""
    seals: ConfiguredSeals = NO_SEAL_SETTINGS
    """`seal_key_from`, `seal_dir` and `seal_daily`: for all offices without settings of their own in this file."""
    team_companion: TeamCompanion | None = None
    """`companion` and what belongs to it, at the top: the database of a team, for all offices together."""
    review: ReviewSettings | None = None
    """`[review]`: the thresholds of reviews; None for the defaults."""
    mouse: bool = False
    """`mouse`: turn the mouse on."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """`[keys]`: the user's own keys by the names of actions, as written. Both are checked where they are known."""

    @property
    def password_variables(self) -> frozenset[str]:
        """The environment variables from which the offices take their passwords and encryption keys."""
        sources = [source for office in self.offices for source in office.secret_sources]
        if self.team_companion is not None and self.team_companion.password_from is not None:
            sources.append(self.team_companion.password_from)
        return frozenset(source.detail for source in sources if source.kind is SourceKind.ENVIRONMENT)

    def apply_defaults(self, office: ConfiguredOffice) -> ConfiguredOffice:
        """Return an office with the general settings filled in for those it doesn't have itself."""
        has_license = office.license_file is not None
        return replace(
            office,
            license_file=office.license_file if has_license else self.license_file,
            license_title=office.license_title if has_license else self.license_title,
            seals=office.seals.over(self.seals),
            lock_after_minutes=office.lock_after_minutes or self.lock_after_minutes,
        )

    def find_office(self, name: str, *, exact: bool = False) -> ConfiguredOffice:
        """Return the office of that name, ignoring case, or the only one whose name begins with it.

        Args:
            name: The name, or its beginning.
            exact: True to require the whole name.

        Raises:
            ConfigurationError: No office matches, or several do.
        """
        folded = name.strip().casefold()
        equal = [office for office in self.offices if office.name.casefold() == folded]
        prefixed = [office for office in self.offices if folded and office.name.casefold().startswith(folded)]
        matches = equal or ([] if exact else prefixed)
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise ConfigurationError(f"Several offices begin with {name}.", f"Name one of: {_join_names(matches)}.")
        if not self.offices:
            raise ConfigurationError(
                f"Unknown office {name}: the configuration file has no offices.", "Add one with: apisetup offices add"
            )
        from difflib import get_close_matches

        names = {office.name.casefold(): office for office in self.offices}
        similar = prefixed or [names[each] for each in get_close_matches(folded, names, n=3)]
        hint = f"Did you mean {_join_names(similar)}?" if similar else f"Offices: {_join_names(self.offices[:10])}."
        raise ConfigurationError(f"The configuration file has no office {name}.", hint)


def _join_names(offices: Iterable[ConfiguredOffice]) -> str:
    return ", ".join(office.name for office in offices)
