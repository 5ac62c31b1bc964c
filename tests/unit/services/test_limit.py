"""Whoever has many addresses of one network has one place to ask from."""

import pytest

from certchain.services.limit import site


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::1", "::"),
        ("", "unknown"),
        ("a socket", "unknown"),
    ],
)
def test_addresses_of_one_network_are_counted_as_one(address: str, counted: str) -> None:
    assert site(address) == counted
