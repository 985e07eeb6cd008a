"""`apisetup companion` as an admin or a scheduled job runs it."""

from __future__ import annotations

import json

from tests.support.installed_program import Home
from tests.support.sealed_keys import key_file, read_key_file


def test_the_encryption_key_is_rotated_after_a_confirmation(home: Home) -> None:
    home.make_practice(with_demo=True)
    (before,) = read_key_file(home.practice)
    refused = home.run("companion", "rotate-key")
    assert (refused.returncode, "Add --yes" in refused.stderr) == (2, True)
    planned = json.loads(home.run("companion", "rotate-key", "--dry-run", "--json").stdout)["offices"][0]
    assert (planned["readable"], planned["not_readable"]) == (12, 0)
    assert read_key_file(home.practice) == [before]
    rotated = json.loads(home.run("companion", "rotate-key", "--yes", "--json").stdout)["offices"][0]
    assert (rotated["encrypted"], rotated["unreadable"]) == (12, [])
    (after,) = read_key_file(home.practice)
    assert after != before
    key_file(home.practice).unlink()
    checked = home.run("check")
    assert checked.returncode == 1
    assert "The texts of 12 API keys can't be read, and none can be added." in checked.stdout


def test_an_embedded_practice_is_not_copied_to_a_server(home: Home) -> None:
    home.make_practice(with_demo=True)
    refused = home.run("companion", "copy", "--to", "postgresql://u@127.0.0.1/c", "--yes")
    assert refused.returncode == 2
    assert "An SQLite practice is its own companion" in refused.stderr
