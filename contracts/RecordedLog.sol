// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Log} from "./Log.sol";
import {Permissioned} from "./Permissioned.sol";
import {ILog} from "./interfaces/ILog.sol";
import {IRecordedLog} from "./interfaces/IRecordedLog.sol";
import {MerkleTree} from "./libraries/MerkleTree.sol";

/// @title A log that is given every leaf hash
contract RecordedLog is IRecordedLog, Log {
    mapping(uint256 size => bytes32 root) private _roots;

    constructor(address authority) Permissioned(authority) {
        _roots[0] = MerkleTree.EMPTY_ROOT;
    }

    /// @inheritdoc IRecordedLog
    function append(
        uint64 expectedSize,
        bytes32[] calldata frontier,
        bytes32[] calldata leafHashes
    ) external restricted {
        uint64 firstIndex = size;
        // Check: something is appended, for the first time, and to the tree that is there.
        if (leafHashes.length == 0) revert Log_EmptyBatch();
        if (expectedSize != firstIndex) revert Log_SizeMismatch(expectedSize, firstIndex);
        _requireFrontier(frontier, firstIndex);

        // Effect: the log grows, and its new root joins the roots of all its sizes.
        bytes32 newRoot = MerkleTree.rootAfter(firstIndex, frontier, leafHashes);
        uint64 newSize = firstIndex + uint64(leafHashes.length);
        size = newSize;
        _roots[newSize] = newRoot;

        emit Appended(firstIndex, newRoot, leafHashes);
    }

    /// @inheritdoc ILog
    function rootAt(uint64 atSize) public view override(ILog, Log) returns (bytes32 known) {
        known = _roots[atSize];
        if (known == 0) revert Log_UnknownSize(atSize);
    }

    function _requireFrontier(bytes32[] calldata frontier, uint64 atSize) private view {
        uint256 length = MerkleTree.frontierLength(atSize);
        if (frontier.length != length) revert Log_FrontierLength(frontier.length, length);
        if (MerkleTree.rootOf(frontier) != _roots[atSize]) revert Log_FrontierMismatch(atSize);
    }
}
