// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuthority} from "@openzeppelin/contracts/access/manager/IAuthority.sol";
import {ILog} from "../contracts/interfaces/ILog.sol";

/// @dev What the prover answers at its two addresses.
interface IProver {
    function assume(bool condition) external pure;
    function prank(address caller) external;
    function enableSymbolicStorage(address account) external;
    function createCalldata(string memory contractName, bool withViews) external pure returns (bytes memory);
}

/// @title An authority that decides anything: its storage is arbitrary
contract AnyAuthority is IAuthority {
    mapping(address caller => mapping(address target => mapping(bytes4 selector => bool))) private _allowed;

    function canCall(address caller, address target, bytes4 selector) external view returns (bool) {
        return _allowed[caller][target][selector];
    }
}

/// @title What the proofs of both modes share
/// @dev Every `check_` function is proven for all values of its arguments, and for every storage that the log and the authority can have
/// and a few that they cannot. The log is one that has run for any time: a proof is the step of an induction over its calls.
abstract contract Proof {
    /// @dev All that a log keeps, as far as one size tells of it: the proofs are for every `atSize`.
    struct State {
        uint64 size;
        bool known;
        bytes32 root;
    }

    IProver internal constant HEVM = IProver(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
    IProver internal constant SVM = IProver(0xF3993A62377BCd56AE39D773740A5390411E8BC9);

    bytes32 internal constant EMPTY_ROOT = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;
    bool internal constant VIEWS = false;

    AnyAuthority internal authority;
    ILog internal log;

    /// @dev Any transaction or call to the log, by anyone: each of its functions and everything that is none. Reverting is not failing.
    function anyCall(string memory contractName, address caller) internal returns (bytes4 selector) {
        bytes memory data = SVM.createCalldata(contractName, VIEWS);
        selector = bytes4(data);
        HEVM.prank(caller);
        (bool done, ) = address(log).call(data);
        done;
    }

    function state(uint64 atSize) internal view returns (State memory found) {
        found.size = log.size();
        try log.rootAt(atSize) returns (bytes32 root) {
            (found.known, found.root) = (true, root);
        } catch {}
    }

    function mayCall(address caller, bytes4 selector) internal view returns (bool) {
        return caller != address(authority) && authority.canCall(caller, address(log), selector);
    }
}
