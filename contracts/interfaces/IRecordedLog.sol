// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILog} from "./ILog.sol";

/// @title A log in the recorded mode: every leaf hash goes through the contract, which computes the tree itself
/// @notice The root of each size at which a batch ended stays readable for ever.
/// @dev A tree's frontier is the roots of the perfect subtrees that it is made of, one for each set bit of its size, the largest first.
/// The contract keeps none: whoever appends has it, and no other than the true one leads to the root that the contract keeps.
interface IRecordedLog is ILog {
    /// @notice The leaf hashes of one batch, the first of them at `firstIndex`, and the root over all entries up to its last.
    event Appended(uint64 indexed firstIndex, bytes32 root, bytes32[] leafHashes);

    error Log_EmptyBatch();
    /// @notice A frontier has one hash for each set bit of the log's size.
    error Log_FrontierLength(uint256 length, uint256 expectedLength);
    /// @notice The frontier does not lead to the log's root: it is that of another tree.
    error Log_FrontierMismatch(uint64 size);

    /// @notice Appends a batch, all or nothing.
    /// @param expectedSize The log's size as the caller knows it, so that no batch can be appended twice.
    /// @param frontier The frontier of the tree before, empty while the log is.
    /// @param leafHashes SHA-256(0x00 ‖ leaf) of each entry, in order.
    function append(uint64 expectedSize, bytes32[] calldata frontier, bytes32[] calldata leafHashes) external;
}
