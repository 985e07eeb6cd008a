"""The settings of the configuration file: their names, and what they mean.

The reader refuses names that are not listed here, and the manual lists those that are.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """A setting of the configuration file.

    Args:
        name: Its key in its table.
        meaning: One or two sentences for the manual, in Markdown.
        table: The name of its table; empty at the top of the file, or in the table of an office.
    """

    name: str
    meaning: str
    table: str = ""

    @property
    def shown(self) -> str:
        """The name as the manual shows it, such as `[license] file`."""
        return f"[{self.table}] {self.name}".strip() if self.table else self.name


SEAL_SETTINGS = (
    Setting(
        "seal_key_from",
        "Where the private key of seals comes from, as `password_from`; no `prompt`. The default is the file"
        " `seal-key.pem` next to the configuration file, which the first seal creates. See [Seals](seals.md).",
    ),
    Setting("seal_dir", "A directory for copies of the seals: a mount of another computer, or a repository."),
    Setting("seal_daily", "`true` seals once a day while the screen is open. The default is `false`."),
)
COMPANION_SERVER_SETTINGS = (
    Setting("companion_password_from", "Where the password of its user comes from, as `password_from`."),
    Setting("companion_tls", '`"verify"` or `"off"`, for the connection to it.'),
    Setting("companion_tls_ca", "The certificates of those who sign its server's."),
    Setting("companion_tls_cert", "A client certificate for it."),
    Setting("companion_tls_key", "The key of that client certificate."),
)
GENERAL_SETTINGS = (
    Setting("lock_after_minutes", "Lock the screen after so many minutes without a key. Applies to all offices."),
    Setting("theme", 'The colors, such as `"ansi"` (the default) or `"nord"`. `--theme` overrides it.'),
    Setting("mouse", "`true` turns the mouse on. The default is `false`."),
    Setting("keys", "A table with your own keys."),
    Setting("offices", "A table for each office."),
    *SEAL_SETTINGS,
    Setting(
        "companion",
        "The URL of a database that a team shares for all offices together: receipts, changes in several offices, and"
        " joined names of developers. Each office's own companion is named in its table. See"
        " [Many offices](fleet.md#share-it-with-a-team).",
    ),
    *COMPANION_SERVER_SETTINGS,
    Setting("prices", "A table with the monthly prices of keys, where they differ from those of November 2025."),
    Setting("license", "A table with the license agreement for all offices without their own."),
    Setting("review", "A table with the thresholds of [reviews](review.md)."),
)
PRICE_SETTINGS = (
    Setting("date", "The month of the price list, such as `2027-01`. Required with any price.", "prices"),
    Setting("limited", "Dollars a month for a key with messages, documents, setup or queries only.", "prices"),
    Setting("most", "Dollars a month for a key with other permissions.", "prices"),
    Setting("everything", "Dollars a month for a key with payments or payment plans.", "prices"),
)
REVIEW_SETTINGS = (
    Setting("every_days", "A review is overdue so many days after the last one ended. The default is 365.", "review"),
    Setting(
        "unchanged_days",
        "A key needs a decision if its developer changed nothing for so many days. The default is 90.",
        "review",
    ),
    Setting("verify_days", "The Audit Trail is to be verified every so many days. The default is 31.", "review"),
    Setting("seal_days", "The Audit Trail is to be sealed every so many days. The default is 7.", "review"),
    Setting("skip", 'Rules that are switched off, such as `["unsealed", "some-offices"]`.', "review"),
)
LICENSE_SETTINGS = (
    Setting("file", "The text of the license agreement, in UTF-8.", "license"),
    Setting("title", "Its title, for the screen and the Audit Trail.", "license"),
)
FILE_SETTING = Setting("file", "An SQLite practice, instead of a server.")
SERVER_SETTINGS = (
    Setting("host", "The server. Required, unless `socket` or `file` is set."),
    Setting("port", "The server's port. The default is 3306."),
    Setting("socket", "A Unix socket, instead of `host` and `port`."),
    Setting("database", "The name of the database."),
    Setting("user", "The database user."),
    Setting(
        "password_from",
        "Where its password comes from: `prompt` (the default), `env:NAME`, `file:PATH`,"
        " `command:PROGRAM ARGUMENTS` or `keyring`. See [Offices](offices.md).",
    ),
    Setting("tls", '`"verify"` or `"off"`, as the option `--tls`.'),
    Setting("tls_ca", "The certificates of those who sign the server's, as the option `--tls-ca`."),
    Setting("tls_cert", "A client certificate, as the option `--tls-cert`."),
    Setting("tls_key", "The key of the client certificate, as the option `--tls-key`."),
    Setting(
        "server_public_key", "The server's public key for encrypting the password, as the option `--server-public-key`."
    ),
    Setting(
        "companion",
        "The companion file, instead of the one in `companions/`. Or the URL of a database that a team shares:"
        " `postgresql+psycopg://user@host:5432/database` or `mysql+pymysql://user@host:3306/database`. See"
        " [Companion](companion.md).",
    ),
    *COMPANION_SERVER_SETTINGS,
    Setting("od_user", "The Open Dental user that commands sign in as, unless `--user` names another one."),
    Setting(
        "od_password_from",
        "Where that user's password comes from, for scheduled jobs: the same sources as for `password_from`."
        " The screen always prompts.",
    ),
    Setting("headquarters_url", "The address of headquarters, instead of the one in the practice's preferences."),
)
COMMON_SETTINGS = (
    Setting("authority", 'Who decides about keys: `"headquarters"` (the default on a server) or `"local"`.'),
    Setting(
        "companion_key_from",
        "Where the encryption key of the companion comes from, as `password_from`; no `prompt`. The default is a key"
        " file next to the companion.",
    ),
    Setting("tags", 'Words that select this office with others, such as `["north"]`: see `--tag`.'),
    Setting("license_file", "This office's own license agreement."),
    Setting("license_title", "The title of this office's own license agreement."),
    Setting("read_only", "`true` writes nothing to the practice, as the option `--read-only`."),
    Setting("production", "`true` shows PRODUCTION in the first line, also before the server is connected."),
    Setting(
        "lock_after_minutes",
        "Lock the screen after so many minutes without a key, or sooner if the practice's own limit is shorter.",
    ),
)
OFFICE_SETTINGS = (*SERVER_SETTINGS, FILE_SETTING, *COMMON_SETTINGS, *SEAL_SETTINGS)


def names(settings: tuple[Setting, ...]) -> tuple[str, ...]:
    """Return the names of settings."""
    return tuple(each.name for each in settings)
