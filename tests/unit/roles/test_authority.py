"""The authority's registers: services, manufacturers and their accounts."""

import pytest

from certchain.errors import KeyAlreadyEnrolled, NotManufacturer
from certchain.keys import KeyPair
from certchain.models.certification import Signed
from certchain.models.delivery import VersionRequest
from certchain.models.identifier import service_party
from certchain.verification.statement import Identity
from tests.industry import Industry


def test_a_service_is_enrolled_once_however_often_it_is_asked_for() -> None:
    industry, keys = Industry(), KeyPair.generate().public
    first = industry.authority.enrol_service(keys)
    assert industry.authority.enrol_service(keys) == first
    assert industry.account("anyone").registrations.service_count() == first


def test_keys_of_a_device_are_not_enrolled_for_a_service() -> None:
    industry = Industry()
    industry.device("hall")
    with pytest.raises(KeyAlreadyEnrolled):
        industry.authority.enrol_service(industry.identities["hall"].keys.public)


def test_a_service_that_is_no_manufacturer_gets_no_version() -> None:
    """Enrolled by the authority itself, but for something else."""
    industry, keys = Industry(), KeyPair.generate()
    service = industry.authority.enrol_service(keys.public)
    product = industry.product()
    industry.account("manufacturer").updates.request_version(product, 1)
    request = Identity(industry.network, service_party(service), keys).sign(VersionRequest(product, 1))
    with pytest.raises(NotManufacturer):
        industry.to_authority().request(request, Signed)


def test_manufacturers_are_known_by_their_accounts() -> None:
    industry = Industry()
    accounts = {industry.account(name).account for name in ("manufacturer", "rival")}
    assert set(industry.authority.manufacturers().values()) == accounts
