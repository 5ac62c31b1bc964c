// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Log} from "./Log.sol";
import {Permissioned} from "./Permissioned.sol";
import {IAnchoredLog} from "./interfaces/IAnchoredLog.sol";
import {ILog} from "./interfaces/ILog.sol";
import {MerkleTree} from "./libraries/MerkleTree.sol";

/// @title A log that is given its root, with a proof that it only grew
contract AnchoredLog is IAnchoredLog, Log {
    bytes32 private _newestRoot;

    constructor(address authority) Permissioned(authority) {
        _newestRoot = MerkleTree.EMPTY_ROOT;
    }

    /// @inheritdoc IAnchoredLog
    function anchor(
        uint64 expectedSize,
        uint64 newSize,
        bytes32 newRoot,
        bytes32[] calldata proof
    ) external restricted {
        uint64 oldSize = size;
        // Check: the log grows, from where it is, and what it has been stays its beginning.
        if (expectedSize != oldSize) revert Log_SizeMismatch(expectedSize, oldSize);
        if (newSize <= oldSize) revert Log_NotLarger(newSize, oldSize);
        _requireConsistent(oldSize, _newestRoot, newSize, newRoot, proof);

        // Effect: one size and root take the place of the others, because another slot for each would cost half as much again.
        size = newSize;
        _newestRoot = newRoot;

        emit Anchored(oldSize, newSize, newRoot);
    }

    /// @inheritdoc ILog
    function rootAt(uint64 atSize) public view override(ILog, Log) returns (bytes32) {
        if (atSize == size) return _newestRoot;
        if (atSize == 0) return MerkleTree.EMPTY_ROOT;
        revert Log_UnknownSize(atSize);
    }
}
