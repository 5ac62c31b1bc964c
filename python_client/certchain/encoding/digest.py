"""Every digest that the protocol names, by the name of its domain (docs/protocol.md lists them)."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence

from certchain.encoding.preimage import digest, number, preimage, text
from certchain.models.application import RegistrationHash
from certchain.models.certification import (
    DeviceInformation,
    ManifestFile,
    Transcript,
    UserDeviceInformation,
)
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, MethodNumber, Party, ProductId, ServiceId, UserDeviceId, UserId
from certchain.models.production import DeviceDescription
from certchain.models.registration import PublicKeys


def key_thumbprint(keys: PublicKeys) -> Digest:
    """H("keys", signing key, exchange key)."""
    return digest("keys", keys.signing, keys.exchange)


def user_name_commitment(salt: bytes, name: str) -> Digest:
    """H("user-name", salt, name); the salt is 32 random bytes."""
    return digest("user-name", salt, text(name))


def first_factor(information: UserDeviceInformation, keys: PublicKeys) -> Digest:
    """The factor hash of the user device: its information and its keys' thumbprint."""
    fields = (text(information.model), text(information.platform), text(information.app_instance))
    return digest("first-factor", *fields, key_thumbprint(keys).value)


def second_factor(user: UserId, factor_key: bytes) -> Digest:
    """The factor hash of the user: their id and the 32-byte key derived from their secret."""
    return digest("second-factor", number(user), factor_key)


def third_factor(information: DeviceInformation, keys: PublicKeys) -> Digest:
    """The factor hash of the IoT device: its information and its keys' thumbprint."""
    fields = (text(information.manufacturer), text(information.model), text(information.serial))
    return digest("third-factor", number(information.device), *fields, key_thumbprint(keys).value)


def description_digest(description: DeviceDescription) -> Digest:
    """H("device-description", manufacturer, model, serial): what a device says of itself before it has an identifier."""
    fields = (text(description.manufacturer), text(description.model), text(description.serial))
    return digest("device-description", *fields)


def batch_device(description: Digest, thumbprint: Digest) -> bytes:
    """A device's leaf in its production batch: the preimage ``batch-device`` of its description's digest and its keys' thumbprint."""
    return preimage("batch-device", description.value, thumbprint.value)


def registration_hash(method: MethodNumber, salt: bytes, factors: Sequence[Digest]) -> RegistrationHash:
    """R = H("registration", method, salt, factor…), the factors in the method's order; the salt is 32 random bytes."""
    return RegistrationHash(digest("registration", number(method), salt, *(factor.value for factor in factors)).value)


def commitment(registration: RegistrationHash) -> Digest:
    """H("commitment", R)."""
    return digest("commitment", registration.value)


def application_digest(body: bytes) -> Digest:
    """H("application", body): which application a registration was granted to."""
    return digest("application", body)


def key_data_context(user_device: UserDeviceId, device: DeviceId, committed: Digest) -> bytes:
    """What sealed key data is bound to: the pair, and the registration's commitment."""
    return preimage("key-data", number(user_device), number(device), committed.value)


def second_factor_context(
    network: bytes, user: UserId, user_device: UserDeviceId, device: DeviceId, server: ServiceId
) -> bytes:
    """What a second factor is bound to on its way, sealed, to the certification server."""
    parties = (number(user), number(user_device), number(device), number(server))
    return preimage("second-factor-seal", network, *parties)


def grant_context(network: bytes, user_device: UserDeviceId, device: DeviceId, server: ServiceId) -> bytes:
    """What a registration grant is bound to on its way, sealed, to the user device."""
    return preimage("grant-seal", network, number(user_device), number(device), number(server))


def control_context(direction: str, session: bytes, counter: int) -> bytes:
    """C15: what a ``command`` or a ``result`` is bound to."""
    return preimage("control", text(direction), session, number(counter))


def transcript(session: Transcript) -> bytes:
    """The transcript of C7 to C13, as bytes: what A and the user device's signature are made over."""
    return preimage(
        "transcript",
        number(session.protocol_version),
        session.network,
        session.session,
        session.challenge,
        number(session.user),
        number(session.user_device),
        number(session.device),
        number(session.server),
        number(session.registration),
        number(session.method),
        number(session.expires_at),
        session.binding,
    )


def transcript_digest(session: Transcript) -> Digest:
    """SHA-256 of the transcript, by which outcomes and control keys name a session."""
    return Digest(hashlib.sha256(transcript(session)).digest())


def certification_hash(registration: RegistrationHash, session: Transcript) -> Digest:
    """C8: A = HMAC-SHA-256(R, transcript) (RFC 2104)."""
    return Digest(hmac.digest(registration.value, transcript(session), "sha256"))


def login_proof(network: bytes, user: UserId, user_device: UserDeviceId, device: DeviceId, binding: bytes) -> bytes:
    """C1: what the user's login key signs; it is worth nothing on another channel."""
    return preimage("login", network, number(user), number(user_device), number(device), binding)


def manifest_digest(app: str, version: str, files: Iterable[ManifestFile]) -> Digest:
    """H("manifest", app, version, (path, size, SHA-256)…), the files in the order of their paths."""
    ordered = sorted(files, key=lambda file: file.path)
    fields = [field for file in ordered for field in (text(file.path), number(file.size), file.digest.value)]
    return digest("manifest", text(app), text(version), *fields)


def app_release_digest(release: bytes) -> Digest:
    """H("app-release", signed release): which release a decision of the log is about."""
    return digest("app-release", release)


def version_commitment(ver_id: bytes) -> Digest:
    """R3: H("version-commitment", VerID)."""
    return digest("version-commitment", ver_id)


def package_id(ver_id: bytes, upt_id: bytes) -> Digest:
    """R4, A10: PkgID = H("package-id", VerID, UptID)."""
    return digest("package-id", ver_id, upt_id)


def package_digest(pkg_id: Digest, length: int, data: Iterable[bytes]) -> tuple[Digest, int]:
    """R5, A7: H("package", PkgID, data) in one pass and bounded memory; and how many bytes there really were.

    The data stands last, after its 8-byte length: the digest means something only when both lengths agree.
    """
    state = hashlib.sha256(preimage("package", pkg_id.value) + number(length))
    seen = 0
    for chunk in data:
        state.update(chunk)
        seen += len(chunk)
    return Digest(state.digest()), seen


def network(chain_id: int, contracts: Sequence[str]) -> Digest:
    """What tells a ledger from every other: H("network", chain id, address…), the addresses of 20 bytes in the deployment's order."""
    return digest("network", number(chain_id), *(bytes.fromhex(contract.removeprefix("0x")) for contract in contracts))


def intent(chain_id: int, contract: bytes, calldata: bytes) -> Digest:
    """What a transaction is to do: H("intent", chain id, contract's 20 bytes or none to create one, calldata)."""
    return digest("intent", number(chain_id), contract, calldata)


def enrolment_context(network: bytes, keys: PublicKeys) -> bytes:
    """What an enrolment's answer is bound to on its way, sealed, to the party whose keys these are."""
    return preimage("enrolment-seal", network, key_thumbprint(keys).value)


def ver_id_context(network: bytes, product: ProductId, version: int) -> bytes:
    """R3: what VerID is bound to on its way, sealed, to the manufacturer."""
    return preimage("ver-id-seal", network, number(product), number(version))


def submission_context(network: bytes, product: ProductId, version: int) -> bytes:
    """R5: what VerID and package digest are bound to on their way, sealed, to the authority."""
    return preimage("submission-seal", network, number(product), number(version))


def statement(network: bytes, kind: str, signer: Party, body: bytes) -> bytes:
    """What a party signs: the network, the kind of message, who signs, and the message."""
    return preimage("statement", network, text(kind), text(signer.kind), number(signer.number), body)
