// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Which firmware packages the network vouches for
/// @notice A manufacturer's product goes from version to version through the steps R1 to R6: requested, issued, recorded, approved.
/// A device installs nothing that `validate` does not return. Versions only rise; nothing written changes, and a withdrawal is final.
interface IUpdateRegistry {
    // ------------------------------------------------------------------------------------------------------------- types

    type ProductId is uint48;

    /// @notice Requested → Issued → Recorded → Approved; Recorded or Approved → Withdrawn, for good.
    enum PackageStatus {
        None,
        Requested,
        Issued,
        Recorded,
        Approved,
        Withdrawn
    }

    /// @notice A product line on one hardware model, for which versions are counted.
    struct Product {
        ProductId id;
        address manufacturer;
        string line;
        string hardwareModel;
    }

    /// @notice One version of a product, whole; what a step has not yet brought is zero.
    /// @param verIdCommitment H("version-commitment", VerID), from R3.
    /// @param pkgId H("package-id", VerID, UptID), from R5.
    /// @param digest H("package", PkgID, data), from R5.
    /// @param length The exact number of bytes of data.
    /// @param approvals How many approvers have approved.
    struct Package {
        ProductId product;
        uint64 version;
        PackageStatus status;
        uint40 requestedAt;
        uint16 approvals;
        bytes32 verIdCommitment;
        bytes32 pkgId;
        bytes32 digest;
        uint64 length;
    }

    // ------------------------------------------------------------------------------------------------------------ events

    event ProductRegistered(ProductId indexed product, address indexed manufacturer, string line, string hardwareModel);
    event VersionRequested(ProductId indexed product, uint64 indexed version);
    event VersionIssued(ProductId indexed product, uint64 indexed version, bytes32 verIdCommitment);
    event PackageRecorded(ProductId indexed product, uint64 indexed version, bytes32 indexed pkgId, bytes32 digest, uint64 length);
    event PackageApproved(bytes32 indexed pkgId, address indexed approver, uint16 approvals);
    event PackageWithdrawn(bytes32 indexed pkgId);

    // ------------------------------------------------------------------------------------------------------------ errors

    error UpdateRegistry_UnknownProduct(ProductId product);
    error UpdateRegistry_UnknownVersion(ProductId product, uint64 version);
    error UpdateRegistry_UnknownPackage(bytes32 pkgId);
    /// @notice A product line and a hardware model are each named in 1 to 64 bytes.
    error UpdateRegistry_MalformedName(string name);
    error UpdateRegistry_ProductAlreadyRegistered(ProductId product);
    error UpdateRegistry_NotManufacturer(ProductId product, address caller);
    error UpdateRegistry_VersionNotHigher(ProductId product, uint64 version, uint64 highest);
    /// @notice The step asked for is not the next one.
    error UpdateRegistry_WrongStep(ProductId product, uint64 version, PackageStatus status);
    error UpdateRegistry_EmptyCommitment();
    error UpdateRegistry_EmptyPackage();
    error UpdateRegistry_PackageIdReused(bytes32 pkgId);
    error UpdateRegistry_AlreadyApprovedBy(bytes32 pkgId, address approver);
    error UpdateRegistry_NotApproved(bytes32 pkgId, PackageStatus status);
    error UpdateRegistry_Withdrawn(bytes32 pkgId);
    error UpdateRegistry_DigestMismatch(bytes32 pkgId, bytes32 recorded, bytes32 offered);
    error UpdateRegistry_NothingApproved(ProductId product);
    /// @notice At deployment: at least one approval has to be asked for.
    error UpdateRegistry_NoApprovalsRequired();

    // ----------------------------------------------------------------------------------------------------------- changes

    /// @notice Makes the caller the manufacturer of a product line on a hardware model.
    function registerProduct(string calldata line, string calldata hardwareModel) external returns (ProductId product);

    /// @notice R1: the manufacturer asks for a version, higher than any it asked for before.
    function requestVersion(ProductId product, uint64 version) external;

    /// @notice R2–R3: the authority commits to the VerID that it drew for that version.
    function issueVersion(ProductId product, uint64 version, bytes32 verIdCommitment) external;

    /// @notice R5: the manufacturer records the package. A PkgID is used once in the whole network.
    function recordPackage(ProductId product, uint64 version, bytes32 pkgId, bytes32 digest, uint64 length) external;

    /// @notice R6: one approver approves; the package is approved once `approvalsRequired` of them have.
    function approve(bytes32 pkgId) external;

    /// @notice The manufacturer takes a recorded or approved package back, for good.
    function withdraw(bytes32 pkgId) external;

    // ------------------------------------------------------------------------------------------------------------- views

    /// @notice How many different approvers make a package approved; fixed at deployment.
    function approvalsRequired() external view returns (uint16);

    /// @notice A9: the package, if it is approved and `digest` is its own. Reverts with the reason otherwise.
    function validate(bytes32 pkgId, bytes32 digest) external view returns (Package memory);

    /// @notice The approved package of the highest version that was not withdrawn.
    function latest(ProductId product) external view returns (Package memory);

    function productCount() external view returns (uint48);
    function productById(ProductId id) external view returns (Product memory);
    function packageById(bytes32 pkgId) external view returns (Package memory);
    function packageAt(ProductId product, uint64 version) external view returns (Package memory);
    function hasApproved(bytes32 pkgId, address approver) external view returns (bool);
    function versionCount(ProductId product) external view returns (uint256);

    /// @notice The product's versions from the `offset`-th (from 0), in rising order: at most `limit`, fewer or none past the end.
    function packages(ProductId product, uint256 offset, uint256 limit) external view returns (Package[] memory);
}
