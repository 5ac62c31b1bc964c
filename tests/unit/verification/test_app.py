"""C5: an app runs by its vendor's signature and the log's last word on it; the management database is believed where it agrees."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.encoding.digest import app_release_digest, key_thumbprint, manifest_digest
from certchain.encoding.message import to_cbor
from certchain.errors import (
    DatabaseChanged,
    IntegrityFailed,
    KeyNotInForce,
    MalformedValue,
    ReleaseInvalid,
    SignatureInvalid,
    WrongSigner,
)
from certchain.keys import KeyPair
from certchain.models.app import RELEASE_FORMAT, AppRecord, AppRelease, ReleaseFile
from certchain.models.certification import AppStatus, IntegrityEvidence, ManifestFile
from certchain.models.digest import Digest
from certchain.models.entry import AppEntry
from certchain.models.identifier import ServiceId, UserDeviceId, service_party, user_device_party
from certchain.models.registration import KeyRecord
from certchain.verification.app import verify_files, verify_release, verify_standing
from certchain.verification.statement import Identity

NETWORK, NOW = b"n" * 32, 1_700_000_000
VENDOR = Identity(NETWORK, service_party(ServiceId(4)), KeyPair.generate())
RECORDS = (KeyRecord(key_thumbprint(VENDOR.keys.public), 1),)
FILES = (ManifestFile("lib/a", 3, Digest(b"a" * 32)), ManifestFile("main.js", 5, Digest(b"m" * 32)))
DIGEST = manifest_digest("door", "1.0", FILES)
RELEASE = VENDOR.sign(AppRelease("door", "1.0", DIGEST))
FILE = ReleaseFile(RELEASE_FORMAT, RELEASE, FILES)
SIGNED = to_cbor(RELEASE)
RECORD = AppRecord("door", "1.0", DIGEST, SIGNED)
DECISION = AppEntry("door", "1.0", ServiceId(4), app_release_digest(SIGNED), AppStatus.ALLOWED, 0, "Olga", "")
EVIDENCE = IntegrityEvidence("door", "1.0", DIGEST, b"c" * 32)


def standing(record: AppRecord | None = RECORD, decision: AppEntry | None = DECISION, now: int = NOW) -> AppRecord:
    return verify_standing(EVIDENCE, record, decision, NETWORK, now)


def resigned(by: Identity = VENDOR, **changes: Any) -> tuple[AppRecord, AppEntry]:
    """A record and a decision that agree, about another release."""
    signed = to_cbor(by.sign(replace(AppRelease("door", "1.0", DIGEST), **changes)))
    return replace(RECORD, release=signed), replace(DECISION, release=app_release_digest(signed))


# ------------------------------------------------------------------------------------------------------------- admission


def test_a_release_is_its_vendors_word_over_its_files() -> None:
    assert verify_files(FILE) is RELEASE
    assert verify_release(RELEASE, RECORDS, NETWORK) == AppRelease("door", "1.0", DIGEST)


@pytest.mark.parametrize(
    ("file", "what"),
    [
        (replace(FILE, files=FILES[:1]), "not those"),
        (replace(FILE, files=(*FILES, ManifestFile("more", 0, Digest(bytes(32))))), "not those"),
        (replace(FILE, files=(replace(FILES[0], size=4), FILES[1])), "not those"),
        (replace(FILE, format="certchain/app-release/v2"), "format"),
    ],
)
def test_a_file_with_other_files_than_were_signed_is_refused(file: ReleaseFile, what: str) -> None:
    with pytest.raises(ReleaseInvalid, match=what):
        verify_files(file)


def test_a_release_under_keys_that_are_not_in_force_is_refused() -> None:
    with pytest.raises(KeyNotInForce):
        verify_release(RELEASE, (*RECORDS, KeyRecord(Digest(b"o" * 32), 2)), NETWORK)
    with pytest.raises(SignatureInvalid):
        verify_release(replace(RELEASE, body=to_cbor(AppRelease("door", "1.1", DIGEST))), RECORDS, NETWORK)
    with pytest.raises(SignatureInvalid):
        verify_release(RELEASE, RECORDS, b"m" * 32)


def test_a_user_device_is_no_vendor() -> None:
    phone = Identity(NETWORK, user_device_party(UserDeviceId(2)), VENDOR.keys)
    with pytest.raises(WrongSigner):
        verify_release(phone.sign(AppRelease("door", "1.0", DIGEST)), RECORDS, NETWORK)


def test_only_a_deprecated_version_has_an_end() -> None:
    replace(RECORD, status=AppStatus.DEPRECATED, until=NOW)
    for status, until in ((AppStatus.DEPRECATED, 0), (AppStatus.ALLOWED, NOW), (AppStatus.REVOKED, NOW)):
        with pytest.raises(MalformedValue):
            replace(RECORD, status=status, until=until)


# -------------------------------------------------------------------------------------------------------------------- C5


def test_an_allowed_app_stands() -> None:
    assert standing() is RECORD


def test_a_deprecated_app_stands_until_its_time_is_over() -> None:
    ends = {"status": AppStatus.DEPRECATED, "until": NOW + 1}
    record, decision = replace(RECORD, **ends), replace(DECISION, **ends)  # type: ignore[arg-type]

    assert standing(record, decision) is record
    with pytest.raises(IntegrityFailed, match="its time is over"):
        standing(record, decision, NOW + 1)


def test_an_app_that_nobody_knows_does_not() -> None:
    with pytest.raises(IntegrityFailed, match="unknown"):
        standing(None, None)


@pytest.mark.parametrize("record", [RECORD, replace(RECORD, status=AppStatus.REVOKED), None])
def test_a_revoked_app_does_not_whatever_the_database_says(record: AppRecord | None) -> None:
    with pytest.raises(IntegrityFailed, match="revoked"):
        standing(record, replace(DECISION, status=AppStatus.REVOKED))


OTHER_KEYS = Identity(NETWORK, VENDOR.party, KeyPair.generate())
CHANGED: dict[str, tuple[AppRecord | None, AppEntry | None]] = {
    "nobody has allowed": (RECORD, None),
    "is missing": (None, DECISION),
    "another status": (replace(RECORD, status=AppStatus.REVOKED), DECISION),
    "another status than": (
        replace(RECORD, status=AppStatus.DEPRECATED, until=NOW + 9),
        replace(DECISION, status=AppStatus.DEPRECATED, until=NOW + 5),
    ),
    "another release": (resigned(OTHER_KEYS)[0], DECISION),
    "other files": (replace(RECORD, digest=Digest(b"o" * 32)), DECISION),
    "other files than": resigned(version="1.1"),
    "not its vendor's": (
        replace(RECORD, release=b"nothing"),
        replace(DECISION, release=app_release_digest(b"nothing")),
    ),
    "not its vendor": (RECORD, replace(DECISION, vendor=ServiceId(5))),
}


@pytest.mark.parametrize("what", CHANGED)
def test_a_record_that_does_not_agree_with_the_log_is_a_changed_database(what: str) -> None:
    with pytest.raises(DatabaseChanged, match=what):
        standing(*CHANGED[what])
