// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// Here, and only here: plain Solidity costs two to three times as much.
// solhint-disable no-inline-assembly

/// @title The Merkle tree of RFC 9162, section 2.1, with SHA-256, as far as a contract has to know it
/// @notice A tree of any size is a row of perfect subtrees, one for each set bit of the size, the largest first. Their roots are its
/// frontier: from it follows the tree's root, and the root after any leaves that are appended.
/// @dev In assembly, because the gas of a log is hashing: a level of nodes is folded in place, the prefix 0x01 of a pair written over
/// the last byte of a node that was consumed already. `tests/` compares it with a plain twin. SHA-256 fails only for want of gas.
library MerkleTree {
    /// @dev SHA-256 of nothing.
    bytes32 internal constant EMPTY_ROOT = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;

    /// @notice How many hashes the frontier of a tree has: the set bits of its size.
    /// @param size Less than 2^64.
    function frontierLength(uint256 size) internal pure returns (uint256 length) {
        assembly {
            // The bits of each pair are added, then the pairs of each four, the fours of each byte, and the bytes.
            size := sub(size, and(shr(1, size), 0x5555555555555555))
            size := add(and(size, 0x3333333333333333), and(shr(2, size), 0x3333333333333333))
            size := and(add(size, shr(4, size)), 0x0f0f0f0f0f0f0f0f)
            length := and(shr(56, mul(size, 0x0101010101010101)), 0xff)
        }
    }

    /// @notice The root of the tree with this frontier.
    function rootOf(bytes32[] calldata frontier) internal view returns (bytes32 root) {
        if (frontier.length == 0) return EMPTY_ROOT;
        assembly ("memory-safe") {
            // The root grows from the right: it is the right child of a node with the next subtree.
            let node := mload(0x40)
            let left := add(node, 1)
            let right := add(node, 33)
            mstore8(node, 1)
            let subtree := add(frontier.offset, shl(5, sub(frontier.length, 1)))
            mstore(right, calldataload(subtree))
            for {} gt(subtree, frontier.offset) {} {
                subtree := sub(subtree, 32)
                mstore(left, calldataload(subtree))
                if iszero(staticcall(gas(), 2, node, 65, right, 32)) { revert(0, 0) }
            }
            root := mload(right)
        }
    }

    /// @notice The root after leaves were appended to the tree of `size` leaves with this frontier.
    /// @param frontier As long as `frontierLength` says.
    /// @param leafHashes One or more.
    function rootAfter(
        uint256 size,
        bytes32[] calldata frontier,
        bytes32[] calldata leafHashes
    ) internal view returns (bytes32 root) {
        assembly ("memory-safe") {
            // The new root grows from the right, as in `rootOf`, while the new leaves are folded level by level.
            let node := mload(0x40)
            let left := add(node, 1)
            let right := add(node, 33)
            mstore8(node, 1)
            let started := 0

            // The level, with room in front for each of the frontier to come in as its first node.
            let nodes := add(add(node, 96), shl(5, frontier.length))
            let count := leafHashes.length
            calldatacopy(nodes, leafHashes.offset, shl(5, count))
            let subtree := add(frontier.offset, shl(5, frontier.length))

            for {} count {} {
                // A first node that is a right child: its sibling is the frontier's next.
                if and(size, 1) {
                    nodes := sub(nodes, 32)
                    subtree := sub(subtree, 32)
                    mstore(nodes, calldataload(subtree))
                    count := add(count, 1)
                }
                // A last node without a sibling: a perfect subtree of the new tree.
                if and(count, 1) {
                    let last := mload(add(nodes, shl(5, sub(count, 1))))
                    switch started
                    case 0 {
                        mstore(right, last)
                        started := 1
                    }
                    default {
                        mstore(left, last)
                        if iszero(staticcall(gas(), 2, node, 65, right, 32)) { revert(0, 0) }
                    }
                }
                count := shr(1, count)
                size := shr(1, size)

                // The prefix goes into the byte before the left node: a spare one, or the last of the pair before.
                let pair := sub(nodes, 1)
                let parent := nodes
                for { let end := add(nodes, shl(5, count)) } lt(parent, end) { parent := add(parent, 32) } {
                    mstore8(pair, 1)
                    if iszero(staticcall(gas(), 2, pair, 65, parent, 32)) { revert(0, 0) }
                    pair := add(pair, 64)
                }
            }

            // The larger subtrees are those of the tree before.
            for {} gt(subtree, frontier.offset) {} {
                subtree := sub(subtree, 32)
                mstore(left, calldataload(subtree))
                if iszero(staticcall(gas(), 2, node, 65, right, 32)) { revert(0, 0) }
            }
            root := mload(right)
        }
    }

    /// @notice How many hashes an inclusion proof has: one for each level below the point where the paths of the leaf and of the
    /// tree's last leaf meet, and one for each subtree to the left of both.
    /// @param index Less than `size`.
    /// @param size At most 2^64.
    function proofLength(uint256 index, uint256 size) internal pure returns (uint256 length) {
        unchecked {
            length = _bitLength(index ^ (size - 1));
            length += frontierLength(index >> length);
        }
    }

    /// @notice The root that a leaf and its inclusion proof lead to (RFC 9162, section 2.1.3.2).
    /// @param index Less than `size`.
    /// @param proof As long as `proofLength` says.
    function rootFrom(
        bytes32 leafHash,
        uint256 index,
        uint256 size,
        bytes32[] calldata proof
    ) internal view returns (bytes32 root) {
        uint256 sides;
        unchecked {
            sides = _sides(index, size - 1);
        }
        assembly ("memory-safe") {
            // A node is hashed from the free memory: its prefix, left and right. One of these two is the way up so far.
            let node := mload(0x40)
            let left := add(node, 1)
            let both := add(left, add(node, 33))
            mstore8(node, 1)
            let place := add(left, shl(5, and(sides, 1)))
            mstore(place, leafHash)
            let position := proof.offset
            for { let end := add(position, shl(5, proof.length)) } lt(position, end) { position := add(position, 32) } {
                mstore(sub(both, place), calldataload(position))
                sides := shr(1, sides)
                place := add(left, shl(5, and(sides, 1)))
                if iszero(staticcall(gas(), 2, node, 65, place, 32)) { revert(0, 0) }
            }
            root := mload(place)
        }
    }

    /// @notice How many hashes a consistency proof has: none from an empty tree and between equal sizes. Otherwise those of the inclusion
    /// proof of the old tree's last perfect subtree and, unless that is the whole old tree, its own root in front of them.
    /// @param oldSize Not larger than `newSize`.
    /// @param newSize Less than 2^64.
    function consistencyLength(uint256 oldSize, uint256 newSize) internal pure returns (uint256 length) {
        if (oldSize == 0 || oldSize == newSize) return 0;
        unchecked {
            uint256 height = _lowestBit(oldSize);
            uint256 index = (oldSize - 1) >> height;
            length = proofLength(index, ((newSize - 1) >> height) + 1);
            if (index != 0) ++length;
        }
    }

    /// @notice The two roots that a consistency proof leads to (RFC 9162, section 2.1.4.2). Where none is needed those are the roots that
    /// there must be: from an empty tree its root and the new one, between equal sizes the new one twice.
    /// @param oldSize Not larger than `newSize`.
    /// @param proof As long as `consistencyLength` says.
    function rootsFrom(
        bytes32 oldRoot,
        uint256 oldSize,
        bytes32 newRoot,
        uint256 newSize,
        bytes32[] calldata proof
    ) internal view returns (bytes32 oldFound, bytes32 newFound) {
        if (oldSize == 0) return (EMPTY_ROOT, newRoot);
        if (oldSize == newSize) return (newRoot, newRoot);
        uint256 index;
        uint256 sides;
        unchecked {
            uint256 height = _lowestBit(oldSize);
            index = (oldSize - 1) >> height;
            sides = _sides(index, (newSize - 1) >> height);
        }
        assembly ("memory-safe") {
            // Both ways up start from the old tree's last perfect subtree: the proof's first hash, or the whole old tree.
            let position := proof.offset
            let end := add(position, shl(5, proof.length))
            let start := oldRoot
            if index {
                start := calldataload(position)
                position := add(position, 32)
            }

            // A node is hashed from the free memory: its prefix, left and right.
            let node := mload(0x40)
            let left := add(node, 1)
            let right := add(node, 33)
            mstore8(node, 1)
            oldFound := start
            newFound := start

            for {} lt(position, end) { position := add(position, 32) } {
                // What is to the left is in both trees, what is to the right only in the new one.
                switch and(sides, 1)
                case 0 {
                    mstore(left, newFound)
                    mstore(right, calldataload(position))
                }
                default {
                    mstore(left, calldataload(position))
                    mstore(right, oldFound)
                    if iszero(staticcall(gas(), 2, node, 65, 0, 32)) { revert(0, 0) }
                    oldFound := mload(0)
                    mstore(right, newFound)
                }
                sides := shr(1, sides)
                if iszero(staticcall(gas(), 2, node, 65, 0, 32)) { revert(0, 0) }
                newFound := mload(0)
            }
        }
    }

    /// @dev On which side the way up from a node is at each hash of its proof, the lowest bit first: 1 for the right. Where the tree's
    /// last node is on the same way, only the levels at which it is a right child have a hash.
    function _sides(uint256 index, uint256 last) private pure returns (uint256) {
        return index | (type(uint256).max << _bitLength(index ^ last));
    }

    /// @dev The height of a tree's last perfect subtree. `size` is not 0.
    function _lowestBit(uint256 size) private pure returns (uint256) {
        unchecked {
            return frontierLength((size - 1) & ~size);
        }
    }

    /// @dev `word` is less than 2^64.
    function _bitLength(uint256 word) private pure returns (uint256 length) {
        assembly {
            // By halves: is anything left above the lower 32 bits, above the lower 16 of the rest, and so on.
            length := shl(5, gt(word, 0xffffffff))
            length := or(length, shl(4, gt(shr(length, word), 0xffff)))
            length := or(length, shl(3, gt(shr(length, word), 0xff)))
            length := or(length, shl(2, gt(shr(length, word), 0xf)))
            length := or(length, shl(1, gt(shr(length, word), 0x3)))
            length := or(length, gt(shr(length, word), 0x1))
            length := add(length, iszero(iszero(word)))
        }
    }
}
