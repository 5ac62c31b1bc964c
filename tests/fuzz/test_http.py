"""Fuzzing: schemathesis throws requests at the services, by their own descriptions, over TLS, as whoever has a certificate.

No answer is a server error, and each has a status, a content type and a body that the description names. schemathesis is in an environment
of its own, which ``make .make/fuzz`` makes; without it these tests are left out.
"""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certchain.keys import ServerTls, TlsIdentity
from certchain.keys.certificate import parse_certificate
from certchain.models.identifier import service_party
from certchain.services import RequestLimits, certification_app, custodian_app, running
from certchain.services.operator import operator_router
from tests.fuzzing import SECONDS, no_faults
from tests.household import Household
from tests.tls import OLGA, Certificates

ROOT = Path(__file__).parents[2]
SCHEMATHESIS = ROOT / ".make/schemathesis/bin/schemathesis"
OFTEN = "1000000/second"
LIMITS = RequestLimits(peer=OFTEN, address=OFTEN, stranger=OFTEN)
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
FEW, PLENTY = 5, 400

pytestmark = pytest.mark.skipif(
    not SCHEMATHESIS.exists() and "CI" not in os.environ,
    reason="schemathesis is not there: `make .make/fuzz` gets it, and `make fuzz` runs these for ten minutes",
)


@pytest.fixture(scope="module")
def home() -> Household:
    home = Household()
    home.register()
    return home


@pytest.fixture(scope="module")
def certificates(home: Household) -> Certificates:
    return Certificates(home.server.identity.network)


def as_pem(identity: TlsIdentity, folder: Path) -> Sequence[str]:
    """The options for who asks, and for whom to believe."""
    certificate, key, ca = folder / "certificate.pem", folder / "key.pem", folder / "ca.pem"
    certificate.write_bytes(parse_certificate(identity.certificate).public_bytes(Encoding.PEM))
    key.write_bytes(identity.key._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    ca.write_bytes(parse_certificate(identity.ca.der).public_bytes(Encoding.PEM))
    return "--request-cert", str(certificate), "--request-cert-key", str(key), "--tls-verify", str(ca)


def thrown(url: str, identity: TlsIdentity, folder: Path, *options: str) -> None:
    """Requests of all kinds to every operation. Fails with what schemathesis says."""
    count = FEW if SECONDS < 100 else PLENTY
    command = [
        SCHEMATHESIS, "run", f"{url}/openapi.json", "--checks", CHECKS, "--phases", "coverage,fuzzing",
        "--max-examples", str(count), "--suppress-health-check", "all",
        "--request-timeout", "20", "--continue-on-failure", *as_pem(identity, folder), *options,
    ]  # fmt: skip
    command += ["--generation-deterministic"] if count == FEW else ["--generation-database", "none"]
    hooks = {"PYTHONPATH": str(Path(__file__).parent), "SCHEMATHESIS_HOOKS": "hooks"}
    patience = 10 * SECONDS + 60
    done = subprocess.run(
        command, cwd=folder, env=os.environ | hooks, capture_output=True, text=True, check=False, timeout=patience
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


@contextmanager
def served(app: Any, certificates: Certificates, home: Household) -> Iterator[str]:
    with no_faults(), running(app, tls=ServerTls(certificates.server(home.server.identity.party))) as url:
        yield url


def certification(home: Household, *, operators: bool) -> Any:
    """The certification server's application; its log is not closed with it, since others are served from it after."""
    api = operator_router(home.server.role.operations) if operators else None
    home.server.restart()
    admit = home.server.role.admission.admit_from_batch
    return certification_app(home.server.role, home.server.log, admit=admit, operator_api=api, limits=LIMITS)


def test_an_operator_asks_the_certification_server_for_anything(
    home: Household, certificates: Certificates, tmp_path: Path
) -> None:
    """The operator API, monitoring, enrolment, and messages that an operator may not send."""
    with served(certification(home, operators=True), certificates, home) as url:
        thrown(url, certificates.identity(OLGA), tmp_path)


def test_a_device_asks_the_certification_server_for_anything(
    home: Household, certificates: Certificates, tmp_path: Path
) -> None:
    """Where there is no operator API; in a conversation of its own, and in none."""
    with served(certification(home, operators=False), certificates, home) as url:
        lock = certificates.identity(home.lock.identity.party)
        thrown(url, lock, tmp_path)
        thrown(url, lock, tmp_path, "-H", f"Certchain-Conversation:{'ab' * 16}")


def test_a_certification_server_asks_a_custodian_for_anything(
    home: Household, certificates: Certificates, tmp_path: Path
) -> None:
    custodian = next(iter(home.custodians.values()))
    with served(custodian_app(custodian.role.answer, limits=LIMITS), certificates, home) as url:
        server = certificates.identity(service_party(home.server.id))
        thrown(url, server, tmp_path, "-H", f"Certchain-Conversation:{'ab' * 16}")
