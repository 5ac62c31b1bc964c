// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchoredLog} from "../contracts/AnchoredLog.sol";
import {AnyAuthority, Proof} from "./Proof.sol";

/// @title An anchored log only grows, keeps its root until then, and takes another only with a proof
contract AnchoredLogProof is Proof {
    function setUp() public {
        authority = new AnyAuthority();
        log = new AnchoredLog(address(authority));
        SVM.enableSymbolicStorage(address(authority));
    }

    function check_new_log_is_empty(uint64 atSize) external view {
        State memory fresh = state(atSize);
        assert(fresh.size == 0 && fresh.known == (atSize == 0));
        assert(!fresh.known || fresh.root == EMPTY_ROOT);
    }

    function check_no_call_shrinks_the_log_or_changes_a_root(address caller, uint64 atSize) external {
        SVM.enableSymbolicStorage(address(log));
        State memory before = state(atSize);

        anyCall("AnchoredLog", caller);

        State memory afterwards = state(atSize);
        assert(afterwards.size >= before.size);
        // A root that was known is the same or, once the log has grown past it, in the events only.
        bool passed = !afterwards.known && atSize < afterwards.size;
        assert(!before.known || passed || (afterwards.known && afterwards.root == before.root));
        assert(afterwards.size > before.size || afterwards.known == before.known);
    }

    function check_a_new_root_comes_with_its_proof(
        address caller,
        uint64 expectedSize,
        uint64 newSize,
        bytes32 newRoot,
        bytes32[] calldata proof
    ) external {
        SVM.enableSymbolicStorage(address(log));
        uint64 size = log.size();
        bytes32 root = log.root();

        HEVM.prank(caller);
        AnchoredLog(address(log)).anchor(expectedSize, newSize, newRoot, proof);

        assert(size == expectedSize && log.size() == newSize && log.root() == newRoot);
        if (size == 0) return;
        try log.checkConsistency(size, root, newSize, proof) {} catch {
            assert(false);
        }
    }

    function check_without_permission_nothing_changes(address caller, uint64 atSize) external {
        SVM.enableSymbolicStorage(address(log));
        State memory before = state(atSize);

        bytes4 selector = anyCall("AnchoredLog", caller);

        HEVM.assume(!mayCall(caller, selector));
        State memory afterwards = state(atSize);
        assert(afterwards.size == before.size && afterwards.known == before.known && afterwards.root == before.root);
    }
}
