"""The offices of the demo: a few practices in a temporary directory, each made when it is first opened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.private_file import replace_private_file
from core.database.address import FileAddress
from core.offices.catalog import OfficeCatalog
from core.offices.configured_office import ConfiguredOffice

if TYPE_CHECKING:
    from core.offices.configuration import Configuration
    from core.offices.open_request import LaunchContext

DEMO_OFFICES = (
    ("Bright Smiles Dental", ("coast",)),
    ("Harbor Dental", ("coast",)),
    ("Hillside Family Dental", ("hills", "pilot")),
    ("Lakeview Orthodontics", ("hills",)),
    ("Northgate Dental", ()),
)
"""The names and tags of the offices. The first one is opened."""


def make_demo_catalog(directory: Path, configuration: Configuration, context: LaunchContext) -> OfficeCatalog:
    """Return the catalog of the demo's offices, with a configuration file for whoever reloads it.

    Args:
        directory: An empty directory that is removed at the end of the run.
        configuration: The user's configuration, for the general settings.
        context: The context of the run, whose own files are then in the directory, too.

    Raises:
        OSError: The configuration file can't be written.
    """
    files = ["demo.sqlite3", *(f"demo-{number}.sqlite3" for number in range(2, len(DEMO_OFFICES) + 1))]
    offices = tuple(
        ConfiguredOffice(name, FileAddress(directory / file), tags=tags)
        for file, (name, tags) in zip(files, DEMO_OFFICES, strict=True)
    )
    paths = replace(context.paths, configuration=directory / "config.toml")
    lines = (
        f'[offices."{each.name}"]\nfile = "{file}"\n{_tags_line(each.tags)}'
        for file, each in zip(files, offices, strict=True)
    )
    replace_private_file(paths.configuration, "".join(lines))
    context = replace(context, paths=paths, team_companion=None)
    return OfficeCatalog(replace(configuration, offices=offices), context, demo=True)


def _tags_line(tags: tuple[str, ...]) -> str:
    listed = ", ".join(f'"{tag}"' for tag in tags)
    return f"tags = [{listed}]\n" if tags else ""
