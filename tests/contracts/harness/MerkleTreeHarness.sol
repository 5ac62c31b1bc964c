// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleTree} from "../../../contracts/libraries/MerkleTree.sol";

/// @title The MerkleTree library, function by function, for the tests
contract MerkleTreeHarness {
    function frontierLength(uint256 size) external pure returns (uint256) {
        return MerkleTree.frontierLength(size);
    }

    function rootOf(bytes32[] calldata frontier) external view returns (bytes32) {
        return MerkleTree.rootOf(frontier);
    }

    function rootAfter(
        uint256 size,
        bytes32[] calldata frontier,
        bytes32[] calldata leafHashes
    ) external view returns (bytes32) {
        return MerkleTree.rootAfter(size, frontier, leafHashes);
    }

    function proofLength(uint256 index, uint256 size) external pure returns (uint256) {
        return MerkleTree.proofLength(index, size);
    }

    function rootFrom(
        bytes32 leafHash,
        uint256 index,
        uint256 size,
        bytes32[] calldata proof
    ) external view returns (bytes32) {
        return MerkleTree.rootFrom(leafHash, index, size, proof);
    }

    function consistencyLength(uint256 oldSize, uint256 newSize) external pure returns (uint256) {
        return MerkleTree.consistencyLength(oldSize, newSize);
    }

    function rootsFrom(
        bytes32 oldRoot,
        uint256 oldSize,
        bytes32 newRoot,
        uint256 newSize,
        bytes32[] calldata proof
    ) external view returns (bytes32 oldFound, bytes32 newFound) {
        return MerkleTree.rootsFrom(oldRoot, oldSize, newRoot, newSize, proof);
    }
}
