"""The third part of the story: a real firmware image, registered R1 to R7 and installed A1 to A12, and three attacks on it."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from certchain.cli.demo.firmware import Firmware
from certchain.cli.demo.household import HALL, HUB, PORCH
from certchain.cli.demo.stage import Stage, short
from certchain.cli.demo.wiretap import Wiretap
from certchain.cli.record import ProductRecord
from certchain.encoding.digest import package_id
from certchain.errors import CorruptedPackage, RollbackAttack, SwappedPackage, UpdateRefused
from certchain.models.delivery import PackageChunk, PublishedPackage
from certchain.models.identifier import ProductId
from certchain.models.update import PackageStatus
from certchain.roles.iot_device.update import DeviceUpdater
from certchain.storage.data import PackageBytes

INSTALLATIONS = 4
"""Two locks install two versions each."""

Refusal = TypeVar("Refusal", bound=UpdateRefused)


def update(stage: Stage, firmware: Firmware) -> None:
    """Two versions are released, one lock tells the other, and nobody gets in between."""
    stage.scene("6. A firmware package, registered and installed")
    stage.tell("image", f"{firmware.origin}: {len(firmware.image):,} bytes, licence {firmware.licence}")
    first = _release(stage, firmware, 1)
    for lock in (PORCH, HALL):
        stage.cast.updater(lock).update()
    second = _release(stage, firmware, 2)
    stage.cast.updater(HALL).update()
    _require_versions(stage, porch=1, hall=2)
    stage.tell("A5-A11", "porch-lock runs version 1; hall-lock has installed version 2.")
    _flipped_bit(stage)
    _swapped_package(stage, firmware)
    _discrepancy(stage)
    _older_version(stage, first)
    _receipts(stage)
    stage.require("the versions differ, although the image is one", first.pkg_id != second.pkg_id)


def _release(stage: Stage, firmware: Firmware, version: int) -> PublishedPackage:
    """R1 to R7."""
    manufacturer = stage.cast.manufacturer.identity.party
    authority = stage.cast.authority_channel(manufacturer, approving=True)
    update_server = stage.cast.update_server_channel(manufacturer)
    published = stage.cast.manufacturer.release(
        _product(stage), version, PackageBytes(firmware.image), authority, update_server
    )
    package = stage.workspace.reader.updates.package(published.pkg_id)
    stage.require(f"version {version} is approved", package.status is PackageStatus.APPROVED)
    digest, approvals = short(package.digest or published.pkg_id), package.approvals
    required = stage.workspace.reader.updates.approvals_required()
    stage.tell(
        "R1-R4",
        f"Version {version}: the authority draws VerID and commits to it, the manufacturer draws UptID; PkgID = H(VerID, UptID).",
    )
    stage.tell(
        "R5-R7",
        f"H(PkgID, data) = {digest} is on the chain, approved by {approvals} of {required}, and published.",
    )
    return published


def _flipped_bit(stage: Stage) -> None:
    def flip(answer: Any) -> Any:
        if isinstance(answer, PackageChunk) and answer.offset == 0:
            return replace(answer, data=bytes([answer.data[0] ^ 1]) + answer.data[1:])
        return answer

    refusal = stage.refused(CorruptedPackage, _tampered(stage, flip).update)
    _tell(stage, "bit", "The update server flips one bit of the image.", refusal, porch=1)


def _swapped_package(stage: Stage, firmware: Firmware) -> None:
    """A package of someone's own making, under a PkgID of someone's own making."""
    pkg_id = package_id(secrets.token_bytes(32), secrets.token_bytes(32))

    def swap(answer: Any) -> Any:
        return replace(answer, pkg_id=pkg_id) if isinstance(answer, PublishedPackage) else answer

    refusal = stage.refused(SwappedPackage, _tampered(stage, swap).update)
    _tell(
        stage,
        "swap",
        "The update server offers a package of its own making in the place of the manufacturer's.",
        refusal,
        porch=1,
    )


def _older_version(stage: Stage, first: PublishedPackage) -> None:
    """Version 1 is approved, and as genuine as ever."""

    def offer_first(answer: Any) -> Any:
        return first if isinstance(answer, PublishedPackage) else answer

    refusal = stage.refused(RollbackAttack, _tampered(stage, offer_first).update)
    _tell(
        stage,
        "old",
        "The update server offers version 1, genuine and approved, to who has version 2.",
        refusal,
        porch=2,
    )


def _discrepancy(stage: Stage) -> None:
    """A1 to A12: the lock with the higher version tells the other."""
    stage.cast.updater(HALL).compare(stage.cast.device_channel(PORCH, stage.cast.device_party(HALL)))
    _require_versions(stage, porch=2, hall=2)
    stage.tell("A1-A4", "hall-lock asks porch-lock for its version, finds it lower, and tells it of the discrepancy.")
    stage.tell(
        "A5-A9",
        "porch-lock gets the package, hashes it with its PkgID, and asks the authority, which looks at the chain.",
    )
    stage.tell("A10-A12", "VerID, UptID, PkgID and digest agree: porch-lock installs version 2, and tells hall-lock.")


def _receipts(stage: Stage) -> None:
    receipts = stage.cast.update_server.receipts()
    stage.require("every installation left its receipt", len(receipts) == INSTALLATIONS)
    stage.tell("receipt", f"The update server has {len(receipts)} receipts, each signed by the lock that installed.")


def _tampered(stage: Stage, forge: Callable[[Any], Any]) -> DeviceUpdater:
    """porch-lock's updater, with an update server that lies."""
    updater, channel = stage.cast.updater(PORCH), stage.cast.update_server_channel(stage.cast.device_party(PORCH))
    return replace(updater, update_server=Wiretap(channel, forge=forge))


def _tell(stage: Stage, attack: str, story: str, refusal: UpdateRefused, porch: int) -> None:
    _require_versions(stage, porch=porch, hall=2)
    stage.tell(attack, story)
    stage.tell("", f"refused: {type(refusal).__name__}: {refusal}")


def _require_versions(stage: Stage, porch: int, hall: int) -> None:
    """Both locks read their firmware back, and compare it with what was installed."""
    for lock, version in ((PORCH, porch), (HALL, hall)):
        running = stage.cast.updater(lock).boot()
        stage.require(f"{lock} runs version {version}", running is not None and running.version == version)


def _product(stage: Stage) -> ProductId:
    return ProductId(stage.workspace.records.read(ProductRecord, HUB).number)
