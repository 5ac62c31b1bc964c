// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuthority} from "@openzeppelin/contracts/access/manager/IAuthority.sol";
import {ILog} from "../contracts/interfaces/ILog.sol";
// The compiler is given AnyMerkleTree.sol under this name: see prove.py.
import {AnyAnswers, MerkleTree} from "../contracts/libraries/MerkleTree.sol";

/// @dev What the prover answers at its two addresses.
interface IProver {
    function assume(bool condition) external pure;
    function prank(address caller) external;
    function etch(address account, bytes calldata code) external;
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
/// @dev Every `check_` function is proven for all values of its arguments, all storage of `log` (but for what it assumes of it), and all
/// answers of the authority and of the Merkle library. `fresh` is as its constructor leaves it. The promise for any number of calls
/// follows by induction: the invariant holds of `fresh`, and every call that starts with it leaves it, and the promise, kept.
abstract contract Proof {
    /// @dev All that a log keeps, as far as one size tells of it: the proofs are for every `atSize`.
    struct State {
        uint64 size;
        bool known;
        bytes32 root;
    }

    IProver internal constant HEVM = IProver(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
    IProver internal constant SVM = IProver(0xF3993A62377BCd56AE39D773740A5390411E8BC9);
    bool internal constant VIEWS = false;

    AnyAuthority internal authority;
    ILog internal fresh;
    /// @dev The code of `fresh` at an address without its past: what a constructor wrote would stay, and not be arbitrary.
    ILog internal constant LOG = ILog(address(0x106));

    function prepare(ILog deployed) internal {
        fresh = deployed;
        HEVM.etch(address(LOG), address(deployed).code);
        HEVM.etch(address(MerkleTree.ANSWERS), address(new AnyAnswers()).code);
        SVM.enableSymbolicStorage(address(LOG));
        SVM.enableSymbolicStorage(address(MerkleTree.ANSWERS));
        SVM.enableSymbolicStorage(address(authority));
    }

    /// @dev Any call to the log, by anyone: each of its functions and everything that is none. Reverting is not failing.
    function anyCall(string memory contractName, address caller) internal returns (bytes4 selector) {
        bytes memory data = SVM.createCalldata(contractName, VIEWS);
        selector = bytes4(data);
        HEVM.prank(caller);
        (bool done, ) = address(LOG).call(data);
        done;
    }

    function state(ILog log, uint64 atSize) internal view returns (State memory found) {
        found.size = log.size();
        try log.rootAt(atSize) returns (bytes32 root) {
            (found.known, found.root) = (true, root);
        } catch {}
    }

    function same(State memory one, State memory other) internal pure returns (bool) {
        return one.size == other.size && one.known == other.known && one.root == other.root;
    }

    function mayCall(address caller, bytes4 selector) internal view returns (bool) {
        return caller != address(authority) && authority.canCall(caller, address(LOG), selector);
    }
}
