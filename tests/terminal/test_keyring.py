"""A keyring whose backend prompts doesn't reach the terminal, where it would write over the screen and take keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.pseudo_terminal import Terminal

BACKEND = """
from keyring.backend import KeyringBackend

class Ring(KeyringBackend):
    priority = 1

    def get_password(self, service, username):
        {prompt}

    def set_password(self, service, username, password):
        pass
"""
READ = """
from core.base.errors import ConfigurationError
from core.offices.password_source import parse_password_source
try:
    print(parse_password_source("keyring").read("Downtown", {}))
except ConfigurationError as error:
    print(error.sentence)
input("Next question:")
"""


@pytest.mark.parametrize(
    "prompt",
    [
        "import getpass; return getpass.getpass('Master password: ')",
        "return input('Master password: ')",
        "open('/dev/tty', 'w').write('Master password: ')",
    ],
    ids=["getpass", "input", "/dev/tty"],
)
def test_a_keyring_that_prompts_has_no_terminal_to_do_it_on(tmp_path: Path, prompt: str) -> None:
    (tmp_path / "ring_for_tests.py").write_text(BACKEND.format(prompt=prompt))
    env = {"PYTHONPATH": str(tmp_path), "PYTHON_KEYRING_BACKEND": "ring_for_tests.Ring"}
    with Terminal.python("-c", READ, env=env) as terminal:
        terminal.wait_for("The system keyring cannot be used.")
        terminal.wait_for("Next question:")
        assert "Master password" not in terminal.text
