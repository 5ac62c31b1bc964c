// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The login log: every certification, good or bad, in an order that nobody can change
/// @notice A Merkle tree as in RFC 9162, section 2.1, with SHA-256, computed by the contract itself from the leaf hashes it is given.
/// It only grows, and the root of each size it has had stays readable.
/// @dev A leaf hash is SHA-256(0x00 ‖ leaf) and comes from outside: the contract promises order and permanence, not that a leaf
/// makes sense. Appending is for one party, and auditors check its leaves. A tree's frontier is the roots of the perfect subtrees
/// that it is made of, one for each set bit of its size, the largest first. The contract keeps none: whoever appends has it, and no
/// other than the true one leads to the root that the contract keeps.
interface ILoginLog {
    /// @notice The leaf hashes of one batch, the first of them at `firstIndex`, and the root over all entries up to its last.
    event Appended(uint64 indexed firstIndex, bytes32 root, bytes32[] leafHashes);

    /// @notice The log has another size than the caller counted on: the batch is stale, or was already appended.
    error LoginLog_SizeMismatch(uint64 expectedSize, uint64 actualSize);
    error LoginLog_EmptyBatch();
    /// @notice A frontier has one hash for each set bit of the log's size.
    error LoginLog_FrontierLength(uint256 length, uint256 expectedLength);
    /// @notice The frontier does not lead to the log's root: it is that of another tree.
    error LoginLog_FrontierMismatch(uint64 size);
    /// @notice The log never stopped at this size, so there is no root for it.
    error LoginLog_UnknownSize(uint64 size);
    error LoginLog_IndexOutOfRange(uint64 index, uint64 size);
    /// @notice An inclusion proof has one hash for each step from the leaf to the root.
    error LoginLog_ProofLength(uint256 length, uint256 expectedLength);
    error LoginLog_NotIncluded(bytes32 leafHash, uint64 index, uint64 size);

    /// @notice Appends a batch, all or nothing.
    /// @param expectedSize The log's size as the caller knows it, so that no batch can be appended twice.
    /// @param frontier The frontier of the tree before, empty while the log is.
    /// @param leafHashes SHA-256(0x00 ‖ leaf) of each entry, in order.
    function append(uint64 expectedSize, bytes32[] calldata frontier, bytes32[] calldata leafHashes) external;

    /// @notice How many entries the log has.
    function size() external view returns (uint64);

    /// @notice The root over all entries; SHA-256 of nothing while there are none.
    function root() external view returns (bytes32);

    /// @notice The root when the log had `atSize` entries. Every batch leaves one, the empty log too.
    function rootAt(uint64 atSize) external view returns (bytes32);

    /// @notice Returns if `leafHash` is entry `index` of the log at `atSize`, and reverts if not (RFC 9162, section 2.1.3.2).
    /// @param proof The inclusion proof, from the leaf's sibling upwards.
    function checkInclusion(bytes32 leafHash, uint64 index, uint64 atSize, bytes32[] calldata proof) external view;
}
