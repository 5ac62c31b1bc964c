"""The manufacturer's steps, one by one and again."""

import pytest

from certchain.errors import UnknownRecord, UnknownVersion, VersionNotHigher
from certchain.storage.data import PackageBytes
from tests.industry import Industry, firmware


def test_a_product_is_registered_once_and_found_again() -> None:
    industry = Industry()
    first = industry.manufacturer.register_product("lamp", "rev-c")
    assert industry.manufacturer.register_product("lamp", "rev-c") == first
    assert industry.manufacturer.register_product("lamp", "rev-d") != first


def test_asking_for_a_version_again_gives_the_same_pkg_id() -> None:
    industry = Industry()
    first = industry.manufacturer.request_version(industry.product(), 1, industry.to_authority())
    assert industry.manufacturer.request_version(industry.product(), 1, industry.to_authority()) == first
    assert industry.manufacturer.request_version(industry.product(), 2, industry.to_authority()) != first


def test_versions_only_rise() -> None:
    industry = Industry()
    industry.manufacturer.request_version(industry.product(), 5, industry.to_authority())
    with pytest.raises(VersionNotHigher):
        industry.manufacturer.request_version(industry.product(), 4, industry.to_authority())


def test_a_package_is_not_submitted_before_its_version_was_asked_for() -> None:
    industry = Industry()
    with pytest.raises(UnknownRecord):
        industry.manufacturer.submit_package(industry.product(), 1, PackageBytes(firmware(10)), industry.to_authority())


def test_what_was_not_recorded_cannot_be_withdrawn() -> None:
    industry = Industry()
    with pytest.raises(UnknownVersion):
        industry.manufacturer.withdraw(industry.product(), 1)
    industry.manufacturer.request_version(industry.product(), 1, industry.to_authority())
    with pytest.raises(UnknownVersion):
        industry.manufacturer.withdraw(industry.product(), 1)
