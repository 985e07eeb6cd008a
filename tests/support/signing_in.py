"""Signing in to Open Dental on the sign-in screen."""

from __future__ import annotations

import base64
import hashlib

from tests.support import embedded_rows as rows
from tests.support.user_driver import User
from tui.modals.sign_in import SignInScreen


def set_password(name: str, password: str) -> None:
    """Give a user of the embedded practice a password, stored as SHA3-512."""
    digest = hashlib.sha3_512(f"salt{password}".encode("utf-16-le")).digest()
    stored = f"SHA3_512$salt${base64.b64encode(digest).decode()}"
    rows.execute("UPDATE userod SET Password = ? WHERE UserName = ?", stored, name)


async def sign_in(user: User, name: str, password: str) -> None:
    """Wait for the sign-in screen, fill it in and press Enter."""
    await user.at(SignInScreen)
    user.field("name").focus()
    await user.press("end", "ctrl+u")
    if name:
        await user.enter_text(name)
    await user.press("enter")
    if password:
        await user.enter_text(password)
    await user.press("enter")
