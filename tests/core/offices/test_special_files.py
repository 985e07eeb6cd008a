"""Files that never end, that nobody writes, or that are too large: refused where an admin can name them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.base.errors import ConfigurationError
from core.base.secret import Secret
from core.database.address import ServerAddress
from core.database.engines import server_engine
from core.database.tls import Tls
from core.model.agreement import agreement_from
from core.offices.config_file import read_configuration
from core.offices.config_writer import remove_office
from core.offices.importer import import_from_workstation
from core.offices.last_opened import LastOpened
from core.offices.password_source import parse_password_source
from tests.support.certificates import create_authority, create_certificate


def open_with_tls(**files: Path) -> None:
    """Create the engine of a server with these TLS files; nothing is connected."""
    server_engine(ServerAddress("127.0.0.1", 1, "opendental", "odbc", tls=Tls(**files)), Secret("")).dispose()


def open_with_client_key(file: Path) -> None:
    """Create the engine of a server with a good client certificate and this key."""
    authority = create_authority(file.parent, "authority")
    open_with_tls(certificate=create_certificate(file.parent, "client", authority, []).certificate_file, key=file)


def open_with_server_key(file: Path) -> None:
    """Create the engine of a server with this public key."""
    server_engine(ServerAddress("127.0.0.1", 1, "opendental", "odbc", server_public_key=file), Secret("")).dispose()


READERS: dict[str, Callable[[Path], object]] = {
    "configuration": read_configuration,
    "configuration to change": lambda file: remove_office(file, "Downtown"),
    "license": lambda file: agreement_from(file, "Careful"),
    "password": lambda file: parse_password_source(f"file:{file}").read("Downtown", {}),
    "workstation": lambda file: import_from_workstation(file, lambda _server: None),
    "authority": lambda file: open_with_tls(authority=file),
    "client certificate": lambda file: open_with_tls(certificate=file),
    "client key": open_with_client_key,
    "server key": open_with_server_key,
}
"""The functions that read a file that an admin names."""


def make_pipe(directory: Path) -> Path:
    """Create a named pipe that nobody writes."""
    os.mkfifo(directory / "pipe", 0o600)
    return directory / "pipe"


@pytest.fixture(params=["pipe", "socket", "/dev/zero", "directory"])
def special_file(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Something that isn't a regular file."""
    path = tmp_path / "file"
    with closing(socket.socket(socket.AF_UNIX)) as sock:
        if request.param == "pipe":
            os.mkfifo(path, 0o600)
        elif request.param == "socket":
            sock.bind(str(path))
        elif request.param == "directory":
            path.mkdir()
        else:
            path.symlink_to(request.param)
        yield path


@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_regular_file_is_refused_without_blocking(special_file: Path, reader: str) -> None:
    with pytest.raises(ConfigurationError, match=r"it is not a regular file|Is a directory") as caught:
        READERS[reader](special_file)
    assert str(special_file.parent) in caught.value.sentence
    assert caught.value.hint


@pytest.mark.parametrize("reader", [name for name in READERS if not name.startswith("configuration")])
def test_null_character_in_a_configured_path_is_refused(tmp_path: Path, reader: str) -> None:
    with pytest.raises(ConfigurationError, match="Invalid argument"):
        READERS[reader](tmp_path / "a\0b")


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_device_is_refused_as_configuration_file(device: str) -> None:
    with pytest.raises(
        ConfigurationError, match=f"The configuration file {device} cannot be read: it is not a regular"
    ):
        read_configuration(Path(device))


def test_a_pipe_in_place_of_the_times_of_opening_counts_as_empty(tmp_path: Path) -> None:
    assert LastOpened(make_pipe(tmp_path)).read() == {}


def test_configuration_file_that_nobody_wrote_by_hand_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("#" * 4_000_001)
    with pytest.raises(ConfigurationError, match="it has more than 4,000,000 bytes"):
        read_configuration(file)
