"""The certification server: enrols, registers, certifies, and keeps the management database and the login log."""

from certchain.roles.certification_server.server import CertificationServer

__all__ = ["CertificationServer"]
