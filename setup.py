"""The parts of the build that pyproject.toml can't express: a clean build directory, and the repository's address.

The address is known only where the project is built: GitHub's workflows name it, and a clone has it as its origin. A
source distribution keeps it in its metadata. Where it's unknown, the description has no links into the repository.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from email import message_from_bytes
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


class CleanBuild(build_py):
    """Copies the modules into an empty directory, so that none that was deleted since the last build is packed."""

    def run(self) -> None:
        """Empty the directory, and copy the modules."""
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


def repository() -> str | None:
    """Return the repository's web address; None if it's unknown."""
    if (ROOT / "PKG-INFO").is_file():
        urls = message_from_bytes((ROOT / "PKG-INFO").read_bytes()).get_all("Project-URL", [])
        return next((url.partition(", ")[2] for url in urls if url.startswith("Repository, ")), None)
    if "GITHUB_REPOSITORY" in os.environ:
        return f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{os.environ['GITHUB_REPOSITORY']}"
    try:
        origin = subprocess.run(  # noqa: S603
            ["git", "-C", str(ROOT), "remote", "get-url", "origin"],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.fullmatch(r"(?:https://|ssh://git@|git@)(github\.com)[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?", origin)
    return f"https://{match[1]}/{match[2]}" if match else None


def description(address: str | None) -> str:
    """Return the README with links that work outside the repository."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    if address is None:
        text = re.sub(r"!\[([^\]]*)\]\((?!https?:)[^)]+\)\n*", "", text)
        return re.sub(r"(?<!!)\[([^\]]+)\]\((?!https?:|#)[^)]+\)", r"\1", text)
    text = re.sub(r"(!\[[^\]]*\]\()(?!https?:)([^)]+\))", rf"\1{address}/raw/main/\2", text)
    return re.sub(r"((?<!!)\[[^\]]+\]\()(?!https?:|#)([^)]+\))", rf"\1{address}/blob/main/\2", text)


def project_urls(address: str | None) -> dict[str, str]:
    """Return the addresses for the metadata."""
    vendor = {"Open Dental's API Setup": "https://www.opendental.com/site/apisetup.html"}
    if address is None:
        return vendor
    return {
        "Repository": address,
        "Changelog": f"{address}/blob/main/CHANGELOG.md",
        "Issues": f"{address}/issues",
        **vendor,
    }


ADDRESS = repository()
setup(
    cmdclass={"build_py": CleanBuild},
    long_description=description(ADDRESS),
    long_description_content_type="text/markdown",
    project_urls=project_urls(ADDRESS),
)
