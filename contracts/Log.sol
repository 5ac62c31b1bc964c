// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Permissioned} from "./Permissioned.sol";
import {ILog} from "./interfaces/ILog.sol";
import {MerkleTree} from "./libraries/MerkleTree.sol";

/// @title What the two modes of a log have in common
abstract contract Log is ILog, Permissioned {
    /// @inheritdoc ILog
    uint64 public override size;

    /// @inheritdoc ILog
    function root() external view returns (bytes32) {
        return rootAt(size);
    }

    /// @inheritdoc ILog
    function checkInclusion(bytes32 leafHash, uint64 index, uint64 atSize, bytes32[] calldata proof) external view {
        bytes32 known = rootAt(atSize);
        if (index >= atSize) revert Log_IndexOutOfRange(index, atSize);

        uint256 length = MerkleTree.proofLength(index, atSize);
        if (proof.length != length) revert Log_ProofLength(proof.length, length);

        if (MerkleTree.rootFrom(leafHash, index, atSize, proof) != known) {
            revert Log_NotIncluded(leafHash, index, atSize);
        }
    }

    /// @inheritdoc ILog
    function checkConsistency(uint64 oldSize, bytes32 oldRoot, uint64 newSize, bytes32[] calldata proof) external view {
        bytes32 newRoot = rootAt(newSize);
        if (oldSize > newSize) revert Log_NotConsistent(oldSize, newSize);

        _requireConsistent(oldSize, oldRoot, newSize, newRoot, proof);
    }

    /// @inheritdoc ILog
    function rootAt(uint64 atSize) public view virtual returns (bytes32);

    /// @dev `oldSize` is not larger than `newSize`.
    function _requireConsistent(
        uint64 oldSize,
        bytes32 oldRoot,
        uint64 newSize,
        bytes32 newRoot,
        bytes32[] calldata proof
    ) internal view {
        uint256 length = MerkleTree.consistencyLength(oldSize, newSize);
        if (proof.length != length) revert Log_ProofLength(proof.length, length);

        (bytes32 oldFound, bytes32 newFound) = MerkleTree.rootsFrom(oldRoot, oldSize, newRoot, newSize, proof);
        if (oldFound != oldRoot || newFound != newRoot) revert Log_NotConsistent(oldSize, newSize);
    }
}
