"""Every log source shows the same log, and no more of it than its checkpoint covers: over HTTP, in a folder, from a mirror."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from certchain.channel.tiles import HttpLogSource
from certchain.encoding.tile import parse_bundle
from certchain.errors import UnknownTile
from certchain.log import LogSource
from certchain.merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from certchain.roles.mirror import Mirror
from certchain.services import log_app, running
from certchain.storage.tiles import DirectoryLogSource
from tests.published import PublishedLog

SIZE = 256 * 256 + 256 + 44
"""Full tiles in two levels, and partial ones in three: 44, 1 and 1 wide."""


def over_http(log: PublishedLog, _: Path, stack: ExitStack) -> LogSource:
    source = HttpLogSource(stack.enter_context(running(log_app(log))))
    stack.callback(source.close)
    return source


def mirrored(log: PublishedLog, folder: Path, _: ExitStack) -> LogSource:
    mirror = Mirror(log, folder, log.verify)
    mirror.sync()
    return mirror


def folder(log: PublishedLog, path: Path, stack: ExitStack) -> LogSource:
    mirrored(log, path, stack)
    return DirectoryLogSource(path)


def mirrored_over_http(log: PublishedLog, path: Path, stack: ExitStack) -> LogSource:
    Mirror(over_http(log, path, stack), path, log.verify).sync()
    source = HttpLogSource(stack.enter_context(running(log_app(DirectoryLogSource(path)))))
    stack.callback(source.close)
    return source


MAKERS: dict[str, Callable[[PublishedLog, Path, ExitStack], LogSource]] = {
    "HTTP": over_http,
    "folder": folder,
    "mirror": mirrored,
    "mirror of HTTP over HTTP": mirrored_over_http,
}


@pytest.fixture(scope="module")
def log() -> PublishedLog:
    """The log has a few entries more than it has published."""
    log = PublishedLog().append(SIZE)
    log.publish()
    return log.append(300)


@pytest.fixture(scope="module", params=MAKERS)
def source(
    request: pytest.FixtureRequest, log: PublishedLog, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LogSource]:
    with ExitStack() as stack:
        yield MAKERS[request.param](log, tmp_path_factory.mktemp("tiles"), stack)


def test_the_checkpoint_is_the_log_s(source: LogSource, log: PublishedLog) -> None:
    assert source.checkpoint() == log.note
    assert log.verify(source.checkpoint()).size == SIZE


@pytest.mark.parametrize(
    ("level", "index", "width"),
    [(0, 0, 256), (0, 255, 256), (0, 256, 256), (0, 257, 44), (1, 0, 256), (1, 1, 1), (2, 0, 1), (0, 3, 100)],
)
def test_a_tile_is_the_same_everywhere(
    source: LogSource, log: PublishedLog, level: int, index: int, width: int
) -> None:
    """Full, partial, and the beginning of a full one."""
    assert source.tile(level, index, width) == log.tile(level, index, width)


@pytest.mark.parametrize(("index", "width"), [(0, 256), (256, 256), (257, 44), (3, 100)])
def test_a_bundle_is_the_same_everywhere(source: LogSource, log: PublishedLog, index: int, width: int) -> None:
    assert source.bundle(index, width) == log.bundle(index, width)


@pytest.mark.parametrize(
    ("level", "index", "width"),
    [(0, 257, 45), (0, 257, 256), (0, 258, 1), (1, 1, 2), (2, 0, 2), (3, 0, 1), (63, 0, 1), (0, 10**15, 256)],
)
def test_what_the_checkpoint_does_not_cover_is_not_there(source: LogSource, level: int, index: int, width: int) -> None:
    """Though the log itself has some of it by now."""
    with pytest.raises(UnknownTile):
        source.tile(level, index, width)


@pytest.mark.parametrize(("index", "width"), [(257, 45), (257, 256), (258, 1)])
def test_leaves_that_the_checkpoint_does_not_cover_are_not_there(source: LogSource, index: int, width: int) -> None:
    with pytest.raises(UnknownTile):
        source.bundle(index, width)


def test_proofs_are_made_from_any_source(source: LogSource, log: PublishedLog) -> None:
    """Root, inclusion and consistency lead to what the log's key signed."""
    checkpoint = log.verify(source.checkpoint())
    assert tree_root(source, SIZE) == checkpoint.root
    leaf = parse_bundle(source.bundle(257, 44))[43]
    verify_inclusion(leaf_hash(leaf), inclusion_proof(source, SIZE - 1, SIZE), checkpoint.root)
    verify_consistency(consistency_proof(source, 300, SIZE), tree_root(log, 300), checkpoint.root)
