"""Products and packages, in memory: the rules of ``contracts/UpdateRegistry.sol``."""

from dataclasses import dataclass, field, replace

from certchain.errors import (
    AlreadyApprovedBy,
    DigestMismatch,
    EmptyPackage,
    EmptyVersionCommitment,
    MalformedName,
    NotApproved,
    NothingApproved,
    NotManufacturer,
    PackageIdReused,
    ProductAlreadyRegistered,
    UnknownPackage,
    UnknownProduct,
    UnknownVersion,
    VersionNotHigher,
    Withdrawn,
    WrongStep,
)
from certchain.ledger import argument
from certchain.ledger.memory.contract import MemoryContract, page, whole
from certchain.models.digest import Digest
from certchain.models.identifier import ProductId
from certchain.models.update import Package, PackageStatus, Product

LONGEST_NAME = 64


@dataclass(slots=True)
class UpdateState:
    """Products by their place in the list, counted from 1; each one's packages by version, in rising order."""

    approvals_required: int
    products: list[Product] = field(default_factory=list)
    packages: dict[int, dict[int, Package]] = field(default_factory=dict)
    places: dict[Digest, tuple[int, int]] = field(default_factory=dict)
    approved_by: set[tuple[Digest, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class MemoryUpdateRegistry(MemoryContract):
    """The UpdateRegistry contract as one account sees and calls it."""

    state: UpdateState

    contract = "UpdateRegistry"

    @whole
    def register_product(self, line: str, hardware_model: str) -> ProductId:
        self._require_role("registerProduct")
        for name in (line, hardware_model):
            if not 1 <= len(name.encode()) <= LONGEST_NAME:
                raise MalformedName(name)
        product = Product(ProductId(len(self.state.products) + 1), self.account, line, hardware_model)
        for known in self.state.products:
            if replace(known, id=product.id) == product:
                raise ProductAlreadyRegistered(known.id)
        self.state.products.append(product)
        self.state.packages[product.id] = {}
        return product.id

    @whole
    def request_version(self, product: ProductId, version: int) -> None:
        """R1."""
        argument.version(product, version)
        self._require_role("requestVersion")
        self._require_manufacturer(product)
        highest = max(self.state.packages[product], default=0)
        if version <= highest:
            raise VersionNotHigher(product, version, highest)
        package = Package(product, version, PackageStatus.REQUESTED, self._now(), 0, None, None, None, None)
        self._put(package)

    @whole
    def issue_version(self, product: ProductId, version: int, ver_id_commitment: Digest) -> None:
        """R2 and R3."""
        argument.version(product, version)
        self._require_role("issueVersion")
        package = self._package_at_step(product, version, PackageStatus.REQUESTED)
        if not any(ver_id_commitment.value):
            raise EmptyVersionCommitment
        self._put(replace(package, status=PackageStatus.ISSUED, ver_id_commitment=ver_id_commitment))

    @whole
    def record_package(self, product: ProductId, version: int, pkg_id: Digest, digest: Digest, length: int) -> None:
        """R5."""
        argument.version(product, version)
        argument.size("length", length)
        self._require_role("recordPackage")
        self._require_manufacturer(product)
        package = self._package_at_step(product, version, PackageStatus.ISSUED)
        if not any(pkg_id.value) or not any(digest.value) or length == 0:
            raise EmptyPackage
        if pkg_id in self.state.places:
            raise PackageIdReused(pkg_id.value)
        self.state.places[pkg_id] = product, version
        self._put(replace(package, status=PackageStatus.RECORDED, pkg_id=pkg_id, digest=digest, length=length))

    @whole
    def approve(self, pkg_id: Digest) -> None:
        """R6."""
        self._require_role("approve")
        package = self._standing_package(pkg_id)
        if (pkg_id, self.account) in self.state.approved_by:
            raise AlreadyApprovedBy(pkg_id.value, self.account)
        self.state.approved_by.add((pkg_id, self.account))
        approvals = package.approvals + 1
        approved = approvals >= self.state.approvals_required
        status = PackageStatus.APPROVED if approved else package.status
        self._put(replace(package, status=status, approvals=approvals))

    @whole
    def withdraw(self, pkg_id: Digest) -> None:
        self._require_role("withdraw")
        self._require_manufacturer(self.package(pkg_id).product)
        package = self._standing_package(pkg_id)
        self._put(replace(package, status=PackageStatus.WITHDRAWN))

    @whole
    def approvals_required(self) -> int:
        return self.state.approvals_required

    @whole
    def validate(self, pkg_id: Digest, digest: Digest) -> Package:
        """A9."""
        package = self._standing_package(pkg_id)
        if package.status is not PackageStatus.APPROVED or package.digest is None:
            raise NotApproved(pkg_id.value, int(package.status))
        if package.digest != digest:
            raise DigestMismatch(pkg_id.value, package.digest.value, digest.value)
        return package

    @whole
    def latest(self, product: ProductId) -> Package:
        for package in reversed(self._versions(product)):
            if package.status is PackageStatus.APPROVED:
                return package
        raise NothingApproved(product)

    @whole
    def product_count(self) -> int:
        return len(self.state.products)

    @whole
    def product(self, product: ProductId) -> Product:
        if not 1 <= argument.identifier("product", product) <= len(self.state.products):
            raise UnknownProduct(product)
        return self.state.products[product - 1]

    @whole
    def package(self, pkg_id: Digest) -> Package:
        if pkg_id not in self.state.places:
            raise UnknownPackage(pkg_id.value)
        product, version = self.state.places[pkg_id]
        return self.state.packages[product][version]

    @whole
    def package_at(self, product: ProductId, version: int) -> Package:
        argument.version(product, version)
        self.product(product)
        if version not in self.state.packages[product]:
            raise UnknownVersion(product, version)
        return self.state.packages[product][version]

    @whole
    def has_approved(self, pkg_id: Digest, approver: str) -> bool:
        account = argument.account("approver", approver)
        self.package(pkg_id)
        return (pkg_id, account) in self.state.approved_by

    @whole
    def version_count(self, product: ProductId) -> int:
        return len(self._versions(product))

    @whole
    def packages(self, product: ProductId, offset: int, limit: int) -> tuple[Package, ...]:
        argument.count("offset", offset)
        argument.count("limit", limit)
        return page(self._versions(product), offset, limit)

    def _versions(self, product: ProductId) -> list[Package]:
        self.product(product)
        return list(self.state.packages[product].values())

    def _require_manufacturer(self, product: ProductId) -> None:
        if self.product(product).manufacturer != self.account:
            raise NotManufacturer(product, self.account)

    def _package_at_step(self, product: ProductId, version: int, step: PackageStatus) -> Package:
        package = self.package_at(product, version)
        if package.status is not step:
            raise WrongStep(product, version, int(package.status))
        return package

    def _standing_package(self, pkg_id: Digest) -> Package:
        package = self.package(pkg_id)
        if package.status is PackageStatus.WITHDRAWN:
            raise Withdrawn(pkg_id.value)
        return package

    def _put(self, package: Package) -> None:
        self.state.packages[package.product][package.version] = package
