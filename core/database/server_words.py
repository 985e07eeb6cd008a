"""Messages of database servers, as far as they may be shown: without values, which may be patient data."""

from __future__ import annotations

import re

MAX_LENGTH = 2000
"""Messages of servers have 512 characters at most; what is longer isn't meant to be read."""

# Messages whose quoted parts are names only: of users, hosts, tables, columns, options, locks and files.
_NAMES_ONLY = frozenset(
    {1021, 1034, 1036, 1040, 1041, 1042, 1043, 1044, 1045, 1047, 1049, 1053, 1054, 1055, 1114, 1129, 1130, 1132, 1142}
    | {1143, 1146, 1152, 1184, 1194, 1195, 1203, 1205, 1213, 1226, 1227, 1264, 1275, 1290, 1317, 1356, 1364, 1370}
    | {1406, 1408, 1449, 1524, 1556, 1698, 1728, 1792, 1820, 1836, 1862, 1874, 1927, 1969, 3024, 3118, 3159, 3572}
    | {3955, 4031, 4150, 4151}
)
# Messages that a trigger or procedure of the practice composed. Nothing in them marks where a value begins.
_FREE_TEXT = frozenset({1643, 1644, 1645})
_QUOTE = re.compile("['\"`‘’]")
_PLACE = re.compile(
    r" for (?:key|column|function) ['`]?[\w.$]+['`]?(?:\.['`]?[\w$]+['`]?){0,2}(?: at row \d+)?$| at row \d+$"
)


def presentable(code: int, message: str, *, connecting: bool) -> str:
    """Return a server's message without the values in it.

    A server composes its messages from a sentence of its own and quoted parts. Before the first statement there are no
    values, so the message is returned as it is. Later, the parts of most messages may be values. These are replaced, up
    to the place that some messages name at their end, since a value may contain quotation marks, too.

    Args:
        code: The server's error number.
        message: The server's message.
        connecting: True if it came while the connection was made.
    """
    text = message.strip().removesuffix(".")
    if not connecting:
        text = _without_values(code, text)
    return text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"


def _without_values(code: int, text: str) -> str:
    if code in _FREE_TEXT:
        return "…"
    if code in _NAMES_ONLY:
        return text
    quote = _QUOTE.search(text)
    if quote is None:
        return text
    place = _PLACE.search(text, quote.end())
    return f"{text[: quote.start()]}'…'{place[0] if place else ''}"
