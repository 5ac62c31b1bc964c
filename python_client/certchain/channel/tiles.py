"""A log's public part over HTTP (C2SP tlog-tiles): checkpoint, tiles and entry bundles, as static resources."""

from certchain.channel.http import TEXT_LIMIT, HttpPeer
from certchain.encoding.leaf_bundle import BUNDLED_LENGTH
from certchain.encoding.tile import ENTRIES, TileLevel, tile_path
from certchain.errors import MalformedMessage, PeerUnavailable, UnknownRecord, UnknownTile
from certchain.merkle.node import HASH_LENGTH
from certchain.models.log import TILE_WIDTH

_OK, _NOT_FOUND = 200, 404


class HttpLogSource:
    """See ``LogSource``: a log, or a mirror of one, below an address.

    Every answer has exactly the length that was asked for, or is refused: ``MalformedMessage``. ``PeerUnavailable`` when there
    is none in ``timeout`` seconds, ``UnknownTile`` when there is no such tile, ``UnknownRecord`` when no checkpoint was published yet.
    ``MalformedValue`` for an address that is not HTTP.
    """

    def __init__(self, url: str, timeout: float = 10) -> None:
        self._peer = HttpPeer(url, timeout)

    def checkpoint(self) -> str:
        reply = self._peer.get("checkpoint", TEXT_LIMIT)
        if reply.status == _NOT_FOUND:
            raise UnknownRecord("checkpoint", self._peer.url)
        if reply.status != _OK:
            raise PeerUnavailable(self._peer.url, f"it answered {reply.status} when asked for its checkpoint")
        try:
            return reply.body.decode()
        except UnicodeDecodeError:
            raise MalformedMessage("the checkpoint is not UTF-8") from None

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        return self._row(level, index, width, HASH_LENGTH)

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        return self._row(ENTRIES, index, width, BUNDLED_LENGTH)

    def close(self) -> None:
        """Lets go of the connections."""
        self._peer.close()

    def _row(self, level: TileLevel, index: int, width: int, each: int) -> bytes:
        """``width`` items of ``each`` bytes. A partial tile may be gone once the full one is there: then that one is cut."""
        found = self._resource(level, index, width, each)
        if found is None and width < TILE_WIDTH:
            found = self._resource(level, index, TILE_WIDTH, each)
        if found is None:
            raise UnknownTile(str(level), index, width)
        return found[: width * each]

    def _resource(self, level: TileLevel, index: int, width: int, each: int) -> bytes | None:
        path = tile_path(level, index, width)
        reply = self._peer.get(path, width * each, "gzip, identity" if level == ENTRIES else "identity")
        if reply.status == _NOT_FOUND:
            return None
        if reply.status != _OK:
            raise PeerUnavailable(self._peer.url, f"it answered {reply.status} when asked for {path}")
        if len(reply.body) != width * each:
            raise MalformedMessage(f"{path} has {len(reply.body)} bytes, not {width * each}")
        return reply.body
