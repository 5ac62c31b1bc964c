// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev `view` in truth; as `pure`, functions may ask that are `pure` in the real library.
interface IAnswers {
    function answerTo(bytes32 question) external pure returns (uint256);
}

/// @title Answers anything: its storage is arbitrary
contract AnyAnswers {
    mapping(bytes32 question => uint256) private _answers;

    function answerTo(bytes32 question) external view returns (uint256) {
        return _answers[question];
    }
}

/// @title Any functions at all, in the place of contracts/libraries/MerkleTree.sol
/// @dev Each has the type of the real one and any value for each of its arguments, so that what is proven with it does not depend on
/// what the library computes, and a proof can ask for the value that a contract was given. That the real one writes nothing is seen to
/// by the compiler: its functions are internal, and `view` or `pure`, which is checked in assembly too.
library MerkleTree {
    bytes32 internal constant EMPTY_ROOT = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;

    /// @dev Where a proof puts `AnyAnswers`.
    IAnswers internal constant ANSWERS = IAnswers(address(0xa115));

    function frontierLength(uint256 size) internal pure returns (uint256 length) {
        length = _answer(abi.encode("frontierLength", size));
    }

    function rootOf(bytes32[] calldata frontier) internal view returns (bytes32 root) {
        root = bytes32(_answer(abi.encode("rootOf", frontier)));
    }

    function rootAfter(
        uint256 size,
        bytes32[] calldata frontier,
        bytes32[] calldata leafHashes
    ) internal view returns (bytes32 root) {
        root = bytes32(_answer(abi.encode("rootAfter", size, frontier, leafHashes)));
    }

    function proofLength(uint256 index, uint256 size) internal pure returns (uint256 length) {
        length = _answer(abi.encode("proofLength", index, size));
    }

    function rootFrom(
        bytes32 leafHash,
        uint256 index,
        uint256 size,
        bytes32[] calldata proof
    ) internal view returns (bytes32 root) {
        root = bytes32(_answer(abi.encode("rootFrom", leafHash, index, size, proof)));
    }

    function consistencyLength(uint256 oldSize, uint256 newSize) internal pure returns (uint256 length) {
        length = _answer(abi.encode("consistencyLength", oldSize, newSize));
    }

    function rootsFrom(
        bytes32 oldRoot,
        uint256 oldSize,
        bytes32 newRoot,
        uint256 newSize,
        bytes32[] calldata proof
    ) internal view returns (bytes32 oldFound, bytes32 newFound) {
        bytes memory question = abi.encode("rootsFrom", oldRoot, oldSize, newRoot, newSize, proof);
        oldFound = bytes32(_answer(abi.encode("old", keccak256(question))));
        newFound = bytes32(_answer(abi.encode("new", keccak256(question))));
    }

    function _answer(bytes memory question) private pure returns (uint256) {
        return ANSWERS.answerTo(keccak256(question));
    }
}
