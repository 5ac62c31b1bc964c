"""Whether what asks to be enrolled has the keys that it wants enrolled, and says what it is."""

from certchain.encoding.digest import statement
from certchain.encoding.message import from_cbor
from certchain.errors import MalformedValue, WrongSigner
from certchain.keys import verify_signature
from certchain.models.certification import Signed
from certchain.models.enrolment import EnrolmentRequest
from certchain.models.identifier import Party, PartyKind


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


def _described(request: EnrolmentRequest) -> list[PartyKind]:
    descriptions = {
        PartyKind.DEVICE: request.device,
        PartyKind.USER_DEVICE: request.user_device,
        PartyKind.SERVICE: request.service,
    }
    return [kind for kind, description in descriptions.items() if description is not None]
