"""The offices that a command works on: one, several, those with a tag, or all."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError
from tui.commands.launch_target import find_launch_target, read_launch_context, refuse_contradictions

if TYPE_CHECKING:
    from core.offices.catalog import OfficeCatalog
    from core.offices.open_request import OpenRequest
    from core.offices.paths import Paths


@dataclass(frozen=True)
class OfficeSelection:
    """The offices that the command line selects, in the order of the configuration file."""

    paths: Paths
    requests: tuple[OpenRequest, ...]
    several: bool = False
    """True if the command line may select more than one office, so that results name theirs."""

    def only(
        self, reason: str = "This command works on one office.", hint: str = "Choose one with --office NAME."
    ) -> OpenRequest:
        """Return the one office, for a command that can't work on several.

        Args:
            reason: Why it can't.
            hint: What to do instead.

        Raises:
            ConfigurationError: Several offices are selected.
        """
        if len(self.requests) > 1:
            raise ConfigurationError(reason, hint)
        return self.requests[0]


def select_offices(options: argparse.Namespace, environment: Mapping[str, str], cleanup: ExitStack) -> OfficeSelection:
    """Find the offices that the command line selects. Nothing is opened or created.

    Args:
        options: The parsed command line.
        environment: The environment variables.
        cleanup: Removes the temporary files of this run at its end.

    Raises:
        ConfigurationError: No office is selected, options contradict each other, or the configuration file can't be
            used.
    """
    if options.tag or options.all_offices or len(options.office) > 1:
        return _select_several(options, environment)
    target = find_launch_target(options, environment, cleanup)
    if target.request is None:
        raise ConfigurationError(
            "The configuration file has several offices.",
            "Choose one with --office NAME, some with --tag TAG, or all with --all-offices.",
        )
    return OfficeSelection(target.paths, (target.request,))


def _select_several(options: argparse.Namespace, environment: Mapping[str, str]) -> OfficeSelection:
    from core.offices.catalog import OfficeCatalog

    refuse_contradictions(options)
    configuration, context = read_launch_context(options, environment)
    catalog = OfficeCatalog(configuration, context)
    everything = catalog.open_requests()
    if not everything:
        raise ConfigurationError("The configuration file has no offices.", "Add one with: apisetup offices add")
    if options.all_offices:
        return OfficeSelection(context.paths, everything, several=True)
    chosen = _chosen_names(options, catalog, everything)
    requests = tuple(each for each in everything if each.office.name in chosen)
    return OfficeSelection(context.paths, requests, several=True)


def _chosen_names(
    options: argparse.Namespace, catalog: OfficeCatalog, everything: tuple[OpenRequest, ...]
) -> frozenset[str]:
    """Return the names of the offices that --office and --tag select together."""
    chosen = {catalog.open_request(name).office.name for name in options.office}
    for tag in options.tag:
        tagged = {each.office.name for each in everything if each.office.has_tag(tag)}
        if not tagged:
            by_folded = {each.casefold(): each for request in everything for each in request.office.tags}
            known = [by_folded[each] for each in sorted(by_folded)]
            raise ConfigurationError(
                f"No office has the tag {tag}.", f"Tags: {', '.join(known)}." if known else "No office has a tag."
            )
        chosen |= tagged
    return frozenset(chosen)
