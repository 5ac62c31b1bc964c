"""The update server's pieces: in order, in place, and as long as they have to be."""

import pytest

from certchain.errors import MalformedValue, NothingApproved, UnknownRecord
from certchain.models.delivery import (
    CHUNK_LENGTH,
    LatestQuestion,
    PackageChunk,
    PackageChunkQuestion,
    PublishedPackage,
    UploadProgress,
)
from certchain.storage.data import PackageBytes
from tests.industry import Industry, firmware

LENGTH = 2 * CHUNK_LENGTH + 9


@pytest.fixture
def industry() -> Industry:
    industry = Industry()
    industry.release(1, firmware(LENGTH))
    return industry


def test_pieces_come_from_multiples_of_their_length(industry: Industry) -> None:
    channel, product = industry.to_update_server(), industry.product()
    pieces = [
        channel.request(PackageChunkQuestion(product, 1, offset), PackageChunk).data
        for offset in (0, CHUNK_LENGTH, 2 * CHUNK_LENGTH)
    ]
    assert [len(piece) for piece in pieces] == [CHUNK_LENGTH, CHUNK_LENGTH, 9]
    for offset in (1, -CHUNK_LENGTH, 3 * CHUNK_LENGTH, 10**30):
        with pytest.raises(MalformedValue):
            channel.request(PackageChunkQuestion(product, 1, offset), PackageChunk)


def test_there_are_no_pieces_of_what_was_not_published(industry: Industry) -> None:
    with pytest.raises(UnknownRecord):
        industry.to_update_server().request(PackageChunkQuestion(industry.product(), 2, 0), PackageChunk)
    with pytest.raises(NothingApproved):
        industry.to_update_server().request(LatestQuestion(industry.product("oven")), PublishedPackage)


def test_an_upload_goes_on_where_it_was_cut_off_and_takes_no_piece_twice() -> None:
    """A piece that comes again, or too early, changes nothing; the answer says what is next."""
    industry, data = Industry(), firmware(LENGTH)
    product = industry.product()
    industry.manufacturer.request_version(product, 1, industry.to_authority())
    industry.manufacturer.submit_package(product, 1, PackageBytes(data), industry.to_authority())
    whole = industry.manufacturer.publish(product, 1, PackageBytes(data), industry.to_update_server())
    for name in industry.update_server.store.names():
        industry.update_server.store.remove(name)
    channel = industry.to_update_server()
    pieces = [PackageChunk(product, 1, n * CHUNK_LENGTH, piece) for n, piece in enumerate(PackageBytes(data).chunks())]

    begun = industry.begin_upload("manufacturer", whole, channel)
    early = channel.request(pieces[1], UploadProgress)
    first = channel.request(pieces[0], UploadProgress)
    again = channel.request(pieces[0], UploadProgress)

    assert (begun.received, early.received) == (0, 0)
    assert first == again == UploadProgress(product, 1, CHUNK_LENGTH)
    resumed = industry.begin_upload("manufacturer", whole)
    assert resumed.received == CHUNK_LENGTH
    assert industry.manufacturer.publish(product, 1, PackageBytes(data), industry.to_update_server()) == whole
    assert industry.device("hall").update().version == 1
