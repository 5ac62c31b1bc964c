"""The UpdateRegistry contract over web3."""

from dataclasses import dataclass

from certchain.ledger import argument
from certchain.ledger.chain import value
from certchain.ledger.chain.bound import BoundContract, pages
from certchain.models.digest import Digest
from certchain.models.identifier import ProductId
from certchain.models.update import Package, Product


@dataclass(frozen=True, slots=True)
class ChainUpdateRegistry:
    """``UpdateLedger`` on the contract."""

    contract: BoundContract

    def register_product(self, line: str, hardware_model: str) -> ProductId:
        receipt = self.contract.change("registerProduct", line, hardware_model)
        return ProductId(self.contract.event("ProductRegistered", receipt)["product"])

    def request_version(self, product: ProductId, version: int) -> None:
        """R1."""
        self.contract.change("requestVersion", product, argument.version(product, version))

    def issue_version(self, product: ProductId, version: int, ver_id_commitment: Digest) -> None:
        """R2 and R3."""
        self.contract.change("issueVersion", product, argument.version(product, version), ver_id_commitment.value)

    def record_package(self, product: ProductId, version: int, pkg_id: Digest, digest: Digest, length: int) -> None:
        """R5."""
        argument.version(product, version)
        argument.size("length", length)
        self.contract.change("recordPackage", product, version, pkg_id.value, digest.value, length)

    def approve(self, pkg_id: Digest) -> None:
        """R6."""
        self.contract.change("approve", pkg_id.value)

    def withdraw(self, pkg_id: Digest) -> None:
        self.contract.change("withdraw", pkg_id.value)

    def approvals_required(self) -> int:
        return int(self.contract.read("approvalsRequired"))

    def validate(self, pkg_id: Digest, digest: Digest) -> Package:
        """A9."""
        return value.package(self.contract.read("validate", pkg_id.value, digest.value))

    def latest(self, product: ProductId) -> Package:
        return value.package(self.contract.read("latest", argument.identifier("product", product)))

    def product_count(self) -> int:
        return int(self.contract.read("productCount"))

    def product(self, product: ProductId) -> Product:
        return value.product(self.contract.read("productById", argument.identifier("product", product)))

    def package(self, pkg_id: Digest) -> Package:
        return value.package(self.contract.read("packageById", pkg_id.value))

    def package_at(self, product: ProductId, version: int) -> Package:
        return value.package(self.contract.read("packageAt", product, argument.version(product, version)))

    def has_approved(self, pkg_id: Digest, approver: str) -> bool:
        return bool(self.contract.read("hasApproved", pkg_id.value, argument.account("approver", approver)))

    def version_count(self, product: ProductId) -> int:
        return int(self.contract.read("versionCount", argument.identifier("product", product)))

    def packages(self, product: ProductId, offset: int, limit: int) -> tuple[Package, ...]:
        of = argument.identifier("product", product)
        start, most = argument.count("offset", offset), argument.count("limit", limit)
        found = pages(lambda first, wanted: self.contract.read("packages", of, first, wanted), start, most)
        return tuple(value.package(record) for record in found)
