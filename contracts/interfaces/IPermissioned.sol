// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A contract whose changes are for the roles that the network's AccessManager names
interface IPermissioned {
    /// @notice The caller has no role that may call this function of this contract, or may only call it after a delay, or is the
    /// AccessManager, which passes on another's call.
    error Permissioned_NotAuthorised(address caller, bytes4 selector);

    /// @notice The AccessManager that is asked, fixed at deployment.
    function authority() external view returns (address);
}
