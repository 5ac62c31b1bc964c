// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleTree} from "../../../contracts/libraries/MerkleTree.sol";
import {Page} from "../../../contracts/libraries/Page.sol";
import {Preimage} from "../../../contracts/libraries/Preimage.sol";
import {PlainMerkleTree} from "./PlainMerkleTree.sol";

/// @title The libraries' internal functions, within reach of a test
contract Harness {
    // ----------------------------------------------------------------------------------------------------------- preimages

    function digest(string calldata name, bytes[] calldata fields) external pure returns (bytes32) {
        return Preimage.digest(name, fields);
    }

    function keys(bytes calldata signingKey, bytes calldata exchangeKey) external pure returns (bytes32) {
        return Preimage.keys(signingKey, exchangeKey);
    }

    function commitment(bytes32 registrationHash) external pure returns (bytes32) {
        return Preimage.commitment(registrationHash);
    }

    function userName(bytes calldata salt, bytes calldata name) external pure returns (bytes32) {
        return Preimage.userName(salt, name);
    }

    function versionCommitment(bytes32 verId) external pure returns (bytes32) {
        return Preimage.versionCommitment(verId);
    }

    function packageId(bytes32 verId, bytes32 uptId) external pure returns (bytes32) {
        return Preimage.packageId(verId, uptId);
    }

    function package(bytes32 pkgId, bytes calldata data) external pure returns (bytes32) {
        return Preimage.package(pkgId, data);
    }

    // ---------------------------------------------------------------------------------------------------------------- tree

    /// @dev Memory that is dirty where the library works, and what is in use must be as it was.
    modifier dirty() {
        bytes memory used = abi.encode(msg.data);
        bytes32 before = keccak256(used);
        assembly {
            let free := mload(0x40)
            for { let i := 0 } lt(i, 8192) { i := add(i, 32) } { mstore(add(free, i), not(0)) }
        }
        _;
        assert(keccak256(used) == before);
    }

    function frontierLength(uint256 size) external pure returns (uint256) {
        return MerkleTree.frontierLength(size);
    }

    function rootOf(bytes32[] calldata frontier) external view dirty returns (bytes32 fast, bytes32 plain) {
        fast = MerkleTree.rootOf(frontier);
        plain = PlainMerkleTree.rootOf(frontier);
    }

    function rootAfter(
        uint256 size,
        bytes32[] calldata frontier,
        bytes32[] calldata leafHashes
    ) external view dirty returns (bytes32 fast, bytes32 plain) {
        fast = MerkleTree.rootAfter(size, frontier, leafHashes);
        plain = PlainMerkleTree.rootAfter(size, frontier, leafHashes);
    }

    function rootFrom(
        bytes32 leafHash,
        uint256 index,
        uint256 size,
        bytes32[] calldata proof
    ) external view dirty returns (bool valid, bytes32 fast, bytes32 plain) {
        (valid, plain) = PlainMerkleTree.rootFrom(leafHash, index, size, proof);
        if (MerkleTree.proofLength(index, size) == proof.length) fast = MerkleTree.rootFrom(leafHash, index, size, proof);
    }

    // ---------------------------------------------------------------------------------------------------------------- page

    function pageLength(uint256 offset, uint256 limit, uint256 count) external pure returns (uint256) {
        return Page.length(offset, limit, count);
    }
}
