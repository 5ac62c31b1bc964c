// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchoredLog} from "../contracts/AnchoredLog.sol";
import {MerkleTree} from "../contracts/libraries/MerkleTree.sol";
import {AnyAuthority, Proof} from "./Proof.sol";

/// @title An anchored log only grows, keeps its root until then, and takes another only with a proof
contract AnchoredLogProof is Proof {
    function setUp() public {
        authority = new AnyAuthority();
        prepare(new AnchoredLog(address(authority)));
    }

    /// @dev An empty log has the root of nothing.
    function invariant(State memory found, uint64 atSize) internal pure returns (bool) {
        return atSize != 0 || (found.known && found.root == MerkleTree.EMPTY_ROOT);
    }

    function check_new_log_is_empty(uint64 atSize) external view {
        State memory found = state(fresh, atSize);
        assert(invariant(found, atSize));
        assert(found.size == 0 && found.known == (atSize == 0));
    }

    function check_no_call_shrinks_the_log_or_changes_a_root(address caller, uint64 atSize) external {
        State memory before = state(LOG, atSize);
        HEVM.assume(invariant(before, atSize));

        anyCall("AnchoredLog", caller);

        State memory afterwards = state(LOG, atSize);
        assert(invariant(afterwards, atSize));
        assert(afterwards.size >= before.size);
        // A root that was known is the same or, once the log has grown past it, in the events only.
        bool passed = !afterwards.known && atSize < afterwards.size;
        assert(!before.known || passed || (afterwards.known && afterwards.root == before.root));
        assert(afterwards.size > before.size || same(afterwards, before));
        assert(before.known || !afterwards.known || atSize > before.size);
    }

    function check_nothing_changes_without_permission_to_anchor(address caller, uint64 atSize) external {
        State memory before = state(LOG, atSize);

        bytes4 selector = anyCall("AnchoredLog", caller);

        bool permitted = selector == AnchoredLog.anchor.selector && mayCall(caller, selector);
        assert(permitted || same(state(LOG, atSize), before));
    }

    /// @dev What the library found is asked for here, not what the log made of it.
    function check_anchor_takes_a_root_only_with_its_proof(
        address caller,
        uint64 expectedSize,
        uint64 newSize,
        bytes32 newRoot,
        bytes32[] calldata proof
    ) external {
        uint64 size = LOG.size();
        bytes32 root = LOG.root();

        HEVM.prank(caller);
        AnchoredLog(address(LOG)).anchor(expectedSize, newSize, newRoot, proof);

        assert(size == expectedSize && LOG.size() == newSize && LOG.root() == newRoot);
        assert(proof.length == MerkleTree.consistencyLength(size, newSize));
        (bytes32 oldFound, bytes32 newFound) = MerkleTree.rootsFrom(root, size, newRoot, newSize, proof);
        assert(oldFound == root && newFound == newRoot);
    }
}
