"""The in-memory twin of the store of shares: everything is gone with the process."""

from collections.abc import Collection
from threading import Lock

from certchain.models.custody import KeptShare
from certchain.models.digest import Digest
from certchain.models.identifier import ServiceId
from certchain.storage.record import count

_Key = tuple[ServiceId, str, int, str]


class MemoryShareStore:
    """See ``ShareStore``."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._shares: dict[_Key, KeptShare] = {}

    def put(self, share: KeptShare) -> None:
        count("service", share.server)
        count("division", share.number)
        with self._lock:
            self._shares[_key(share)] = share

    def shares(self, server: ServiceId, commitment: Digest) -> tuple[KeptShare, ...]:
        count("service", server)
        with self._lock:
            found = [key for key in self._shares if key[:2] == (server, str(commitment))]
            return tuple(self._shares[key] for key in sorted(found))

    def kept(self) -> tuple[tuple[ServiceId, Digest], ...]:
        with self._lock:
            found = {(server, commitment) for server, commitment, _, _ in self._shares}
        return tuple((server, Digest.parse(commitment)) for server, commitment in sorted(found))

    def drop(self, shares: Collection[KeptShare]) -> int:
        with self._lock:
            return sum(self._shares.pop(_key(share), None) is not None for share in shares)


def _key(share: KeptShare) -> _Key:
    return share.server, str(share.commitment), share.number, str(share.share_commitment)
