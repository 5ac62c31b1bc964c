// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Permissioned} from "./Permissioned.sol";
import {IUpdateRegistry} from "./interfaces/IUpdateRegistry.sol";
import {Page} from "./libraries/Page.sol";

/// @title Which firmware packages the network vouches for
contract UpdateRegistry is IUpdateRegistry, Permissioned {
    /// @dev Where a PkgID was recorded; version 0 is nowhere.
    struct Place {
        ProductId product;
        uint64 version;
    }

    uint256 private constant LONGEST_NAME = 64;

    /// @inheritdoc IUpdateRegistry
    uint16 public immutable override approvalsRequired;

    /// @inheritdoc IUpdateRegistry
    uint48 public override productCount;
    mapping(ProductId => Product) private _products;
    mapping(bytes32 productHash => ProductId) private _productOf;
    /// @dev In rising order.
    mapping(ProductId => uint64[]) private _versions;
    mapping(ProductId => mapping(uint64 version => Package)) private _packages;
    mapping(bytes32 pkgId => Place) private _places;
    mapping(bytes32 pkgId => mapping(address approver => bool)) private _approvedBy;

    constructor(address authority, uint16 approvalsRequired_) Permissioned(authority) {
        if (approvalsRequired_ == 0) revert UpdateRegistry_NoApprovalsRequired();
        approvalsRequired = approvalsRequired_;
    }

    // ----------------------------------------------------------------------------------------------------------- changes

    /// @inheritdoc IUpdateRegistry
    function registerProduct(
        string calldata line,
        string calldata hardwareModel
    ) external restricted returns (ProductId product) {
        // Check: it has a name, new among the manufacturer's own.
        _requireName(line);
        _requireName(hardwareModel);
        bytes32 productHash = keccak256(abi.encode(msg.sender, line, hardwareModel));
        ProductId known = _productOf[productHash];
        if (ProductId.unwrap(known) != 0) revert UpdateRegistry_ProductAlreadyRegistered(known);

        // Effect: it is the manufacturer's from now on.
        product = ProductId.wrap(++productCount);
        _products[product] = Product(product, msg.sender, line, hardwareModel);
        _productOf[productHash] = product;

        emit ProductRegistered(product, msg.sender, line, hardwareModel);
    }

    /// @inheritdoc IUpdateRegistry
    function requestVersion(ProductId product, uint64 version) external restricted {
        _requireManufacturer(product);
        uint64 highest = _highestVersion(product);
        if (version <= highest) revert UpdateRegistry_VersionNotHigher(product, version, highest);

        _versions[product].push(version);
        Package storage package = _packages[product][version];
        package.product = product;
        package.version = version;
        package.status = PackageStatus.Requested;
        package.requestedAt = uint40(block.timestamp);

        emit VersionRequested(product, version);
    }

    /// @inheritdoc IUpdateRegistry
    function issueVersion(ProductId product, uint64 version, bytes32 verIdCommitment) external restricted {
        Package storage package = _packageAtStep(product, version, PackageStatus.Requested);
        if (verIdCommitment == 0) revert UpdateRegistry_EmptyCommitment();

        package.status = PackageStatus.Issued;
        package.verIdCommitment = verIdCommitment;

        emit VersionIssued(product, version, verIdCommitment);
    }

    /// @inheritdoc IUpdateRegistry
    function recordPackage(
        ProductId product,
        uint64 version,
        bytes32 pkgId,
        bytes32 digest,
        uint64 length
    ) external restricted {
        // Check: it is the manufacturer's next step, with a package that was not recorded before.
        _requireManufacturer(product);
        Package storage package = _packageAtStep(product, version, PackageStatus.Issued);
        if (pkgId == 0 || digest == 0 || length == 0) revert UpdateRegistry_EmptyPackage();
        if (_places[pkgId].version != 0) revert UpdateRegistry_PackageIdReused(pkgId);

        // Effect: the PkgID stands for this version and no other.
        package.status = PackageStatus.Recorded;
        package.pkgId = pkgId;
        package.digest = digest;
        package.length = length;
        _places[pkgId] = Place(product, version);

        emit PackageRecorded(product, version, pkgId, digest, length);
    }

    /// @inheritdoc IUpdateRegistry
    function approve(bytes32 pkgId) external restricted {
        // Check: it still stands, and the approver did not approve it before.
        Package storage package = _package(pkgId);
        _requireStanding(package);
        if (_approvedBy[pkgId][msg.sender]) revert UpdateRegistry_AlreadyApprovedBy(pkgId, msg.sender);

        // Effect: one approval more, perhaps the one that was missing.
        _approvedBy[pkgId][msg.sender] = true;
        uint16 approvals = ++package.approvals;
        if (approvals == approvalsRequired) package.status = PackageStatus.Approved;

        emit PackageApproved(pkgId, msg.sender, approvals);
    }

    /// @inheritdoc IUpdateRegistry
    function withdraw(bytes32 pkgId) external restricted {
        Package storage package = _package(pkgId);
        _requireManufacturer(package.product);
        _requireStanding(package);

        package.status = PackageStatus.Withdrawn;

        emit PackageWithdrawn(pkgId);
    }

    // ------------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IUpdateRegistry
    function validate(bytes32 pkgId, bytes32 digest) external view returns (Package memory) {
        Package storage package = _package(pkgId);
        _requireStanding(package);
        if (package.status != PackageStatus.Approved) revert UpdateRegistry_NotApproved(pkgId, package.status);
        if (package.digest != digest) revert UpdateRegistry_DigestMismatch(pkgId, package.digest, digest);
        return package;
    }

    /// @inheritdoc IUpdateRegistry
    function latest(ProductId product) external view returns (Package memory) {
        uint64[] storage versions = _versionsOf(product);
        for (uint256 i = versions.length; i > 0; --i) {
            Package storage package = _packages[product][versions[i - 1]];
            if (package.status == PackageStatus.Approved) return package;
        }
        revert UpdateRegistry_NothingApproved(product);
    }

    /// @inheritdoc IUpdateRegistry
    function productById(ProductId id) external view returns (Product memory) {
        return _product(id);
    }

    /// @inheritdoc IUpdateRegistry
    function packageById(bytes32 pkgId) external view returns (Package memory) {
        return _package(pkgId);
    }

    /// @inheritdoc IUpdateRegistry
    function packageAt(ProductId product, uint64 version) external view returns (Package memory) {
        return _packageAt(product, version);
    }

    /// @inheritdoc IUpdateRegistry
    function hasApproved(bytes32 pkgId, address approver) external view returns (bool) {
        _package(pkgId);
        return _approvedBy[pkgId][approver];
    }

    /// @inheritdoc IUpdateRegistry
    function versionCount(ProductId product) external view returns (uint256) {
        return _versionsOf(product).length;
    }

    /// @inheritdoc IUpdateRegistry
    function packages(
        ProductId product,
        uint256 offset,
        uint256 limit
    ) external view returns (Package[] memory page) {
        uint64[] storage versions = _versionsOf(product);
        page = new Package[](Page.length(offset, limit, versions.length));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _packages[product][versions[offset + i]];
        }
    }

    // --------------------------------------------------------------------------------------------------------- internals

    function _requireName(string calldata name) private pure {
        uint256 length = bytes(name).length;
        if (length == 0 || length > LONGEST_NAME) revert UpdateRegistry_MalformedName(name);
    }

    function _requireManufacturer(ProductId product) private view {
        if (_product(product).manufacturer != msg.sender) {
            revert UpdateRegistry_NotManufacturer(product, msg.sender);
        }
    }

    function _requireStanding(Package storage package) private view {
        if (package.status == PackageStatus.Withdrawn) revert UpdateRegistry_Withdrawn(package.pkgId);
    }

    function _highestVersion(ProductId product) private view returns (uint64) {
        uint64[] storage versions = _versions[product];
        return versions.length == 0 ? 0 : versions[versions.length - 1];
    }

    function _product(ProductId id) private view returns (Product storage product) {
        product = _products[id];
        if (product.manufacturer == address(0)) revert UpdateRegistry_UnknownProduct(id);
    }

    function _versionsOf(ProductId product) private view returns (uint64[] storage) {
        _product(product);
        return _versions[product];
    }

    function _packageAt(ProductId product, uint64 version) private view returns (Package storage package) {
        _product(product);
        package = _packages[product][version];
        if (package.status == PackageStatus.None) revert UpdateRegistry_UnknownVersion(product, version);
    }

    function _packageAtStep(
        ProductId product,
        uint64 version,
        PackageStatus step
    ) private view returns (Package storage package) {
        package = _packageAt(product, version);
        if (package.status != step) revert UpdateRegistry_WrongStep(product, version, package.status);
    }

    function _package(bytes32 pkgId) private view returns (Package storage) {
        Place storage place = _places[pkgId];
        if (place.version == 0) revert UpdateRegistry_UnknownPackage(pkgId);
        return _packages[place.product][place.version];
    }
}
