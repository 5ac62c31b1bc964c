"""Errors of signatures, logins, sessions and the log; session errors begin with the step that failed."""

from dataclasses import dataclass

from certchain.errors.base import NotAuthorised, VerificationFailed

__all__ = [
    "CertificationFailed",
    "CertificationHashWrong",
    "ChallengeRejected",
    "CheckpointInvalid",
    "CommandRefused",
    "DatabaseChanged",
    "InformationChanged",
    "IntegrityFailed",
    "KeyDataUnreadable",
    "KeyNotInForce",
    "LockedOut",
    "LogInconsistent",
    "LoginLocked",
    "LoginRefused",
    "MethodTooWeak",
    "NotLoggedIn",
    "OutcomeForged",
    "ProofInvalid",
    "RegistrationNotActive",
    "RegistrationRefused",
    "SealInvalid",
    "SessionUnknown",
    "SignatureInvalid",
    "WrongRecipient",
    "WrongSigner",
]


@dataclass(eq=False)
class SignatureInvalid(VerificationFailed):
    """Ed25519 verification failed (RFC 8032)."""

    signer: str

    sentence = "The signature of {signer} does not verify."


@dataclass(eq=False)
class SealInvalid(VerificationFailed):
    """What was sealed was changed, or sealed to another key or for another purpose."""

    key: str

    sentence = "What was sealed does not open under {key}."


@dataclass(eq=False)
class KeyNotInForce(VerificationFailed):
    """The thumbprint of the keys is not the one that the chain has in force."""

    signer: str

    sentence = "The keys shown for {signer} are not those in force on the chain."


@dataclass(eq=False)
class WrongSigner(VerificationFailed):
    """The signer, or the channel's other end, is enrolled, but is not the party that this message must come from."""

    expected: str
    actual: str

    sentence = "It comes from {actual} where {expected} was expected."


@dataclass(eq=False)
class WrongRecipient(VerificationFailed):
    """The message is authentic, but was signed for another party than the one it reached."""

    expected: str
    actual: str

    sentence = "Meant for {actual}, but it reached {expected}."


@dataclass(eq=False)
class RegistrationRefused(NotAuthorised):
    """The operator has not permitted this registration, or the application is not for this moment or this server."""

    reason: str

    sentence = "The registration is refused: {reason}."
    advice = "Ask the operator of the certification server for a permit, then apply again."


@dataclass(eq=False)
class LoginRefused(NotAuthorised):
    """C2: user or secret is wrong; which of them is not told."""

    attempts_left: int

    sentence = "C2: the login is refused; {attempts_left} attempts are left."
    advice = "Check user and secret."


@dataclass(eq=False)
class LoginLocked(NotAuthorised):
    """C2: too many wrong logins."""

    user: int

    sentence = "C2: logins of user {user} are locked on this device after too many failures."
    advice = "Ask the operator to unlock."


@dataclass(eq=False)
class LockedOut(NotAuthorised):
    """C5: too many failures of a user, or at an IoT device, wherever they happened."""

    subject: str

    sentence = "C5: {subject} is locked out after too many failures."
    advice = "Ask the operator of the certification server to unlock."


@dataclass(eq=False)
class NotLoggedIn(NotAuthorised):
    """C3: a statement came before a good login on the same channel."""

    sentence = "C3: there is no login on this channel."
    advice = "Log in first (C1)."


@dataclass(eq=False)
class CommandRefused(NotAuthorised):
    """C15: no control keys, expired ones, another peer's, or a replayed command."""

    reason: str

    sentence = "C15: the command is refused: {reason}."
    advice = "Certify again."


@dataclass(eq=False)
class CertificationFailed(VerificationFailed):
    """A session ended without certification, at the step named."""

    step: str
    reason: str

    sentence = "{step}: {reason}."


@dataclass(eq=False)
class InformationChanged(CertificationFailed):
    """C5: a device's or user device's information is not what was registered."""

    sentence = "{step}: the information differs from the management database: {reason}."


@dataclass(eq=False)
class IntegrityFailed(CertificationFailed):
    """C5: the integrity evidence names an unknown, changed or revoked app."""

    sentence = "{step}: the app is not one that is allowed: {reason}."


@dataclass(eq=False)
class ChallengeRejected(CertificationFailed):
    """C7–C10: a challenge was replayed, is unknown or has expired."""

    sentence = "{step}: the challenge is not the one in force: {reason}."


@dataclass(eq=False)
class RegistrationNotActive(CertificationFailed):
    """C11: the registration is missing, suspended, superseded or revoked."""

    sentence = "{step}: the registration cannot be used: {reason}."
    advice = "Register again."


@dataclass(eq=False)
class MethodTooWeak(CertificationFailed):
    """C11: the risk level demands more factors, or the method was downgraded."""

    sentence = "{step}: the combination method is too weak: {reason}."
    advice = "Register by a method with more factors."


@dataclass(eq=False)
class DatabaseChanged(CertificationFailed):
    """C12: a changed management database is noticed."""

    sentence = "{step}: the management database does not lead to the commitment on the chain: {reason}."
    advice = "Stop the server and restore the database from a verified copy."


@dataclass(eq=False)
class CertificationHashWrong(CertificationFailed):
    """C12: A was not made with R over this session's transcript."""

    sentence = "{step}: the certification hash is wrong: {reason}."


@dataclass(eq=False)
class SessionUnknown(CertificationFailed):
    """The session ended, expired or never was."""

    sentence = "{step}: there is no such open session: {reason}."


@dataclass(eq=False)
class OutcomeForged(CertificationFailed):
    """C14: the signed outcome is not the server's or is for another session."""

    sentence = "{step}: the outcome does not come from the certification server: {reason}."


@dataclass(eq=False)
class KeyDataUnreadable(VerificationFailed):
    """AES-256-GCM-SIV did not authenticate the key data under the key that its shares make, or no such key was divided."""

    registration: int

    sentence = "The key data of registration {registration} cannot be opened."
    advice = "Restore the database."


@dataclass(eq=False)
class ProofInvalid(VerificationFailed):
    """A proof file or inclusion proof does not lead to its root."""

    reason: str

    sentence = "The proof does not hold: {reason}."


@dataclass(eq=False)
class CheckpointInvalid(VerificationFailed):
    """A checkpoint is malformed or not signed by the log's key."""

    reason: str

    sentence = "The checkpoint does not hold: {reason}."


@dataclass(eq=False)
class LogInconsistent(VerificationFailed):
    """The auditor's replay does not lead to the chain's root."""

    reason: str
    index: int

    sentence = "The log and the chain differ from entry {index} on: {reason}."
    advice = "Stop relying on the log's server; keep both as evidence."
