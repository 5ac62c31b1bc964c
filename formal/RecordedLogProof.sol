// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RecordedLog} from "../contracts/RecordedLog.sol";
import {MerkleTree} from "../contracts/libraries/MerkleTree.sol";
import {AnyAuthority, Proof} from "./Proof.sol";

/// @title A recorded log only grows, and the root of a size that it has had is for ever
contract RecordedLogProof is Proof {
    function setUp() public {
        authority = new AnyAuthority();
        prepare(new RecordedLog(address(authority)));
    }

    /// @dev No size beyond that of the log has a root. It is needed at the one size that a proof looks at, which is any.
    function invariant(State memory found, uint64 atSize) internal pure returns (bool) {
        return !found.known || atSize <= found.size;
    }

    function check_new_log_is_empty(uint64 atSize) external view {
        State memory found = state(fresh, atSize);
        assert(invariant(found, atSize));
        assert(found.size == 0 && found.known == (atSize == 0));
        assert(!found.known || found.root == MerkleTree.EMPTY_ROOT);
    }

    function check_no_call_shrinks_the_log_or_changes_a_root(address caller, uint64 atSize) external {
        State memory before = state(LOG, atSize);
        HEVM.assume(invariant(before, atSize));

        anyCall("RecordedLog", caller);

        State memory afterwards = state(LOG, atSize);
        assert(invariant(afterwards, atSize));
        assert(afterwards.size >= before.size);
        assert(!before.known || (afterwards.known && afterwards.root == before.root));
        // A size that the log has passed without stopping there never gets a root.
        assert(before.known || !afterwards.known || atSize > before.size);
    }

    function check_nothing_changes_without_permission_to_append(address caller, uint64 atSize) external {
        State memory before = state(LOG, atSize);

        bytes4 selector = anyCall("RecordedLog", caller);

        bool permitted = selector == RecordedLog.append.selector && mayCall(caller, selector);
        assert(permitted || same(state(LOG, atSize), before));
    }

    /// @dev What "it grew" means: by its leaves, from the tree that is there, to the root that the library gives.
    function check_append_adds_its_leaves_to_the_tree_that_is_there(
        address caller,
        uint64 expectedSize,
        bytes32[] calldata frontier,
        bytes32[] calldata leafHashes
    ) external {
        uint64 size = LOG.size();
        State memory before = state(LOG, size);

        HEVM.prank(caller);
        RecordedLog(address(LOG)).append(expectedSize, frontier, leafHashes);

        assert(size == expectedSize && leafHashes.length > 0);
        assert(frontier.length == MerkleTree.frontierLength(size) && MerkleTree.rootOf(frontier) == before.root);
        uint256 newSize = uint256(size) + leafHashes.length;
        assert(LOG.size() == newSize);
        assert(state(LOG, uint64(newSize)).root == MerkleTree.rootAfter(size, frontier, leafHashes));
    }
}
