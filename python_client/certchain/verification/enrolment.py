"""Enrolment: whether who asks has the keys that are to be enrolled and says what it is, and the answer that only it can read."""

from certchain.encoding.digest import enrolment_context, statement
from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import MalformedValue, WrongSigner
from certchain.keys import PrivateKeys, seal_to, verify_signature
from certchain.models.certification import Signed
from certchain.models.enrolment import Enrolled, EnrolmentAnswer, EnrolmentRequest
from certchain.models.identifier import Party, PartyKind
from certchain.models.registration import PublicKeys


def verify_enrolment(signed: Signed, network: bytes) -> EnrolmentRequest:
    """Returns the request that was signed with the keys it wants enrolled: nobody enrols somebody else's.

    Raises ``WrongSigner`` for one that names an identifier already, ``SignatureInvalid``, ``MalformedMessage``, or ``MalformedValue`` for
    one that does not describe just one party of its signer's kind.
    """
    nobody = Party(signed.signer.kind, 0)
    if signed.signer != nobody:
        raise WrongSigner(str(nobody), str(signed.signer))
    said = statement(network, EnrolmentRequest.__name__, nobody, signed.body)
    verify_signature(signed.keys.signing, said, signed.signature, str(nobody))
    request = from_cbor(EnrolmentRequest, signed.body)
    if _described(request) != [signed.signer.kind]:
        raise MalformedValue("enrolment", f"it does not describe one {signed.signer.kind}, and nothing else")
    if request.membership is not None and signed.signer.kind is not PartyKind.DEVICE:
        raise MalformedValue("enrolment", "only IoT devices are of a production batch")
    return request


def seal_enrolled(enrolled: Enrolled, keys: PublicKeys, network: bytes) -> EnrolmentAnswer:
    """The answer, which only who has the exchange key that was enrolled can read."""
    return EnrolmentAnswer(seal_to(keys.exchange, enrolment_context(network, keys), to_cbor(enrolled)))


def open_enrolled(answer: EnrolmentAnswer, keys: PrivateKeys, network: bytes) -> Enrolled:
    """Returns what the answer says to the holder of these keys. Raises ``SealInvalid`` or ``MalformedMessage``."""
    return from_cbor(Enrolled, keys.open(enrolment_context(network, keys.public), answer.sealed))


def _described(request: EnrolmentRequest) -> list[PartyKind]:
    descriptions = {
        PartyKind.DEVICE: request.device,
        PartyKind.USER_DEVICE: request.user_device,
        PartyKind.SERVICE: request.service,
    }
    return [kind for kind, description in descriptions.items() if description is not None]
