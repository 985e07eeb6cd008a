"""No secret that the program handles appears in anything it writes, except where it belongs."""

from __future__ import annotations

import re

from tests.support.installed_program import KEY_OPEN, READY, Home, add_key, answer, fill_in, go_to
from tests.support.pseudo_terminal import Terminal
from tests.support.server_practice import PASSWORD, SIGN_IN, ServerPractice, sign_in, type_password

DATABASE_PASSWORD = "s3cret-of-the-database"
KEY = "Kq7mZt4xWb9sLp2D"


def titles(terminal: Terminal) -> bytes:
    """Return all title sequences and other text sequences that were sent to the terminal."""
    return b"".join(re.findall(rb"\x1b[\]PX^_].*?(?:\x07|\x1b\\)", bytes(terminal.output), re.DOTALL))


def files_with(home: Home, secret: str) -> list[str]:
    """Return the names of the files that contain a secret, in any encoding that a database or a log may use."""
    forms = (secret.encode(), secret.encode("utf-16-le"))
    found = (path for path in home.directory.rglob("*") if path.is_file())
    return sorted(path.name for path in found if any(form in path.read_bytes() for form in forms))


def test_passwords_and_keys_do_not_leak(home: Home, practice: ServerPractice) -> None:
    with (
        practice.user(DATABASE_PASSWORD) as user,
        home.start("--debug", "--authority", "local", "--url", practice.url(user)) as terminal,
    ):
        terminal.wait_for("^ *Database password")
        terminal.wait_for("Press Enter to connect")
        type_password(terminal, "Database password", DATABASE_PASSWORD)
        sign_in(terminal, password=f"{PASSWORD}, nearly")
        terminal.wait_for("^! Invalid username or password")
        type_password(terminal, "Password", PASSWORD)
        terminal.wait_for(READY)
        add_key(terminal, KEY, "Developer")
        before = len(terminal.output)
        practice.server.execute(f"ALTER USER '{user}'@'%' ACCOUNT LOCK")
        practice.kill_connections()
        terminal.press("r")
        terminal.wait_for("^! The account of this database user is locked")  # so that an error is logged
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        for secret in (DATABASE_PASSWORD, PASSWORD):
            assert secret.encode() not in terminal.output
            assert files_with(home, secret) == []
        assert KEY.encode() not in terminal.output[before:]
        assert KEY.encode() not in titles(terminal)
    companion = f"{practice.server.host}-{practice.server.port}-{practice.database}.sqlite3"
    assert files_with(home, KEY) == []
    (key_file,) = home.directory.rglob(f"{companion}.key")
    encryption_key = key_file.read_text(encoding="ascii").strip()
    assert files_with(home, encryption_key) == [key_file.name]
    assert encryption_key.encode() not in terminal.output
    assert "LoginRefused" in home.log.read_text(encoding="utf-8")


def test_a_key_is_shown_in_full_only_on_request(home: Home) -> None:
    with home.start_ready() as terminal:
        add_key(terminal, KEY, "Developer")
        typed = len(terminal.output)
        terminal.press("e")
        terminal.wait_for(KEY_OPEN)
        terminal.press("escape")
        terminal.wait_for(READY)
        terminal.press("t")
        terminal.wait_for(r"─ Entries  \d+ ─")
        assert KEY.encode() not in terminal.output[typed:]
        terminal.press("escape")
        terminal.wait_for(READY)
        terminal.press("e")
        terminal.wait_for(KEY_OPEN)
        terminal.press("v")
        terminal.wait_for(KEY)
        terminal.press("enter")
        terminal.wait_for_no(KEY)
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        assert KEY not in terminal.text
    texts = [row[0] for row in home.rows("SELECT LogText FROM securitylog")]
    assert re.fullmatch(r"API key \*{8}Lp2D.* shown in full to \S+", texts[-1])
    assert not any(KEY in text for text in texts)


def test_a_key_is_sent_to_the_clipboard_only_on_request(home: Home) -> None:
    with home.start_ready() as terminal:
        add_key(terminal, KEY, "Developer")
        assert b"\x1b]52;" not in terminal.output
        terminal.press("e")
        terminal.wait_for(KEY_OPEN)
        terminal.press("c")
        answer(terminal, "─ Send the key to the clipboard")
        terminal.wait_for("^Sent to the terminal")
        assert terminal.output.count(b"\x1b]52;") == 1
    assert "sent to" in home.value("SELECT LogText FROM securitylog ORDER BY SecurityLogNum DESC")


def test_a_password_field_does_not_copy(home: Home, practice: ServerPractice) -> None:
    with practice.start(home) as terminal:
        terminal.wait_for(SIGN_IN)
        fill_in(terminal, "User name", "Admin")
        go_to(terminal, "Password")
        terminal.type("hunter22")
        terminal.wait_for("Password +•{8}$")
        terminal.press("home", "ctrl+a", "ctrl+c", "ctrl+x", "ctrl+g")
        terminal.wait_for("─ Keys that work here ─")
        assert b"\x1b]52;" not in terminal.output
        assert b"hunter22" not in terminal.output
        terminal.press("escape")
        terminal.wait_for("Password +•{8}$")


def test_a_password_sent_together_with_the_name_stays_hidden(home: Home, practice: ServerPractice) -> None:
    with practice.start(home) as terminal:
        terminal.wait_for(SIGN_IN)
        terminal.settle()
        terminal.type(f"Admin\r{PASSWORD}\r")  # at once, as from a password manager or over a slow connection
        terminal.wait_until(lambda: bool(terminal.find(f"{READY}|{PASSWORD}|^!")), "it was taken", deadline=5)
        assert PASSWORD.encode() not in terminal.output
        terminal.wait_for(READY)
