// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILog} from "./ILog.sol";

/// @title A log in the anchored mode: the leaves stay outside, and the contract takes a new size and root with a consistency proof
/// @notice No entry that an anchor covers can be changed, removed or moved by a later one. The contract knows size 0 and the newest size;
/// the others stay in the events, and `checkConsistency` holds any of them against the newest.
/// @dev A root does not commit to its size: an honest proof from 1,000 to 1,100 entries leads to the same root for every size from 1,025 to
/// 2,048. So a size is a claim of the one party that may anchor. Each entry carries its index, and auditors compare.
interface IAnchoredLog is ILog {
    /// @notice The log has grown: entries from `firstIndex` on, up to `size` of them, and the root over all.
    event Anchored(uint64 indexed firstIndex, uint64 size, bytes32 root);

    /// @notice An anchor is for more entries than the log has.
    error Log_NotLarger(uint64 newSize, uint64 size);

    /// @notice Takes the root of a larger tree, of which the log so far is proven to be the beginning (RFC 9162, section 2.1.4.2).
    /// @param expectedSize The log's size as the caller knows it.
    /// @param newSize How many entries the log then has.
    /// @param proof The consistency proof between the two sizes; empty while the log is.
    function anchor(uint64 expectedSize, uint64 newSize, bytes32 newRoot, bytes32[] calldata proof) external;
}
