"""A network's CA for tests, and identities of whoever is named, each valid by default."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from certchain.keys import CertificateAuthority, TlsIdentity, TlsKey
from certchain.models.certificate import CertifiedName, Operator
from certchain.models.identifier import (
    DeviceId,
    Party,
    ServiceId,
    UserDeviceId,
    device_party,
    service_party,
    user_device_party,
)

NETWORK = bytes(range(32))
HOUR = 3600
SERVER = service_party(ServiceId(3))
LOCK = device_party(DeviceId(1))
PHONE = user_device_party(UserDeviceId(1))
OLGA = Operator("olga")


def now() -> int:
    return int(time.time())


@dataclass(slots=True)
class Certificates:
    """The CA of one network, and who it has certified."""

    network: bytes = NETWORK
    ca: Any = field(init=False)

    def __post_init__(self) -> None:
        self.ca = CertificateAuthority.make(self.network, now())

    def identity(
        self, name: CertifiedName, *, at: int | None = None, lifetime: int = HOUR, hosts: Sequence[str] = ()
    ) -> TlsIdentity:
        key = TlsKey.generate()
        certificate = self.ca.issue(
            key.request(), name, now=now() if at is None else at, lifetime=lifetime, hosts=hosts
        )
        return TlsIdentity(key, certificate, self.ca.certificate)

    def server(self, party: Party = SERVER) -> TlsIdentity:
        return self.identity(party, hosts=["127.0.0.1", "localhost"])
