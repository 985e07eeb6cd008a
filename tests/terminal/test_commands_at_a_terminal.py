"""Commands at a terminal: they ask before they change something, and a key isn't shown while it is typed."""

from __future__ import annotations

from core.model.agreement import default_agreement
from tests.support.installed_program import Home

KEY = "Zz9Yy8Xx7Ww6Vv5U"


def test_enabling_a_key_asks_for_its_end(home: Home) -> None:
    home.make_practice(with_demo=True)
    for typed, status in (("70F4", 1), ("70F3", 0)):
        with home.start("keys", "enable", "--developer", "dentist finder", columns=120) as terminal:
            terminal.wait_for("Change API key .*70F3 .* from Disabled by Customer to Enabled")
            terminal.wait_for("Type the key's last four characters to confirm:")
            terminal.type(f"{typed}\r")
            assert terminal.exit_status() == status
    assert (
        home.value("SELECT count(*) FROM securitylog WHERE LogText LIKE '%from Disabled by Customer to Enabled%'") == 1
    )


def test_a_key_is_added_after_the_agreement_was_accepted(home: Home) -> None:
    home.make_practice()
    agreement = default_agreement()
    with home.start("keys", "add", "--developer", "New Bridge", columns=120, lines=100) as terminal:
        terminal.wait_for(f"SHA-256 of this text: {agreement.sha256}")
        terminal.wait_for("signed on .YYYY-MM-DD., nothing for none:")
        terminal.type("2024-05-06\r")
        terminal.wait_for("API key, or a text that contains it:")
        terminal.type(f"{KEY}\r")
        terminal.wait_for("Type accept or decline:")
        assert KEY not in terminal.text
        terminal.type("accept\r")
        terminal.wait_for("Added and enabled: API key .*Vv5U")
        assert terminal.exit_status() == 0
    assert home.value("SELECT count(*) FROM apikey") == 1


def test_declining_the_agreement_is_recorded(home: Home) -> None:
    home.make_practice()
    with home.start("keys", "add", "--developer", "New Bridge", "--no-baa", columns=120, lines=100) as terminal:
        terminal.wait_for("API key, or a text that contains it:")
        terminal.type(f"{KEY}\r")
        terminal.wait_for("Type accept or decline:")
        terminal.type("decline\r")
        assert terminal.exit_status() == 1
    assert home.value("SELECT count(*) FROM securitylog WHERE LogText LIKE '%declined by%'") == 1
