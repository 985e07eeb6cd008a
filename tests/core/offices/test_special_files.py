"""Files that never end, that nobody writes, or that are too large: refused where an admin can name them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.base.errors import ConfigurationError
from core.model.agreement import agreement_from
from core.offices.config import read_configuration
from core.offices.last_opened import LastOpened


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_device_is_refused_as_configuration_file(device: str) -> None:
    with pytest.raises(
        ConfigurationError, match=f"The configuration file {device} cannot be read: it is not a regular"
    ):
        read_configuration(Path(device))


def test_named_pipe_is_refused_as_configuration_file_or_license_without_blocking(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    with pytest.raises(ConfigurationError, match="it is not a regular file"):
        read_configuration(pipe)
    with pytest.raises(ConfigurationError, match="it is not a regular file"):
        agreement_from(pipe, "Careful")
    assert LastOpened(pipe).read() == {}


def test_configuration_file_that_nobody_wrote_by_hand_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("#" * 4_000_001)
    with pytest.raises(ConfigurationError, match="it has more than 4,000,000 bytes"):
        read_configuration(file)
