"""What an operator does, as JSON over HTTPS under the operator's own certificate; the API's page lets a person do it."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from certchain.channel.operations import Operations
from certchain.encoding.base_64 import from_base64, to_base64
from certchain.encoding.message import from_cbor, to_cbor
from certchain.models.certificate import Operator
from certchain.models.certification import Signed
from certchain.models.entry import Subject, SubjectKind
from certchain.models.identifier import DeviceId, Party, PartyKind, RegistrationId, UserDeviceId, UserId
from certchain.services.connected import operator_of
from certchain.services.description import problem

_LONGEST_TEXT = 1000
_LONGEST_SIGNED = 64 * 1024
_REFUSED: dict[int | str, dict[str, Any]] = {
    400: problem("It cannot be read, or cannot be done to this."),
    403: problem("Without an operator's certificate, or the server may not."),
    404: problem("There is none of that number or name."),
    422: problem("It is not authentic, or contradicts what is known."),
    429: problem("More often than is allowed. `Retry-After` says when to ask again."),
    503: problem("The chain, a custodian or the disk is away. `Retry-After` says when to ask again."),
}

Number = Annotated[int, Field(ge=1, lt=2**48, description="An identifier that the chain has issued.")]
NumberInPath = Annotated[int, Path(ge=1, lt=2**48, description="An identifier that the chain has issued.")]
Text = Annotated[str, Field(min_length=1, max_length=_LONGEST_TEXT)]
Base64 = Annotated[
    str, Field(max_length=_LONGEST_SIGNED, description="Deterministic CBOR of a signed message, in base64.")
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewUser(_Strict):
    """A user as the certification centre knows them; the chain learns a salted commitment only."""

    name: Text


class EnrolledUser(_Strict):
    """The identifier that the chain has issued."""

    user: Number


class SignedRequest(_Strict):
    """A signed ``EnrolmentRequest``, as the party's own software has made it."""

    request: Base64


class Answer(_Strict):
    """An ``EnrolmentAnswer``, for the party's own software."""

    answer: Base64


class Permit(_Strict):
    """That a user may register a user device for an IoT device, once and soon."""

    user: Number
    user_device: Number
    device: Number


class Reason(_Strict):
    """Why; it goes on record, and should name nobody."""

    reason: Annotated[str, Field(max_length=_LONGEST_TEXT)]


class Suspended(_Strict):
    """The registrations that were active until now."""

    registrations: list[Number]


class Recorded(_Strict):
    """The index of the log's entry about it."""

    entry: Annotated[int, Field(ge=0)]


class Release(Reason):
    """A vendor's signed release of an app's version."""

    release: Base64


class Revocation(Reason):
    """Which of an app's versions ends."""

    app: Text
    version: Text


class Deprecation(Revocation):
    """Until when an app's version is still allowed, in seconds since the epoch."""

    until: Annotated[int, Field(ge=1, lt=2**40)]


def operator_router(operations: Callable[[str], Operations]) -> APIRouter:
    """The routes below ``/operator``; ``operations`` gives those of an operator by name."""

    def of_operator(operator: Annotated[Operator, Depends(operator_of)]) -> Operations:
        return operations(operator.name)

    router = APIRouter(prefix="/operator", responses=_REFUSED)
    _add_enrolment(router, Depends(of_operator))
    _add_registrations(router, Depends(of_operator))
    _add_lockout(router, Depends(of_operator))
    _add_apps(router, Depends(of_operator))
    return router


def _add_enrolment(router: APIRouter, mine: Operations) -> None:
    @router.post("/users", status_code=201, tags=["enrolment"])
    def enrol_user(user: NewUser, act: Operations = mine) -> EnrolledUser:
        """Enrols a user."""
        return EnrolledUser(user=act.enrol_user(user.name))

    @router.post("/enrolments", status_code=201, tags=["enrolment"])
    def admit(signed: SignedRequest, act: Operations = mine) -> Answer:
        """Enrols an IoT device or a user device that asks for it."""
        return _answer(to_cbor(act.admit(_signed(signed.request))))

    @router.post("/devices/{device}/keys", tags=["enrolment"])
    def rotate_device(device: NumberInPath, signed: SignedRequest, act: Operations = mine) -> Answer:
        """Puts fresh keys in force for an IoT device; its registrations have to be made again."""
        party = Party(PartyKind.DEVICE, device)
        return _answer(to_cbor(act.rotate(party, _signed(signed.request))))

    @router.post("/user-devices/{user_device}/keys", tags=["enrolment"])
    def rotate_user_device(user_device: NumberInPath, signed: SignedRequest, act: Operations = mine) -> Answer:
        """Puts fresh keys in force for a user device; its registrations have to be made again."""
        party = Party(PartyKind.USER_DEVICE, user_device)
        return _answer(to_cbor(act.rotate(party, _signed(signed.request))))


def _add_registrations(router: APIRouter, mine: Operations) -> None:
    @router.post("/permits", status_code=204, tags=["registration"])
    def permit(wanted: Permit, act: Operations = mine) -> Response:
        """Permits one registration."""
        act.permit(UserId(wanted.user), UserDeviceId(wanted.user_device), DeviceId(wanted.device))
        return Response(status_code=204)

    @router.post("/registrations/{registration}/suspend", status_code=204, tags=["registration"])
    def suspend(registration: NumberInPath, act: Operations = mine) -> Response:
        """Suspends a registration: it certifies nobody."""
        act.suspend(RegistrationId(registration))
        return Response(status_code=204)

    @router.post("/registrations/{registration}/reinstate", status_code=204, tags=["registration"])
    def reinstate(registration: NumberInPath, act: Operations = mine) -> Response:
        """Ends a suspension."""
        act.reinstate(RegistrationId(registration))
        return Response(status_code=204)

    @router.post("/registrations/{registration}/revoke", status_code=204, tags=["registration"])
    def revoke(registration: NumberInPath, act: Operations = mine) -> Response:
        """Ends a registration for good."""
        act.revoke(RegistrationId(registration))
        return Response(status_code=204)

    @router.post("/registrations/{registration}/redivide", status_code=204, tags=["registration"])
    def redivide(registration: NumberInPath, act: Operations = mine) -> Response:
        """Gives the custodians fresh shares of the same key."""
        act.redivide(RegistrationId(registration))
        return Response(status_code=204)

    @router.post("/user-devices/{user_device}/lost", tags=["registration"])
    def report_lost(user_device: NumberInPath, why: Reason, act: Operations = mine) -> Suspended:
        """Suspends every active registration of a user device that was lost or stolen."""
        return Suspended(registrations=list(act.report_lost(UserDeviceId(user_device), why.reason)))


def _add_lockout(router: APIRouter, mine: Operations) -> None:
    @router.post("/users/{user}/unlock", tags=["lock-out"])
    def unlock_user(user: NumberInPath, why: Reason, act: Operations = mine) -> Recorded:
        """Lets a user try again, here and at the devices that have locked them out."""
        return Recorded(entry=act.unlock(Subject(SubjectKind.USER, user), why.reason))

    @router.post("/devices/{device}/unlock", tags=["lock-out"])
    def unlock_device(device: NumberInPath, why: Reason, act: Operations = mine) -> Recorded:
        """Lets users log in again at a device where too many failed."""
        return Recorded(entry=act.unlock(Subject(SubjectKind.DEVICE, device), why.reason))


def _add_apps(router: APIRouter, mine: Operations) -> None:
    @router.post("/apps", status_code=204, tags=["apps"])
    def allow(wanted: Release, act: Operations = mine) -> Response:
        """Allows an app's version."""
        act.allow_app(_signed(wanted.release), wanted.reason)
        return Response(status_code=204)

    @router.post("/apps/deprecate", status_code=204, tags=["apps"])
    def deprecate(ending: Deprecation, act: Operations = mine) -> Response:
        """Allows an app's version until a time."""
        act.deprecate_app(ending.app, ending.version, ending.until, ending.reason)
        return Response(status_code=204)

    @router.post("/apps/revoke", status_code=204, tags=["apps"])
    def revoke(ended: Revocation, act: Operations = mine) -> Response:
        """Ends an app's version at once."""
        act.revoke_app(ended.app, ended.version, ended.reason)
        return Response(status_code=204)


def _signed(base64: str) -> Signed:
    return from_cbor(Signed, from_base64(base64))


def _answer(data: bytes) -> Answer:
    return Answer(answer=to_base64(data))
