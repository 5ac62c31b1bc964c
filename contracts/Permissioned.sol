// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuthority} from "@openzeppelin/contracts/access/manager/IAuthority.sol";
import {IPermissioned} from "./interfaces/IPermissioned.sol";

/// @title Asks the network's AccessManager before every change
/// @dev Unlike OpenZeppelin's AccessManaged it keeps the authority in the code, so that nobody can exchange it.
abstract contract Permissioned is IPermissioned {
    IAuthority private immutable AUTHORITY;

    constructor(address authority_) {
        AUTHORITY = IAuthority(authority_);
    }

    modifier restricted() {
        _checkCaller();
        _;
    }

    /// @inheritdoc IPermissioned
    function authority() external view returns (address) {
        return address(AUTHORITY);
    }

    function _checkCaller() private view {
        // The AccessManager can pass a call on under its own address: then nobody is named, and one approver counts as two.
        if (msg.sender == address(AUTHORITY) || !AUTHORITY.canCall(msg.sender, address(this), msg.sig)) {
            revert Permissioned_NotAuthorised(msg.sender, msg.sig);
        }
    }
}
