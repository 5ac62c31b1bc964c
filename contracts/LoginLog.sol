// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Permissioned} from "./Permissioned.sol";
import {ILoginLog} from "./interfaces/ILoginLog.sol";
import {MerkleTree} from "./libraries/MerkleTree.sol";

/// @title The login log
contract LoginLog is ILoginLog, Permissioned {
    /// @inheritdoc ILoginLog
    uint64 public override size;

    mapping(uint256 size => bytes32 root) private _roots;

    constructor(address authority) Permissioned(authority) {
        _roots[0] = MerkleTree.EMPTY_ROOT;
    }

    /// @inheritdoc ILoginLog
    function append(
        uint64 expectedSize,
        bytes32[] calldata frontier,
        bytes32[] calldata leafHashes
    ) external restricted {
        uint64 firstIndex = size;
        // Check: something is appended, for the first time, and to the tree that is there.
        if (leafHashes.length == 0) revert LoginLog_EmptyBatch();
        if (expectedSize != firstIndex) revert LoginLog_SizeMismatch(expectedSize, firstIndex);
        _requireFrontier(frontier, firstIndex);

        // Effect: the log grows, and its new root joins the roots of all its sizes.
        bytes32 newRoot = MerkleTree.rootAfter(firstIndex, frontier, leafHashes);
        uint64 newSize = firstIndex + uint64(leafHashes.length);
        size = newSize;
        _roots[newSize] = newRoot;

        emit Appended(firstIndex, newRoot, leafHashes);
    }

    /// @inheritdoc ILoginLog
    function root() external view returns (bytes32) {
        return _roots[size];
    }

    /// @inheritdoc ILoginLog
    function rootAt(uint64 atSize) public view returns (bytes32 known) {
        known = _roots[atSize];
        if (known == 0) revert LoginLog_UnknownSize(atSize);
    }

    /// @inheritdoc ILoginLog
    function checkInclusion(bytes32 leafHash, uint64 index, uint64 atSize, bytes32[] calldata proof) external view {
        bytes32 known = rootAt(atSize);
        if (index >= atSize) revert LoginLog_IndexOutOfRange(index, atSize);

        uint256 length = MerkleTree.proofLength(index, atSize);
        if (proof.length != length) revert LoginLog_ProofLength(proof.length, length);

        if (MerkleTree.rootFrom(leafHash, index, atSize, proof) != known) {
            revert LoginLog_NotIncluded(leafHash, index, atSize);
        }
    }

    function _requireFrontier(bytes32[] calldata frontier, uint64 atSize) private view {
        uint256 length = MerkleTree.frontierLength(atSize);
        if (frontier.length != length) revert LoginLog_FrontierLength(frontier.length, length);
        if (MerkleTree.rootOf(frontier) != _roots[atSize]) revert LoginLog_FrontierMismatch(atSize);
    }
}
