"""An audit of a whole log in a process of its own: `python audit.py LOG NOTES DEPLOYMENT URL NUMBER KEYS` prints what it took as JSON."""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from anchoring import Network
from eth_account import Account

from certchain.encoding.checkpoint import log_origin
from certchain.ledger.chain import ChainLedger, Connection
from certchain.ledger.deployment import Deployment
from certchain.log import PublishedLog
from certchain.models.identifier import ServiceId
from certchain.models.registration import PublicKeys
from certchain.roles.auditor import Auditor, FollowedLog
from certchain.storage import DirectoryFileStore, DirectoryReader, open_log_store

_PEAK = "VmHWM"  # of this program alone: what getrusage tells has the parent's memory in it
_STATUS = Path("/proc/self/status")
MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Audited:
    """Seconds and peak resident memory (bytes), entries and how many of them the chain had."""

    seconds: float
    peak: int
    size: int
    on_chain: int


def audited(folder: Path, log: Path, notes: Path, url: str, chain: Network) -> Audited:
    """Audits the log in ``log`` as its ``notes`` show it, against its contract; ``folder`` is for the auditor's own."""
    deployment = folder / "deployment.json"
    chain.deployment.save(deployment)
    keys = chain.identity.keys.public
    places: list[object] = [log, notes, deployment, url, chain.identity.party.number]
    command = [sys.executable, __file__, *map(str, places), keys.signing.hex(), keys.exchange.hex()]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Audited(**json.loads(found))


def main(log: Path, notes: Path, deployment: Path, url: str, *, number: int, keys: PublicKeys) -> Audited:
    """The public audit: signature, every leaf against the chain, every root."""
    started = time.perf_counter()
    chain = ChainLedger.connect(Connection.http(url), Deployment.load(deployment), Account.create())
    store = open_log_store(log, write=False)
    source = PublishedLog(store, DirectoryReader(notes))
    auditor = Auditor(chain.registrations, DirectoryFileStore(deployment.parent / "auditor"))
    followed = FollowedLog(log_origin(chain.network), ServiceId(number), (keys,), source, chain.login_log)
    report = auditor.audit(followed, whole=True)
    store.close()
    return Audited(time.perf_counter() - started, peak(), report.size, report.on_chain)


def peak() -> int:
    """The most memory that this process has had, in bytes; 0 where Linux does not tell."""
    if not _STATUS.exists():
        return 0
    (line,) = (line for line in _STATUS.read_text().splitlines() if line.startswith(_PEAK))
    return int(line.split()[1]) << 10


if __name__ == "__main__":
    *_places, _number, _signing, _exchange = sys.argv[1:]
    _log, _notes, _deployment, _url = _places
    _keys = PublicKeys(bytes.fromhex(_signing), bytes.fromhex(_exchange))
    _audited = main(Path(_log), Path(_notes), Path(_deployment), _url, number=int(_number), keys=_keys)
    print(json.dumps(asdict(_audited)))
