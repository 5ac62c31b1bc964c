"""How a party of this home asks to be enrolled by another, and takes up what it is answered."""

from dataclasses import dataclass
from pathlib import Path

from certchain.cli.file import read_file, write_file
from certchain.cli.workspace import Workspace
from certchain.encoding.digest import key_thumbprint
from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import CertificateInvalid, KeyNotInForce, UnknownRecord, WrongSigner
from certchain.keys import CaCertificate, PrivateKeys, TlsIdentity
from certchain.models.certification import Signed, UserDeviceInformation
from certchain.models.enrolment import EnrolmentAnswer, EnrolmentRequest
from certchain.models.identifier import Party, PartyKind
from certchain.models.production import BatchMembership, DeviceDescription
from certchain.verification.enrolment import open_enrolled
from certchain.verification.statement import Identity

PARTY_KEYS = "keys.key"
TLS_KEY, CERTIFICATE = "tls.key", "certificate.der"
_REQUEST = "enrolment.cbor"
MOST_BYTES = 64 * 1024
"""Of a file with a request, an answer or a certificate."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A party that is not enrolled yet, with the folder that its keys lie in."""

    workspace: Workspace
    folder: Path
    kind: PartyKind

    def ask(
        self,
        description: DeviceDescription | UserDeviceInformation | str,
        membership: BatchMembership | None = None,
    ) -> Signed:
        """The signed request, of keys that are made if there are none; it is kept until it is answered."""
        keyring = self.workspace.keyring
        request = EnrolmentRequest(
            device=description if isinstance(description, DeviceDescription) else None,
            user_device=description if isinstance(description, UserDeviceInformation) else None,
            service=description if isinstance(description, str) else None,
            certificate_request=keyring.made_tls_key(self.folder / TLS_KEY).request(),
            membership=membership,
        )
        identity = Identity(
            self.workspace.reader.network, Party(self.kind, 0), keyring.made_pair(self.folder / PARTY_KEYS)
        )
        signed = identity.sign(request)
        write_file(self.folder / _REQUEST, to_cbor(signed))
        return signed

    def asked(self) -> EnrolmentRequest:
        """What was asked for last. Raises ``UnknownRecord`` when nothing was."""
        path = self.folder / _REQUEST
        if not path.exists():
            raise UnknownRecord("enrolment request", str(path))
        return from_cbor(EnrolmentRequest, from_cbor(Signed, read_file(path, MOST_BYTES)).body)

    def keys(self) -> PrivateKeys:
        """The keys that were made for it. Raises ``KeyFileUnreadable``."""
        return self.workspace.keyring.pair(self.folder / PARTY_KEYS)

    def accept(self, answer: EnrolmentAnswer, expected: Party | None = None) -> Party:
        """Opens the answer with the party's exchange key, checks it against the CA and the chain, and keeps the certificate.

        ``expected`` is who it has to be, where that is known. Raises ``SealInvalid`` for another's answer, ``CertificateInvalid``,
        ``KeyNotInForce`` and ``WrongSigner``.
        """
        keys = self.keys()
        enrolled = open_enrolled(answer, keys, self.workspace.reader.network)
        if enrolled.party.kind is not self.kind or enrolled.party != (expected or enrolled.party):
            raise WrongSigner(str(expected or self.kind.value), str(enrolled.party))
        if self.workspace.reader.registrations.keys(enrolled.party)[-1].thumbprint != key_thumbprint(keys.public):
            raise KeyNotInForce(str(enrolled.party))
        if self._identity(enrolled.certificate).certified.name != enrolled.party:
            raise CertificateInvalid("it names somebody else")
        write_file(self.folder / CERTIFICATE, enrolled.certificate)
        return enrolled.party

    def _identity(self, certificate: bytes) -> TlsIdentity:
        return TlsIdentity(self.workspace.keyring.tls_key(self.folder / TLS_KEY), certificate, known_ca(self.workspace))


def tls_identity(workspace: Workspace, folder: Path) -> TlsIdentity:
    """Who a party of this home is in TLS. Raises ``UnknownRecord`` for one that has no certificate."""
    path = folder / CERTIFICATE
    if not path.exists():
        raise UnknownRecord("certificate", str(path))
    return TlsIdentity(workspace.keyring.tls_key(folder / TLS_KEY), read_file(path, MOST_BYTES), known_ca(workspace))


def known_ca(workspace: Workspace) -> CaCertificate:
    """The network's CA, as this home knows it: its own, or the one of the card that it joined by."""
    home, network = workspace.home, workspace.reader.network
    return (
        CaCertificate(network, read_file(home.ca, MOST_BYTES))
        if home.ca.exists()
        else workspace.keyring.authority().certificate
    )
