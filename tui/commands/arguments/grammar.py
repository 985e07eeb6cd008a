"""The grammar that all commands share: a noun, a verb, the options that choose offices, and those of every verb."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn

USER_HELP = "the Open Dental user to sign in as, instead of the office's od_user or APISETUP_OD_USER"
DONE = "0 done"
COULD_NOT = "2 couldn't"
_LIKE_A_KEY = r"(?<!\w)(?<!\w-)(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{12,}(?![\w-])"
"""Letters and digits, at least twelve of them."""
_SIMILAR = 0.65
"""The least similarity at which an option is suggested, from 0 to 1."""


class HelpFormatter(argparse.HelpFormatter):
    """Wraps each line of a description or an epilog at the terminal's width, lines of two columns with an indent."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(self._wrap(line, width, indent) for line in text.splitlines())

    @staticmethod
    def _wrap(line: str, width: int, indent: str) -> str:
        import textwrap

        _, gap, rest = line[2:].partition("  ") if line.startswith("  ") else ("", "", "")
        column = len(line) - len(rest.lstrip()) if gap else 0
        return textwrap.fill(line, width, initial_indent=indent, subsequent_indent=indent + " " * column)


class Parser(argparse.ArgumentParser):
    """A parser whose error messages show control characters in arguments instead of sending them to the terminal.

    What may be an API key is masked, and so is the password in an address: a job's messages are mailed and logged.
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse what a command or verb doesn't know with its own usage, and name the option that was meant."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            options = [_option_name(word) for word in unknown if word.startswith("-")]
            # Not the value of an unknown option, which may be a password.
            self.error(f"unrecognized arguments: {' '.join(options or unknown)}{self._similar_options(options)}")
        return known, unknown

    def _similar_options(self, unknown: Sequence[str]) -> str:
        from difflib import get_close_matches

        # Without the dashes, which all of them share.
        names = [option[2:] for option in self._option_string_actions if option.startswith("--")]
        matches = [get_close_matches(word.lstrip("-"), names, n=1, cutoff=_SIMILAR) for word in unknown]
        similar = [f"--{name}" for found in matches for name in found]
        return f". Did you mean {' '.join(similar)}?" if similar else ""

    def error(self, message: str) -> NoReturn:
        """Print the usage and an error, and exit with status 2."""
        from core.model.key_text import mask
        from tui.widgets.safe_text import sanitize

        without_passwords = re.sub(r"(?<=://)([^\s:/@]*):\S*@", r"\1:********@", message)
        shown, keys = re.subn(_LIKE_A_KEY, lambda found: mask(found[0]), without_passwords)
        end = "" if shown.endswith("?") else "."
        advice = f"{end} Never name a whole API key in an argument: others can read the command line." if keys else ""
        super().error(sanitize(shown + advice))


def _option_name(word: str) -> str:
    """Return an option without its value: `--name=value`, or a letter and the value in one word."""
    return word.partition("=")[0] if word.startswith("--") else word[:2]


def sentence(summary: str) -> str:
    """Return the summary of a command as the sentence that its own help begins with."""
    return f"{summary[:1].upper()}{summary[1:]}."


class Verbs:
    """Adds the verbs of a noun.

    Args:
        noun: The parser of the noun.
    """

    def __init__(self, noun: argparse.ArgumentParser) -> None:
        self._verbs = noun.add_subparsers(dest="verb", required=True, metavar="verb")

    def reading(self, name: str, summary: str, *, found: str = "") -> argparse.ArgumentParser:
        """Add a verb that changes nothing, with the options to sign in and to print JSON.

        Args:
            name: The verb.
            summary: What it does, as the rest of a sentence.
            found: What exit status 1 means, if the verb can find something wanting.
        """
        return self._add(name, summary, found)

    def changing(self, name: str, summary: str) -> argparse.ArgumentParser:
        """Add a verb that changes a practice, with the options of `reading`, --dry-run and --yes."""
        verb = self._add(name, summary, "something wasn't done")
        add_change_options(verb)
        return verb

    def plain(self, name: str, summary: str, exit_status: str) -> argparse.ArgumentParser:
        """Add a verb that signs in to no office."""
        verb = self._verbs.add_parser(
            name,
            allow_abbrev=False,
            help=summary,
            description=sentence(summary),
            epilog=f"exit status: {exit_status}",
            formatter_class=HelpFormatter,
        )
        add_shared_options(verb, default=argparse.SUPPRESS)
        return verb

    def _add(self, name: str, summary: str, found: str) -> argparse.ArgumentParser:
        verb = self.plain(name, summary, ", ".join((DONE, *([f"1 {found}"] if found else []), COULD_NOT)))
        add_sign_in_options(verb)
        return verb


def add_sign_in_options(parser: argparse.ArgumentParser) -> None:
    """Add --user and --json."""
    parser.add_argument("--user", metavar="NAME", help=USER_HELP)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def add_change_options(parser: argparse.ArgumentParser) -> None:
    """Add --dry-run and --yes."""
    parser.add_argument("--dry-run", action="store_true", help="only print what would be done; write nothing")
    parser.add_argument("--yes", action="store_true", help="don't ask for confirmation; required without a terminal")


def add_key_choice(parser: argparse.ArgumentParser, *, required: bool = True) -> argparse._ActionsContainer:
    """Add the options that choose keys, and return their group, of which one is given."""
    which = parser.add_mutually_exclusive_group(required=required)
    which.add_argument(
        "--key",
        metavar="LAST4",
        action="append",
        default=[],
        help="the key with these last four characters, or with this short fingerprint (can be repeated)",
    )
    which.add_argument("--developer", metavar="NAME", help="all keys of this developer")
    add_key_filter(which)
    return which


def add_key_filter(container: argparse._ActionsContainer) -> None:
    """Add --filter in the language of the key list."""
    container.add_argument(
        "--filter", metavar="FILTER", help="""the keys that a filter finds, such as 'status:enabled baa:none'"""
    )


def add_shared_options(parser: argparse.ArgumentParser, **common: Any) -> None:
    """Add the options that every command has: those that choose practices, and --debug.

    Args:
        parser: The parser of the program or of a command.
        common: Passed to each argument. Without `default=SUPPRESS`, the defaults of a command would overwrite the
            options given before its name.
    """

    def flag(name: str, text: str) -> None:
        parser.add_argument(name, action="store_true", help=text, **common)

    def value(name: str, metavar: str | None, text: str, choices: Sequence[str] | None = None) -> None:
        parser.add_argument(name, metavar=metavar, help=text, choices=choices, **common)

    flag("--demo", "open a practice with sample data that is deleted at the end")
    parser.add_argument(
        "--office",
        metavar="NAME",
        action="append",
        # Of its own in a command, since the list of a command replaces the one before its name.
        dest="office" if common else "office_before",
        help="open an office from the configuration file (commands: can be repeated)",
        default=argparse.SUPPRESS if common else [],
    )
    parser.add_argument(
        "--tag",
        metavar="TAG",
        action="append",
        dest="tag" if common else "tag_before",
        help="commands: all offices with this tag (can be repeated)",
        default=argparse.SUPPRESS if common else [],
    )
    flag("--all-offices", "commands: all offices of the configuration file")
    value("--config", "FILE", "the configuration file, instead of APISETUP_CONFIG")
    value("--url", "URL", "open a practice: mysql+pymysql://user@host:3306/opendental, or sqlite:///FILE")
    flag("--read-only", "write nothing to the practice, not even the sign-in")
    value(
        "--tls",
        None,
        "how to protect the connection to a server. verify is the default for other computers; a connection on this"
        " computer is encrypted if the server offers it",
        ("verify", "off"),
    )
    value("--tls-ca", "FILE", "the certificate authorities that sign the server's certificate (PEM)")
    value("--tls-cert", "FILE", "the client certificate, if the server requires one (PEM)")
    value("--tls-key", "FILE", "the client certificate's key, if it is in another file (PEM)")
    value(
        "--server-public-key",
        "FILE",
        "the server's public key (PEM), which encrypts the password on connections without TLS",
    )
    value(
        "--authority",
        None,
        "who manages the keys of a practice on a server: headquarters (the default), or a registry on this computer",
        ("local", "headquarters"),
    )
    flag("--debug", "log the statements, and errors with their causes, to a file without secrets")
