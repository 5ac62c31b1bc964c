// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A log: entries in an order that nobody can change
/// @notice A Merkle tree as in RFC 9162, section 2.1, with SHA-256. It only grows: no function shortens it, and none gives a size that it
/// has had another root. How it grows is its mode, fixed when it is deployed: IRecordedLog or IAnchoredLog.
/// @dev A leaf hash is SHA-256(0x00 ‖ leaf) and comes from outside: the contract promises order and permanence, not that a leaf
/// makes sense. Growing is for one party, and auditors check its leaves.
interface ILog {
    /// @notice The log has another size than the caller counted on: the call is stale, or has already taken effect.
    error Log_SizeMismatch(uint64 expectedSize, uint64 actualSize);
    /// @notice The contract has no root for this size: the log never stopped there or, in the anchored mode, has grown past it.
    error Log_UnknownSize(uint64 size);
    error Log_IndexOutOfRange(uint64 index, uint64 size);
    /// @notice The sizes and the index alone say how many hashes a proof has.
    error Log_ProofLength(uint256 length, uint256 expectedLength);
    error Log_NotIncluded(bytes32 leafHash, uint64 index, uint64 size);
    /// @notice The tree of `oldSize` entries is not shown to be the beginning of the tree of `newSize`.
    error Log_NotConsistent(uint64 oldSize, uint64 newSize);

    /// @notice How many entries the log has.
    function size() external view returns (uint64);

    /// @notice The root over all entries; SHA-256 of nothing while there are none.
    function root() external view returns (bytes32);

    /// @notice The root when the log had `atSize` entries, for size 0 and every other that the contract knows.
    function rootAt(uint64 atSize) external view returns (bytes32);

    /// @notice Returns if `leafHash` is entry `index` of the log at `atSize`, and reverts if not (RFC 9162, section 2.1.3.2).
    /// @param atSize A size that the contract knows.
    /// @param proof The inclusion proof, from the leaf's sibling upwards.
    function checkInclusion(bytes32 leafHash, uint64 index, uint64 atSize, bytes32[] calldata proof) external view;

    /// @notice Returns if the tree of `oldSize` entries with `oldRoot` is the beginning of the log at `newSize`, and reverts if not
    /// (RFC 9162, section 2.1.4.2). So any checkpoint can be held against the log, whether or not the log ever stopped at its size.
    /// @dev A root does not commit to its size: that `oldRoot` is at a beginning of the log is proven, that this beginning has exactly
    /// `oldSize` entries is the caller's claim.
    /// @param oldRoot SHA-256 of nothing for `oldSize` 0.
    /// @param newSize A size that the contract knows.
    /// @param proof The consistency proof; empty for `oldSize` 0 and for two equal sizes.
    function checkConsistency(uint64 oldSize, bytes32 oldRoot, uint64 newSize, bytes32[] calldata proof) external view;
}
