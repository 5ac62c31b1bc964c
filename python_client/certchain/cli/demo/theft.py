"""What thieves get: the certification server's disk with all its keys, and three custodians with theirs."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager

from certchain.cli.custody import shares_file, shares_key
from certchain.cli.demo.stage import Stage
from certchain.cli.party import KEY_DATA
from certchain.cli.record import CERTIFICATION_SERVER, CUSTODIANS
from certchain.encoding.custody import kept_share_context
from certchain.encoding.digest import first_factor, key_data_context, third_factor
from certchain.encoding.message import from_cbor
from certchain.keys import SealingKey
from certchain.models.application import KeyData, RegistrationHash
from certchain.models.custody import KeyDivision, KeyShare
from certchain.models.identifier import RegistrationId
from certchain.models.registration import Factor, Registration
from certchain.sharing import combine as combine_shares
from certchain.storage import ManagementDatabase, SqlManagementDatabase, SqlShareStore
from certchain.verification.registration import combine


@contextmanager
def stolen(stage: Stage) -> Iterator[ManagementDatabase]:
    """A copy of the database's files, opened elsewhere."""
    home = stage.workspace.home
    loot = home.folder / "loot"
    loot.mkdir()
    for file in home.folder.glob(f"{home.management_database.name}*"):
        shutil.copy(file, loot / file.name)
    with closing(SqlManagementDatabase(loot / home.management_database.name)) as database:
        yield database


def registration(stage: Stage) -> Registration:
    """Alice's, as everyone can read it on the chain."""
    return stage.workspace.reader.registrations.registration(RegistrationId(1))


def server_sealing_key(stage: Stage) -> SealingKey:
    """The key under which the certification server seals what it keeps itself."""
    return stage.workspace.keyring.sealing_key(KEY_DATA)


def rebuilt_key(stage: Stage) -> SealingKey:
    """The key of Alice's key data, from what three custodians keep, and the keys that they seal it with."""
    division = stage.workspace.reader.custody.division(registration(stage).commitment, 1)
    shares = [_share(stage, name, division) for name in CUSTODIANS[: division.threshold]]
    return SealingKey(combine_shares(shares, division.threshold))


def rebuilt(stage: Stage, database: ManagementDatabase, key: SealingKey) -> RegistrationHash:
    """R, from nothing but the loot and what everyone can read on the chain. Raises ``SealInvalid`` when the key is another."""
    registered = registration(stage)
    context = key_data_context(registered.user_device, registered.device, registered.commitment)
    key_data = from_cbor(KeyData, key.open(context, database.key_data(registered.commitment)))
    order = stage.workspace.reader.registrations.method_factors(registered.method)
    first = first_factor(*database.user_device(registered.user_device))
    third = third_factor(*database.device(registered.device))
    factors = {Factor.FIRST: first, Factor.SECOND: key_data.second_factor, Factor.THIRD: third}
    return combine(registered.method, order, key_data.salt, factors)


def _share(stage: Stage, name: str, division: KeyDivision) -> KeyShare:
    server, custodian = stage.cast.service(CERTIFICATION_SERVER), stage.cast.service(name)
    with closing(SqlShareStore(shares_file(stage.workspace.home, name))) as store:
        (kept,) = store.shares(server, division.commitment)
    context = kept_share_context(server, custodian, division.commitment, division.number)
    return from_cbor(KeyShare, stage.workspace.keyring.sealing_key(shares_key(name)).open(context, kept.sealed))
