// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// Here, and only here: plain Solidity costs two to three times as much.
// solhint-disable no-inline-assembly

/// @title The Merkle tree of RFC 9162, section 2.1, with SHA-256, as far as a contract has to know it
/// @notice A tree of any size is kept as its frontier: of each perfect subtree that the size is made of (one for each set bit) the
/// root, at the subtree's height. Nothing is ever cleared: entries of the frontier whose bit is not set are stale, and not read.
/// @dev In assembly, because the gas of a log is hashing: a level of nodes is folded in place, the prefix 0x01 of a pair written over
/// the last byte of a node that was consumed already. `tests/` compares it with a plain twin.
library MerkleTree {
    /// @dev SHA-256 of nothing.
    bytes32 internal constant EMPTY_ROOT = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;

    /// @notice Appends leaf hashes to a tree of `size` leaves and returns its new root.
    /// @param frontier The tree's frontier, by height; brought up to date.
    function append(
        bytes32[64] storage frontier,
        uint256 size,
        bytes32[] calldata leafHashes
    ) internal returns (bytes32) {
        _fold(frontier, size, leafHashes);
        return _root(frontier, size + leafHashes.length);
    }

    /// @notice How many hashes an inclusion proof has: the levels below the point where the paths of the leaf and of the tree's last
    /// leaf meet, and one for each subtree to the left of both.
    /// @param index Less than `size`.
    function proofLength(uint256 index, uint256 size) internal pure returns (uint256 length) {
        uint256 apart = index ^ (size - 1);
        for (; apart != 0; apart >>= 1) {
            ++length;
        }
        for (uint256 left = index >> length; left != 0; left &= left - 1) {
            ++length;
        }
    }

    /// @notice The root that a leaf and its inclusion proof lead to (RFC 9162, section 2.1.3.2).
    /// @param index Less than `size`.
    /// @param proof As long as `proofLength` says.
    function rootOf(
        bytes32 leafHash,
        uint256 index,
        uint256 size,
        bytes32[] calldata proof
    ) internal view returns (bytes32 root) {
        assembly ("memory-safe") {
            // A node is hashed from the free memory: its prefix, left and right.
            let node := mload(0x40)
            let left := add(node, 1)
            let right := add(node, 33)
            mstore8(node, 1)
            root := leafHash
            let last := sub(size, 1)
            let position := proof.offset
            for { let end := add(position, shl(5, proof.length)) } lt(position, end) { position := add(position, 32) } {
                // A right child, or the last node of a level without a sibling, which rises until it is a right child.
                switch or(and(index, 1), eq(index, last))
                case 1 {
                    mstore(left, calldataload(position))
                    mstore(right, root)
                    for {} and(iszero(and(index, 1)), gt(index, 0)) {} {
                        index := shr(1, index)
                        last := shr(1, last)
                    }
                }
                default {
                    mstore(left, root)
                    mstore(right, calldataload(position))
                }
                if iszero(staticcall(gas(), 2, node, 65, 0, 32)) { revert(0, 0) }
                root := mload(0)
                index := shr(1, index)
                last := shr(1, last)
            }
        }
    }

    /// @dev Folds the new leaves, level by level, into the frontier. At each level `position` is the index of the first new node: an
    /// odd one takes its left sibling from the frontier; a last one without a right sibling goes into it.
    function _fold(bytes32[64] storage frontier, uint256 position, bytes32[] calldata leafHashes) private {
        assembly ("memory-safe") {
            // A spare word for each level's left sibling, and one for the first prefix.
            let nodes := add(mload(0x40), mul(65, 32))
            let count := leafHashes.length
            calldatacopy(nodes, leafHashes.offset, shl(5, count))

            for { let height := frontier.slot } count { height := add(height, 1) } {
                if and(position, 1) {
                    nodes := sub(nodes, 32)
                    mstore(nodes, sload(height))
                    count := add(count, 1)
                }
                if and(count, 1) {
                    sstore(height, mload(add(nodes, shl(5, sub(count, 1)))))
                }
                count := shr(1, count)
                position := shr(1, position)

                // The prefix goes into the byte before the left node: a spare one, or the last of the pair before.
                let pair := sub(nodes, 1)
                let parent := nodes
                for { let end := add(nodes, shl(5, count)) } lt(parent, end) { parent := add(parent, 32) } {
                    mstore8(pair, 1)
                    if iszero(staticcall(gas(), 2, pair, 65, parent, 32)) { revert(0, 0) }
                    pair := add(pair, 64)
                }
            }
        }
    }

    /// @dev The root over the subtrees of the frontier, from the smallest to the largest.
    function _root(bytes32[64] storage frontier, uint256 size) private view returns (bytes32 root) {
        assembly ("memory-safe") {
            let node := mload(0x40)
            let left := add(node, 1)
            let right := add(node, 33)
            mstore8(node, 1)
            let height := frontier.slot
            for {} iszero(and(size, 1)) { size := shr(1, size) } { height := add(height, 1) }
            mstore(right, sload(height))
            for { size := shr(1, size) } size { size := shr(1, size) } {
                height := add(height, 1)
                if and(size, 1) {
                    mstore(left, sload(height))
                    if iszero(staticcall(gas(), 2, node, 65, right, 32)) { revert(0, 0) }
                }
            }
            root := mload(right)
        }
    }
}
