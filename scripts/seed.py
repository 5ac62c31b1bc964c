"""Fills a fresh deployment with something to look at: `brownie run seed --network <network>`.

Defines the fifteen combination methods, enrols a service, a device, a user device and a user, registers the two devices
by all three factors, and brings a first batch to the login log. Every value is a real one, but the private keys and the
user's secret are thrown away: nobody can be certified with what is seeded here.
"""

from itertools import permutations
from secrets import token_bytes, token_urlsafe
from time import time
from typing import Any

from certchain.encoding import digest
from certchain.encoding.leaf import leaf_bytes
from certchain.keys import KeyPair, SecretKeys
from certchain.merkle import leaf_hash, root
from certchain.models.application import RegistrationHash
from certchain.models.certification import DeviceInformation, UserDeviceInformation
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, MethodNumber, UserId
from certchain.models.log import LogLeaf
from certchain.models.registration import Factor, PublicKeys, RiskLevel
from scripts.anvil import answer_when_mined
from scripts.deploy import deployed
from scripts.grant_roles import local_holders

FIRST_BATCH = 3


def main() -> None:
    """Seeds the deployment of the active network, whose roles are held by accounts of the node."""
    answer_when_mined()
    contracts, holders = deployed(), local_holders()
    authority, server = ({"from": holders[role][0]} for role in ("authority", "certification_server"))
    method = define_methods(contracts["Registration"], authority)
    contracts["Registration"].enrolService(*raw(KeyPair.generate().public), authority)
    register(contracts["Registration"], method, server)
    bring_first_batch(contracts["LoginLog"], server)


def define_methods(registration: Any, authority: dict[str, Any]) -> MethodNumber:
    """Every ordered choice of one to three factors; returns the number of first, second, third."""
    for count in (1, 2, 3):
        for factors in permutations(Factor, count):
            registration.defineMethod([int(factor) for factor in factors], authority)
    return next(
        MethodNumber(number)
        for number in range(1, registration.methodCount() + 1)
        if tuple(registration.methodFactors(number)) == tuple(Factor)
    )


def register(registration: Any, method: MethodNumber, server: dict[str, Any]) -> None:
    """Enrols a user, a user device and a device, and registers the one for the other."""
    phone_keys, lock_keys = KeyPair.generate().public, KeyPair.generate().public
    registration.enrolUser(digest.user_name_commitment(token_bytes(32), "alice").value, server)
    registration.enrolUserDevice(*raw(phone_keys), server)
    registration.enrolDevice(*raw(lock_keys), server)
    user, user_device, device = registration.userCount(), registration.userDeviceCount(), registration.deviceCount()

    phone = UserDeviceInformation("Fairphone 5", "Android 15", token_urlsafe(12))
    lock = DeviceInformation(DeviceId(device), "Example Locks", "Door 2", "0001")
    secret = SecretKeys.derive(token_urlsafe(16), token_bytes(16))
    factors = (
        digest.first_factor(phone, phone_keys),
        digest.second_factor(UserId(user), secret.factor_key),
        digest.third_factor(lock, lock_keys),
    )
    committed = commitment(digest.registration_hash(method, token_bytes(32), factors))
    registration.register((user_device, device, method, int(RiskLevel.HIGH), committed), server)


def commitment(registration: RegistrationHash) -> bytes:
    """What of a registration hash goes on the chain."""
    return digest.commitment(registration).value


def bring_first_batch(login_log: Any, server: dict[str, Any]) -> None:
    """A few entries that nobody can open, as good as any to a contract that sees only leaf hashes, or only a root.

    An empty log has no frontier, and nothing that an anchor has to be consistent with.
    """
    leaves = [LogLeaf(index, int(time()), Digest(token_bytes(32))) for index in range(FIRST_BATCH)]
    hashes = [leaf_hash(leaf_bytes(leaf)) for leaf in leaves]
    if "append" in login_log.signatures:
        login_log.append(0, [], [each.value for each in hashes], server)
    else:
        login_log.anchor(0, FIRST_BATCH, root(hashes).value, [], server)


def raw(keys: PublicKeys) -> tuple[bytes, bytes]:
    """The two keys in the order of the contract's arguments."""
    return keys.signing, keys.exchange
