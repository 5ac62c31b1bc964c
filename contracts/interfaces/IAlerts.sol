// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistration} from "./IRegistration.sol";

/// @title What was recognised in a login log
/// @notice An attack that a rule recognises is raised here, for everyone to see and for good. The document that names the log's entries and
/// their proofs stays with the certification server and its subscribers; its digest is here.
/// @dev Alerts are numbered here, one after another from 1.
interface IAlerts {
    // ------------------------------------------------------------------------------------------------------------- types

    type AlertNumber is uint48;

    /// @notice By which rule: a burst of failures, a replayed challenge, bad integrity evidence, one key on two devices, a login on a
    /// suspended registration, a login from a recalled package.
    enum Rule {
        FailureBurst,
        ChallengeReplayed,
        BadIntegrity,
        KeyOnTwoDevices,
        SuspendedRegistration,
        RecalledPackage
    }

    /// @notice One alert.
    /// @param device The IoT device that the logins were for.
    /// @param raisedAt In seconds since the epoch.
    /// @param digest That of its document.
    struct Alert {
        Rule rule;
        IRegistration.DeviceId device;
        uint40 raisedAt;
        bytes32 digest;
    }

    // ------------------------------------------------------------------------------------------------------------ events

    event AlertRaised(
        AlertNumber indexed number,
        Rule indexed rule,
        IRegistration.DeviceId indexed device,
        bytes32 digest
    );

    // ------------------------------------------------------------------------------------------------------------ errors

    error Alerts_EmptyDigest();
    /// @notice A document is raised once: `number` is the alert that has this digest.
    error Alerts_AlreadyRaised(AlertNumber number);
    error Alerts_UnknownAlert(AlertNumber number);

    // ----------------------------------------------------------------------------------------------------------- changes

    /// @notice Raises an alert about an enrolled device.
    function raiseAlert(
        Rule rule,
        IRegistration.DeviceId device,
        bytes32 digest
    ) external returns (AlertNumber number);

    // ------------------------------------------------------------------------------------------------------------- views

    /// @notice The contract that says which devices are enrolled, fixed at deployment.
    function registration() external view returns (IRegistration);

    function alertCount() external view returns (uint48);
    function alertById(AlertNumber number) external view returns (Alert memory);

    /// @notice Alerts `first`, `first + 1`, …: at most `limit`, fewer or none past the end.
    /// @param first From 1.
    function alerts(AlertNumber first, uint256 limit) external view returns (Alert[] memory);
}
