// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Permissioned} from "./Permissioned.sol";
import {IAlerts} from "./interfaces/IAlerts.sol";
import {IRegistration} from "./interfaces/IRegistration.sol";
import {Page} from "./libraries/Page.sol";

/// @title What was recognised in a login log
contract Alerts is IAlerts, Permissioned {
    /// @inheritdoc IAlerts
    IRegistration public immutable override registration;

    Alert[] private _alerts;
    mapping(bytes32 digest => AlertNumber) private _numbers;

    constructor(address authority, IRegistration registration_) Permissioned(authority) {
        registration = registration_;
    }

    // ----------------------------------------------------------------------------------------------------------- changes

    /// @inheritdoc IAlerts
    function raiseAlert(
        Rule rule,
        IRegistration.DeviceId device,
        bytes32 digest
    ) external restricted returns (AlertNumber number) {
        // Check: the device is enrolled, and the document new.
        _requireDevice(device);
        if (digest == 0) revert Alerts_EmptyDigest();
        AlertNumber known = _numbers[digest];
        if (AlertNumber.unwrap(known) != 0) revert Alerts_AlreadyRaised(known);

        // Effect: the next number stands for it.
        _alerts.push(Alert({rule: rule, device: device, raisedAt: uint40(block.timestamp), digest: digest}));
        number = AlertNumber.wrap(uint48(_alerts.length));
        _numbers[digest] = number;

        emit AlertRaised(number, rule, device, digest);
    }

    // ------------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IAlerts
    function alertCount() external view returns (uint48) {
        return uint48(_alerts.length);
    }

    /// @inheritdoc IAlerts
    function alertById(AlertNumber number) external view returns (Alert memory) {
        uint256 place = AlertNumber.unwrap(number);
        if (place == 0 || place > _alerts.length) revert Alerts_UnknownAlert(number);
        return _alerts[place - 1];
    }

    /// @inheritdoc IAlerts
    function alerts(AlertNumber first, uint256 limit) external view returns (Alert[] memory page) {
        uint256 start = AlertNumber.unwrap(first);
        if (start == 0) revert Alerts_UnknownAlert(first);

        page = new Alert[](Page.length(start - 1, limit, _alerts.length));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _alerts[start - 1 + i];
        }
    }

    // --------------------------------------------------------------------------------------------------------- internals

    function _requireDevice(IRegistration.DeviceId device) private view {
        uint256 identifier = IRegistration.DeviceId.unwrap(device);
        if (identifier == 0 || identifier > registration.deviceCount()) {
            revert IRegistration.Registration_UnknownDevice(device);
        }
    }
}
