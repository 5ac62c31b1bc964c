// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RecordedLog} from "../contracts/RecordedLog.sol";
import {AnyAuthority, Proof} from "./Proof.sol";

/// @title A recorded log only grows, and the root of a size that it has had is for ever
contract RecordedLogProof is Proof {
    function setUp() public {
        authority = new AnyAuthority();
        log = new RecordedLog(address(authority));
        SVM.enableSymbolicStorage(address(authority));
    }

    /// @dev The induction's start: nothing is known beyond the size.
    function check_new_log_is_empty(uint64 atSize) external view {
        State memory fresh = state(atSize);
        assert(fresh.size == 0 && fresh.known == (atSize == 0));
        assert(!fresh.known || fresh.root == EMPTY_ROOT);
    }

    /// @dev The induction's step.
    function check_no_call_shrinks_the_log_or_changes_a_root(address caller, uint64 atSize) external {
        SVM.enableSymbolicStorage(address(log));
        State memory before = state(atSize);
        HEVM.assume(!before.known || atSize <= before.size);

        anyCall("RecordedLog", caller);

        State memory afterwards = state(atSize);
        assert(afterwards.size >= before.size);
        assert(!before.known || (afterwards.known && afterwards.root == before.root));
        // What is assumed holds again, and a size that the log has passed without stopping there never gets a root.
        assert(!afterwards.known || atSize <= afterwards.size);
        assert(before.known || !afterwards.known || atSize > before.size);
    }

    function check_without_permission_nothing_changes(address caller, uint64 atSize) external {
        SVM.enableSymbolicStorage(address(log));
        State memory before = state(atSize);

        bytes4 selector = anyCall("RecordedLog", caller);

        HEVM.assume(!mayCall(caller, selector));
        State memory afterwards = state(atSize);
        assert(afterwards.size == before.size && afterwards.known == before.known && afterwards.root == before.root);
    }
}
