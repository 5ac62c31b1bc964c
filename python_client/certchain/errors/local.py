"""Errors of the seams and of the settings: ledger, storage, channel, keys, configuration."""

from dataclasses import dataclass

from certchain.errors.base import InvalidInput, NotAuthorised, SettingsError, Unavailable, VerificationFailed

__all__ = [
    "AlreadyDeployed",
    "ConfigurationInvalid",
    "DemoFailed",
    "FirmwareMissing",
    "GasCapExceeded",
    "KeyFileUnreadable",
    "LedgerMisbehaved",
    "LedgerMismatch",
    "LedgerTimeout",
    "LedgerUnavailable",
    "MalformedMessage",
    "MalformedValue",
    "NodeRunning",
    "NotDeployed",
    "PeerUnavailable",
    "PermissionDenied",
    "PortTaken",
    "ProgramMissing",
    "RecordExists",
    "SecretMissing",
    "StorageUnavailable",
    "TransactionReverted",
    "UnknownRecord",
]


@dataclass(eq=False)
class PermissionDenied(NotAuthorised):
    """The network's permissions do not allow the account this function (selector or name)."""

    account: str
    function: str

    sentence = "Account {account} may not call {function}."
    contract_error = "Permissioned_NotAuthorised"


@dataclass(eq=False)
class LedgerUnavailable(Unavailable):
    """The chain's node refused the connection or answered with a server error."""

    reason: str

    sentence = "The ledger cannot be reached: {reason}."


@dataclass(eq=False)
class LedgerTimeout(Unavailable):
    """A transaction may have been accepted, but its receipt did not come in time."""

    operation: str
    transaction: str

    sentence = "The ledger has not confirmed {operation} in time (transaction {transaction})."
    advice = "Try again: a transaction that was sent is looked up, not sent twice."


@dataclass(eq=False)
class LedgerMisbehaved(Unavailable):
    """The node's answer is not one that the protocol allows."""

    reason: str

    sentence = "The ledger's node answered nonsense: {reason}."
    advice = "Try again, or use another node."


@dataclass(eq=False)
class LedgerMismatch(SettingsError):
    """The chain id, or the code at a contract's address, differs from the deployment's."""

    reason: str

    sentence = "The ledger is not the one that is configured: {reason}."
    advice = "Compare the deployment file with the node's network, or deploy again."


@dataclass(eq=False)
class GasCapExceeded(InvalidInput):
    """The estimate is above the configured cap; nothing was sent."""

    operation: str
    gas: int
    cap: int

    sentence = "{operation} would take {gas} gas, above the cap of {cap}."
    advice = "Send smaller batches, or raise the cap."


@dataclass(eq=False)
class TransactionReverted(InvalidInput):
    """The chain refused for a reason that no contract declares."""

    operation: str
    reason: str

    sentence = "The ledger refused {operation}: {reason}."


@dataclass(eq=False)
class StorageUnavailable(Unavailable):
    """A database or a file could not be read or written."""

    reason: str

    sentence = "The storage cannot be used: {reason}."
    advice = "Check the disk and the database, then try again; nothing was half written."


@dataclass(eq=False)
class PeerUnavailable(Unavailable):
    """The other end of a channel is closed or silent."""

    peer: str
    reason: str

    sentence = "{peer} does not answer: {reason}."


@dataclass(eq=False)
class UnknownRecord(InvalidInput):
    """The storage has nothing under this name."""

    kind: str
    name: str

    sentence = "There is no {kind} {name!r}."


@dataclass(eq=False)
class RecordExists(InvalidInput):
    """The name is taken, and what is under it is not overwritten."""

    kind: str
    name: str

    sentence = "There is a {kind} {name!r} already."
    advice = "Choose another name."


@dataclass(eq=False)
class MalformedMessage(InvalidInput):
    """Bytes are not the deterministic CBOR of the model that was expected."""

    reason: str

    sentence = "The message cannot be read: {reason}."


@dataclass(eq=False)
class MalformedValue(InvalidInput):
    """A value is outside what its model allows."""

    name: str
    reason: str

    sentence = "{name} is not usable: {reason}."


@dataclass(eq=False)
class KeyFileUnreadable(SettingsError):
    """A wrong passphrase, or a file that was changed or is none of ours."""

    path: str
    reason: str

    sentence = "The key file {path} cannot be opened: {reason}."
    advice = "Check the passphrase and the file."


@dataclass(eq=False)
class ConfigurationInvalid(SettingsError):
    """The configuration file is missing, unreadable or has a wrong value."""

    path: str
    reason: str

    sentence = "The configuration {path} is not usable: {reason}."


@dataclass(eq=False)
class NotDeployed(SettingsError):
    """The home folder has no deployment for the network."""

    network: str

    sentence = "There is no deployment for network {network!r}."
    advice = "Run `certchain deploy` first."


@dataclass(eq=False)
class AlreadyDeployed(SettingsError):
    """The home folder has its deployment; a second one would leave the first without its keys."""

    network: str

    sentence = "This home folder has a deployment on network {network!r} already."
    advice = "Use it as it is, or choose another home folder by CERTCHAIN_HOME."


@dataclass(eq=False)
class DemoFailed(VerificationFailed):
    """What the demo claims was not so when it looked."""

    claim: str

    sentence = "The demo's claim does not hold: {claim}."
    advice = "Report it; something that certchain promises is not kept here."


@dataclass(eq=False)
class FirmwareMissing(SettingsError):
    """The demo has no firmware image to work with."""

    path: str

    sentence = "There is no firmware image: {path} is not installed."
    advice = "Run `make demo`, which installs one, or name a file with --firmware."


@dataclass(eq=False)
class SecretMissing(SettingsError):
    """A passphrase or a secret was neither set nor typed, or was typed in two ways."""

    secret: str
    variable: str

    sentence = "There is no {secret} to work with."
    advice = "Set it in the environment, give it in a file where the command takes one, or type it on a terminal."


@dataclass(eq=False)
class ProgramMissing(SettingsError):
    """A program that this command starts is not on the machine."""

    program: str

    sentence = "The program {program} is neither on PATH nor in a node_modules folder here or above."
    advice = "Run `make setup` in the project's folder, or install the program."


@dataclass(eq=False)
class NodeRunning(SettingsError):
    """A home folder has one node at a time: two would spoil each other's state."""

    address: str

    sentence = "The node of this home folder runs already, at {address}."
    advice = "Use it, or stop it first."


@dataclass(eq=False)
class PortTaken(SettingsError):
    """Something listens already where a server is to be started."""

    port: int

    sentence = "Port {port} of this machine is taken."
    advice = "Stop what listens there, or choose another port."
