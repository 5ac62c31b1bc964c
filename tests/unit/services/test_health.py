"""A service is not ready on a disk that is about to be full."""

import shutil
from pathlib import Path

import pytest

from certchain.errors import StorageUnavailable
from certchain.services import room_on_disk


def test_there_has_to_be_room_on_the_disk(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    room_on_disk(tmp_path, free // 2)()
    with pytest.raises(StorageUnavailable, match="fewer than"):
        room_on_disk(tmp_path, 2 * free)()
