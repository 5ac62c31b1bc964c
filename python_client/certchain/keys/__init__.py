"""Keys and what they do: signing, key exchange, sealing, users' secrets, TLS, files. No ``repr`` shows a secret."""

from certchain.keys.certificate import CaCertificate, verify_in_force, verify_server
from certchain.keys.certificate_authority import LIFETIME, CertificateAuthority
from certchain.keys.control import CONTROL_LENGTH, ControlKeys
from certchain.keys.file import read_key_file, write_key_file
from certchain.keys.interface import PrivateKeys
from certchain.keys.pair import KeyPair, seal_to, verify_signature
from certchain.keys.sealing import SealingKey
from certchain.keys.secret import RFC_9106_SECOND, Argon2Cost, LoginKey, SecretKeys
from certchain.keys.tls import ServerTls, TlsIdentity, TlsKey, client_context

__all__ = [
    "CONTROL_LENGTH",
    "LIFETIME",
    "RFC_9106_SECOND",
    "Argon2Cost",
    "CaCertificate",
    "CertificateAuthority",
    "ControlKeys",
    "KeyPair",
    "LoginKey",
    "PrivateKeys",
    "SealingKey",
    "SecretKeys",
    "ServerTls",
    "TlsIdentity",
    "TlsKey",
    "client_context",
    "read_key_file",
    "seal_to",
    "verify_in_force",
    "verify_server",
    "verify_signature",
    "write_key_file",
]
