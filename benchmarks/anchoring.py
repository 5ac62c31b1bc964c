"""A log on a real chain: from an entry's acknowledgement to the moment when anyone sees it there."""

import threading
import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import workload
from chain import Chain
from eth_account import Account
from inprocess import PATIENCE

from certchain.ledger import Ledger, LogLedger
from certchain.ledger.chain import ChainLedger, Connection, deploy, fund
from certchain.ledger.deployment import Deployment
from certchain.log import KeeperPolicy, LogEngine
from certchain.models.log import LogMode
from certchain.verification.statement import Identity

_ROLES = {"authority": "authority", "server": "certification_server", "anyone": None}
_LOOK = 0.02
_TICK = 0.01


@dataclass(frozen=True, slots=True)
class Network:
    """certchain's contracts on anvil: the certification server's ledger and that of anyone, over connections of their own."""

    deployment: Deployment
    server: Ledger
    anyone: Ledger
    identity: Identity


def network(node: Chain, mode: LogMode) -> Network:
    """A new deployment with a log of this mode."""
    admin, url = Account.create(), address(node)
    connection = Connection.http(url)
    keys = {name: Account.create() for name in _ROLES}
    fund(connection, [admin.address, *(key.address for key in keys.values())])
    deployment = deploy(connection, admin, 1, login_log_mode=mode)
    permissions = ChainLedger.connect(connection, deployment, admin).permissions
    ledgers: Mapping[str, Ledger] = {
        name: ChainLedger.connect(Connection.http(url), deployment, key) for name, key in keys.items()
    }
    for name, role in _ROLES.items():
        if role is not None:
            permissions.grant(role, keys[name].address)
    return Network(deployment, ledgers["server"], ledgers["anyone"], workload.enrolled(ledgers["authority"]))


def address(node: Chain) -> str:
    """Where the node answers."""
    provider: Any = node.web3.provider  # over HTTP, as ``chain.anvil`` makes it
    return str(provider.endpoint_uri)


def delays(folder: Path, chain: Network, pace: int, seconds: float, policy: KeeperPolicy) -> list[float]:
    """Seconds from each entry's acknowledgement until someone else sees it on the chain, at ``pace`` entries a second."""
    with workload.opened(folder, chain.server, chain.identity, policy) as log:
        log.engine.keeper.start()
        with _observed(chain.anyone.login_log) as observed:
            return observed.delays(_record(log.engine, pace, round(pace * seconds), observed))


class _Observed:
    """What someone sees who asks for the chain's size again and again, in a thread."""

    def __init__(self, log: LogLedger) -> None:
        self._log, self.stop = log, threading.Event()
        self._sizes, self._times = [0], [0.0]

    @property
    def size(self) -> int:
        """As last seen."""
        return self._sizes[-1]

    def delays(self, acknowledged: list[float]) -> list[float]:
        """For each entry, by its index: from when it was acknowledged to when it was first seen."""
        seen = (self._times[bisect_right(self._sizes, index)] for index in range(len(acknowledged)))
        return [at - before for at, before in zip(seen, acknowledged, strict=True)]

    def run(self) -> None:
        """Looks until it is stopped."""
        while not self.stop.wait(_LOOK):
            size = self._log.size()
            if size > self.size:
                self._times.append(time.perf_counter())
                self._sizes.append(size)


@contextmanager
def _observed(log: LogLedger) -> Iterator[_Observed]:
    observed = _Observed(log)
    thread = threading.Thread(target=observed.run)
    thread.start()
    try:
        yield observed
    finally:
        observed.stop.set()
        thread.join()


def _record(engine: LogEngine, pace: int, count: int, observed: _Observed) -> list[float]:
    """Entries at an even pace, and more of them until ``count`` were seen; returns when each of those was acknowledged."""
    acknowledged: list[float] = []
    begin = time.perf_counter()
    while observed.size < count:
        time.sleep(_TICK)
        now = time.perf_counter()
        if now - begin > count / pace + PATIENCE:
            raise SystemExit("the log does not reach the chain")
        due = min(round((now - begin) * pace), len(acknowledged) + workload.SUBJECTS)
        if new := range(len(acknowledged), due):
            engine.writer.submit([workload.login(number) for number in new]).wait()
            acknowledged += [time.perf_counter()] * len(new)
    return acknowledged[:count]
