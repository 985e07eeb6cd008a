"""The wheel contains the manual, the man page and the completion of three shells, where a system looks for them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tui.manual.pages import TOPICS

ROOT = Path(__file__).parents[1]
_BUILT_FROM = ("core", "tui", "apisetup.py", "pyproject.toml", "setup.py", "LICENSE", "README.md", "MANIFEST.in")
_BUILD = "from setuptools.build_meta import build_wheel; build_wheel('dist')"
pytestmark = pytest.mark.xdist_group("wheel")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel from a copy, and return the names of its files."""
    directory = tmp_path_factory.mktemp("source")
    for name in _BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, directory)
    (directory / "dist").mkdir()
    subprocess.run([sys.executable, "-c", _BUILD], cwd=directory, check=True, capture_output=True)
    (file,) = (directory / "dist").glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        return set(archive.namelist())


def test_the_wheel_contains_every_page_of_the_manual(wheel: set[str]) -> None:
    assert {f"tui/manual/{topic}.md" for topic in TOPICS} <= wheel


def test_the_wheel_contains_the_templates_of_reports(wheel: set[str]) -> None:
    templates = {each.relative_to(ROOT).as_posix() for each in (ROOT / "core/reports/templates").iterdir()}
    assert templates
    assert templates <= wheel


@pytest.mark.parametrize(
    "path",
    [
        "man/man1/apisetup.1",
        "bash-completion/completions/apisetup",
        "zsh/site-functions/_apisetup",
        "fish/vendor_completions.d/apisetup.fish",
    ],
)
def test_the_wheel_installs_what_shells_and_man_look_for(wheel: set[str], path: str) -> None:
    assert any(name.endswith(f".data/data/share/{path}") for name in wheel)


def test_every_file_to_install_is_installed(wheel: set[str]) -> None:
    share = ROOT / "tui" / "share"
    files = {file.relative_to(share).as_posix() for file in share.rglob("*") if file.is_file()}
    assert files == {name.partition(".data/data/share/")[2] for name in wheel if ".data/data/share/" in name}
