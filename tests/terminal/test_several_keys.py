"""Selecting, disabling and undoing at a real terminal, where Ctrl+Z would suspend a program that doesn't take it."""

from __future__ import annotations

from tests.support.installed_program import READY, Home, answer


def test_two_keys_are_disabled_and_ctrl_z_offers_to_undo_both(installed_home: Home) -> None:
    with installed_home.start("--demo") as terminal:
        terminal.wait_for(READY)
        terminal.press("space")
        terminal.wait_for("1 selected")
        terminal.press("space")
        terminal.wait_for("2 selected")
        terminal.press("d")
        answer(terminal, r"─ Disable 2 keys\?")
        terminal.wait_for("2 of 2 done")
        terminal.press("enter")
        terminal.wait_for(r"✓ Disabled 2 keys\. +\^z undo")
        terminal.press("ctrl+z")
        terminal.wait_for(r"─ Undo the last change\?")
        terminal.press("2")
        answer(terminal, r"─ Undo the last change\?")
        terminal.wait_for("2 of 2 done")
        terminal.press("enter")
        terminal.wait_for(r"✓ Undone: 2 changes\. +\^z undo")


def test_l_locks_and_enter_continues(installed_home: Home) -> None:
    with installed_home.start("--demo") as terminal:
        terminal.wait_for(READY)
        terminal.press("L")
        terminal.wait_for("─ Locked ─")
        assert not terminal.find("▌ Appointment")
        terminal.press("enter")
        terminal.wait_for("▌ Appointment")
