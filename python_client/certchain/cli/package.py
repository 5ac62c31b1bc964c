"""`certchain package`: firmware packages, from the request of a version to its publication or withdrawal (R1 to R7)."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from certchain.cli.argument import File, ProductName, Version
from certchain.cli.command import command, noun
from certchain.cli.output import Advance, Result, listed
from certchain.cli.party import Cast
from certchain.cli.record import AUTHORITY, ProductRecord
from certchain.cli.workspace import Workspace
from certchain.encoding.digest import package_digest
from certchain.encoding.moment import moment
from certchain.errors import WrongStep
from certchain.models.certification import Signed
from certchain.models.delivery import NONCE_LENGTH, ValidationQuestion
from certchain.models.digest import Digest
from certchain.models.identifier import ProductId, service_party
from certchain.models.update import Package
from certchain.storage.data import PackageFile
from certchain.verification.update import verdict_said

package = noun("package", "Firmware packages: registration, approval, publication and withdrawal (R1 to R7).")

_PAGE = 100


@dataclass(frozen=True, slots=True)
class WatchedFile:
    """A package's file, whose reading is watched: every step that reads it moves the progress bar from its start."""

    file: PackageFile
    advance: Advance

    @property
    def length(self) -> int:
        """How many bytes there are. Raises ``StorageUnavailable``."""
        return self.file.length

    def chunks(self) -> Iterator[bytes]:
        """The data, piece by piece. Raises ``StorageUnavailable``."""
        seen, length = 0, self.length
        for chunk in self.file.chunks():
            seen += len(chunk)
            self.advance(seen, length)
            yield chunk


@command(package, "request")
def request(workspace: Workspace, product: ProductName, version: Version) -> Result:
    """Asks the authority for a version, and gets its VerID (R1 to R4)."""
    cast, number = Cast(workspace), _number(workspace, product)
    cast.manufacturer.request_version(number, version, cast.authority_channel(cast.manufacturer.identity.party))
    return _shown(workspace, f"Version {version} of {product} is issued.", number, version)


@command(package, "record")
def record(workspace: Workspace, product: ProductName, file: File, version: Version) -> Result:
    """Records the package on the chain and submits it to the authority (R5)."""
    cast, number = Cast(workspace), _number(workspace, product)
    with workspace.output.progress("Hashing") as advance:
        authority = cast.authority_channel(cast.manufacturer.identity.party)
        cast.manufacturer.submit_package(number, version, WatchedFile(PackageFile(file), advance), authority)
    return _shown(workspace, f"Version {version} of {product} is recorded.", number, version)


@command(package, "approve")
def approve(workspace: Workspace, product: ProductName, version: Version) -> Result:
    """Approves a recorded package by every approver's account in this home (R6)."""
    number = _number(workspace, product)
    Cast(workspace).authority(approving=True).approve(_pkg_id(workspace, number, version))
    return _shown(workspace, f"Version {version} of {product} is approved.", number, version)


@command(package, "publish")
def publish(workspace: Workspace, product: ProductName, file: File, version: Version) -> Result:
    """Gives the package to the update server (R7); an upload that was cut off goes on where it stopped."""
    cast, number = Cast(workspace), _number(workspace, product)
    with workspace.output.progress("Uploading") as advance:
        update_server = cast.update_server_channel(cast.manufacturer.identity.party)
        cast.manufacturer.publish(number, version, WatchedFile(PackageFile(file), advance), update_server)
    return _shown(workspace, f"Version {version} of {product} is published.", number, version)


@command(package, "release")
def release(workspace: Workspace, product: ProductName, file: File, version: Version) -> Result:
    """Takes a package through every step that is still to be done (R1 to R7)."""
    cast, number = Cast(workspace), _number(workspace, product)
    with workspace.output.progress("Releasing") as advance:
        manufacturer = cast.manufacturer.identity.party
        authority = cast.authority_channel(manufacturer, approving=True)
        update_server = cast.update_server_channel(manufacturer)
        data = WatchedFile(PackageFile(file), advance)
        cast.manufacturer.release(number, version, data, authority, update_server)
    return _shown(workspace, f"Version {version} of {product} is released.", number, version)


@command(package, "withdraw")
def withdraw(workspace: Workspace, product: ProductName, version: Version) -> Result:
    """Takes a package back for good; no device installs it any more."""
    number = _number(workspace, product)
    Cast(workspace).manufacturer.withdraw(number, version)
    return _shown(workspace, f"Version {version} of {product} is withdrawn for good.", number, version)


@command(package, "validate")
def validate(workspace: Workspace, product: ProductName, file: File, version: Version) -> Result:
    """Asks the authority whether a file is the package that the chain vouches for (A7 to A9)."""
    cast, number = Cast(workspace), _number(workspace, product)
    pkg_id = _pkg_id(workspace, number, version)
    with workspace.output.progress("Hashing") as advance:
        data = WatchedFile(PackageFile(file), advance)
        digest, _ = package_digest(pkg_id, data.length, data.chunks())
    question = ValidationQuestion(pkg_id, digest, secrets.token_bytes(NONCE_LENGTH))
    signed = cast.authority_channel().request(question, Signed)
    authority, ledger = service_party(cast.service(AUTHORITY)), workspace.reader
    verdict = verdict_said(signed, authority, ledger.registrations.keys(authority), ledger.network)
    values = {"version": verdict.version, "pkg_id": verdict.pkg_id, "digest": verdict.digest, "length": verdict.length}
    return Result(f"{file} is version {version} of {product}, and the chain vouches for it.", values)


@command(package, "list")
def show_all(workspace: Workspace, product: ProductName) -> Result:
    """Lists a product's versions."""
    ledger, number, found = workspace.reader.updates, _number(workspace, product), list[Package]()
    while page := ledger.packages(number, len(found), _PAGE):
        found.extend(page)
    return listed("version", [_values(entry) for entry in found])


@command(package, "show")
def show(workspace: Workspace, product: ProductName, version: Version) -> Result:
    """Shows one version as the chain has it."""
    return _shown(workspace, f"Version {version} of {product}:", _number(workspace, product), version)


def _number(workspace: Workspace, product: str) -> ProductId:
    return ProductId(workspace.records.read(ProductRecord, product).number)


def _pkg_id(workspace: Workspace, product: ProductId, version: int) -> Digest:
    """The PkgID of a version. Raises ``WrongStep`` for one that is not recorded yet."""
    on_chain = workspace.reader.updates.package_at(product, version)
    if on_chain.pkg_id is None:
        raise WrongStep(product, version, on_chain.status)
    return on_chain.pkg_id


def _shown(workspace: Workspace, sentence: str, product: ProductId, version: int) -> Result:
    return Result(sentence, _values(workspace.reader.updates.package_at(product, version)))


def _values(entry: Package) -> dict[str, object]:
    return {
        "product": entry.product,
        "version": entry.version,
        "status": entry.status,
        "approvals": entry.approvals,
        "length": entry.length,
        "pkg_id": entry.pkg_id,
        "digest": entry.digest,
        "requested_at": moment(entry.requested_at),
    }
