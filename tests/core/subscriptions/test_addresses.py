"""The URLs that subscriptions send to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.subscriptions.addresses import has_host, shown_address, unprotected_host
from tests.support.properties import examples


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://a.test/hook/", "https://a.test/hook/"),
        ("https://user:pass@a.test/hook", "https://…@a.test/hook"),
        ("https://a.test/h?token=abc&x=1#frag", "https://a.test/h?token=…&x=…#…"),
        ("https://a.test/h?abc", "https://a.test/h?…"),
        ("https://a.test/KEY12345/h", "https://a.test/…/h"),
        ("", ""),
        ("not a url", "not a url"),
        ("https://[::1/h", "https://[::1/h"),
    ],
)
def test_an_address_is_shown_without_secrets(address: str, shown: str) -> None:
    assert shown_address(address, "KEY12345", "") == shown


@given(st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=8, max_size=12))
@examples(50)
def test_no_part_that_may_be_a_secret_is_shown(secret: str) -> None:
    for address in (f"https://u:{secret}@a.b/", f"https://a.b/?q={secret}", f"https://a.b/#{secret}"):
        assert secret not in shown_address(address)


@pytest.mark.parametrize(
    ("address", "workstation", "host"),
    [
        ("http://10.0.0.7:8080/in/", "", "10.0.0.7"),
        ("HTTP://Hook.test/in", "FRONTDESK-2", "hook.test"),
        ("http://frontdesk-2:9000/", "FRONTDESK-2", ""),
        ("http://localhost:9000/", "", ""),
        ("http://127.0.0.5/", "", ""),
        ("http://[::1]:80/", "", ""),
        ("http://127.0.0.1.evil.test/", "", "127.0.0.1.evil.test"),
        ("http://localhost@evil.test/", "", "evil.test"),
        ("https://10.0.0.7/", "", ""),
        ("ftp://10.0.0.7/", "", ""),
        ("", "", ""),
        ("http://[oops/", "", ""),
    ],
)
def test_an_unencrypted_address_on_another_computer_is_told_with_its_host(
    address: str, workstation: str, host: str
) -> None:
    assert unprotected_host(address, workstation) == host


@pytest.mark.parametrize(
    ("address", "complete"),
    [("https://a.test/", True), ("http://a", True), ("a.test/hook", False), ("https:///x", False), ("", False)],
)
def test_only_a_complete_url_can_be_sent_to(address: str, complete: bool) -> None:
    assert has_host(address) is complete
