"""What a production batch costs its manufacturer: the root over all devices, and each device's proof; `--devices N` for fewer."""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from certchain.config.clock import SystemClock
from certchain.ledger.memory import MemoryNetwork
from certchain.models.production import MOST_DEVICES, DeviceDescription, ProducedDevice
from certchain.models.registration import PublicKeys
from certchain.roles.production import Factory

MEMORY_BOUND = 250  # MB


@dataclass(frozen=True)
class Devices:
    """So many devices, whose keys are nobody's."""

    count: int

    def __iter__(self) -> Iterator[ProducedDevice]:
        for number in range(self.count):
            keys = PublicKeys(number.to_bytes(32), b"\x02" + number.to_bytes(32))
            yield ProducedDevice(DeviceDescription("Acme", "bolt", f"SN-{number:07}"), keys)


def main() -> int:
    """Prints a line for each figure; 1 when the memory's bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=MOST_DEVICES)
    devices = Devices(parser.parse_args().devices)

    network = MemoryNetwork(SystemClock(), 1)
    network.ledger(network.admin).permissions.grant("manufacturer", "0x" + "11" * 20)
    factory = Factory(network.ledger("0x" + "11" * 20))
    begin = time.perf_counter()
    batch = factory.anchor(devices)
    anchored = time.perf_counter()
    proofs = sum(1 for _ in factory.memberships(batch.number, devices))
    proven = time.perf_counter()
    memory = peak()

    print(f"{batch.size:,} devices: root in {anchored - begin:.1f} s, {proofs:,} proofs in {proven - anchored:.1f} s")
    print(f"memory at most {memory} MB (bound: {MEMORY_BOUND} MB)")
    return int(memory > MEMORY_BOUND)


def peak() -> int:
    """The most memory that this program had, in MB; what the system counts for a process begins with that of whoever started it."""
    told = Path("/proc/self/status").read_text()
    return int(told.partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    sys.exit(main())
