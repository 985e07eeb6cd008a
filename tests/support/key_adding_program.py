"""A program that opens an office with a shared companion and adds keys, when its standard input says so.

Usage: python -m tests.support.key_adding_program REQUEST, where REQUEST is JSON as `request_of` returns it. It prints
`ready` when it is about to open the office, opens it at the first line of its input, and prints `done` at its end.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path

from core.base.secret import Secret
from core.companion.opening import CompanionSource
from core.database.address import ServerAddress
from core.database.companion_address import companion_url, parse_companion_url
from core.model.agreement import default_agreement
from core.model.api_key import KeyFields, NewKey
from core.model.authority_name import AuthorityName
from core.office.opening import open_server_office
from tests.support.actors import ADMIN
from tests.support.databases import SampleServer, runtime
from tests.support.shared_companions import SharedCompanion


def request_of(sample: SampleServer, shared: SharedCompanion, directory: Path, name: str, keys: int) -> str:
    """Return the request of one program.

    Args:
        sample: The practice.
        shared: The companion.
        directory: The admin's directory.
        name: The beginning of the keys and developers to add.
        keys: The number of keys.
    """
    server = sample.server
    practice = [server.host, server.port, sample.database, server.user, server.password]
    companion = [companion_url(shared.address), str(shared.source(directory).stem)]
    return json.dumps({"practice": practice, "companion": companion, "name": name, "keys": keys})


def _main(request: str) -> None:
    wanted = json.loads(request)
    host, port, database, user, password = wanted["practice"]
    url, stem = wanted["companion"]
    source = CompanionSource(parse_companion_url(url), Path(stem))
    address = ServerAddress(host, port, database, user)
    print("ready", flush=True)
    sys.stdin.readline()
    agreement = default_agreement()
    with closing(
        open_server_office(address, Secret(password), source, AuthorityName.LOCAL, agreement, runtime())
    ) as office:
        for number in range(wanted["keys"]):
            new = NewKey(Secret(f"{wanted['name']}-key-{number:02}-abcd"), f"{wanted['name']} {number}", KeyFields())
            office.keys.add(ADMIN, new, office.licenses.accept(ADMIN, new))
    print("done", flush=True)


if __name__ == "__main__":
    _main(sys.argv[1])
