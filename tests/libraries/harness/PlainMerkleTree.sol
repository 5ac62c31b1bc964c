// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The tree of `MerkleTree`, written for the reader: one leaf after the other, no assembly
library PlainMerkleTree {
    function rootAfter(
        uint256 size,
        bytes32[] memory frontier,
        bytes32[] memory leafHashes
    ) internal pure returns (bytes32) {
        // Index 0 is the largest subtree; each leaf merges with as many as the size has trailing one bits.
        bytes32[] memory subtrees = new bytes32[](64);
        uint256 count = frontier.length;
        for (uint256 i = 0; i < count; ++i) subtrees[i] = frontier[i];
        for (uint256 i = 0; i < leafHashes.length; ++i) {
            bytes32 node = leafHashes[i];
            for (uint256 ones = size; ones & 1 == 1; ones >>= 1) node = hash(subtrees[--count], node);
            subtrees[count++] = node;
            ++size;
        }
        return bag(subtrees, count);
    }

    function rootOf(bytes32[] memory frontier) internal pure returns (bytes32) {
        return frontier.length == 0 ? sha256("") : bag(frontier, frontier.length);
    }

    /// @dev RFC 9162, section 2.1.3.2, as it stands there; `valid` is false where it says "stop and fail".
    function rootFrom(
        bytes32 leafHash,
        uint256 index,
        uint256 size,
        bytes32[] memory proof
    ) internal pure returns (bool valid, bytes32 root) {
        uint256 fn = index;
        uint256 sn = size - 1;
        root = leafHash;
        for (uint256 i = 0; i < proof.length; ++i) {
            if (sn == 0) return (false, 0);
            if (fn & 1 == 1 || fn == sn) {
                root = hash(proof[i], root);
                while (fn & 1 == 0 && fn != 0) {
                    fn >>= 1;
                    sn >>= 1;
                }
            } else {
                root = hash(root, proof[i]);
            }
            fn >>= 1;
            sn >>= 1;
        }
        valid = sn == 0;
    }

    function bag(bytes32[] memory subtrees, uint256 count) private pure returns (bytes32 root) {
        root = subtrees[count - 1];
        for (uint256 i = count - 1; i > 0; --i) root = hash(subtrees[i - 1], root);
    }

    function hash(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }
}
