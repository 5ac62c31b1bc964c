"""Every error that certchain raises, as one tree whose families say what the caller should do.

::

    CertchainError
    ├── Unavailable            try again: nothing is wrong with what was asked
    │   ├── LedgerUnavailable, LedgerTimeout, LedgerMisbehaved
    │   └── StorageUnavailable (DatabaseNewer), PeerUnavailable
    ├── NotAuthorised          ask for a role, or use the account that has it
    │   └── PermissionDenied, NotManufacturer, RegistrationRefused, LoginRefused, LoginLocked, CommandRefused
    ├── InvalidInput           correct what was asked
    │   └── every refusal of a contract that concerns its arguments, UnknownRecord, Malformed…
    ├── VerificationFailed     do not trust what was shown
    │   ├── CertificationFailed  named by the session's step
    │   ├── UpdateRefused        named by the attack that it stopped
    │   └── SignatureInvalid, KeyNotInForce, LogInconsistent, ProofInvalid, …
    └── SettingsError          mend the configuration, the home folder or the installation

Each class has a sentence (``str(error)``), one sentence of ``advice`` and an ``exit_code`` of its family (sysexits.h). A class with a
``contract_error`` is the counterpart of that Solidity error and takes the same values in the same order.
"""

from certchain.errors.alert import *  # noqa: F403
from certchain.errors.alert_contract import *  # noqa: F403
from certchain.errors.app import *  # noqa: F403
from certchain.errors.audit import *  # noqa: F403
from certchain.errors.base import (
    CertchainError,
    InvalidInput,
    NotAuthorised,
    SettingsError,
    Unavailable,
    VerificationFailed,
    error_classes,
)
from certchain.errors.certification import *  # noqa: F403
from certchain.errors.channel import *  # noqa: F403
from certchain.errors.custody import *  # noqa: F403
from certchain.errors.key_custody import *  # noqa: F403
from certchain.errors.keys import *  # noqa: F403
from certchain.errors.local import *  # noqa: F403
from certchain.errors.log import *  # noqa: F403
from certchain.errors.log_contract import *  # noqa: F403
from certchain.errors.production import *  # noqa: F403
from certchain.errors.registration import *  # noqa: F403
from certchain.errors.service import *  # noqa: F403
from certchain.errors.storage import *  # noqa: F403
from certchain.errors.update import *  # noqa: F403
from certchain.errors.update_registry import *  # noqa: F403

__all__ = [  # noqa: PLE0604 - the families here, and every concrete error of the modules
    "CertchainError",
    "InvalidInput",
    "NotAuthorised",
    "SettingsError",
    "Unavailable",
    "VerificationFailed",
    "error_classes",
    *sorted(error_classes()),
]
