// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Permissioned} from "./Permissioned.sol";
import {IRegistration} from "./interfaces/IRegistration.sol";
import {Preimage} from "./libraries/Preimage.sol";

/// @title Who is enrolled: identifiers, and every key that each of them has had
abstract contract Enrolment is IRegistration, Permissioned {
    /// @dev One slot: to issue an identifier and to know the others touches storage once.
    struct Counters {
        uint48 devices;
        uint48 userDevices;
        uint48 users;
        uint48 services;
        uint48 registrations;
        uint16 methods;
    }

    /// @dev A key, and how many registrations there were when it came into force: so a registration's keys are known by its identifier,
    /// and need no word in it.
    struct DatedKey {
        bytes32 thumbprint;
        uint40 since;
        uint48 registrationsBefore;
    }

    /// @dev Keys are numbered from 1; the last number's are in force.
    struct KeyRing {
        uint16 count;
        mapping(uint256 number => DatedKey) byNumber;
    }

    uint256 private constant SIGNING_KEY_LENGTH = 32;
    uint256 private constant EXCHANGE_KEY_LENGTH = 33;

    Counters internal _counters;
    mapping(DeviceId => KeyRing) private _deviceKeys;
    mapping(UserDeviceId => KeyRing) internal _userDeviceKeys;
    mapping(ServiceId => KeyRing) private _serviceKeys;
    mapping(UserId => bytes32 nameCommitment) private _nameCommitments;
    mapping(bytes32 nameCommitment => bool) private _takenNames;
    mapping(bytes32 keyHash => bool) private _takenKeys;

    // ----------------------------------------------------------------------------------------------------------- changes

    /// @inheritdoc IRegistration
    function enrolDevice(
        bytes calldata signingKey,
        bytes calldata exchangeKey
    ) external restricted returns (DeviceId device) {
        return _enrolDevice(_thumbprint(signingKey, exchangeKey), signingKey, exchangeKey);
    }

    /// @inheritdoc IRegistration
    function enrolUserDevice(
        bytes calldata signingKey,
        bytes calldata exchangeKey
    ) external restricted returns (UserDeviceId userDevice) {
        userDevice = UserDeviceId.wrap(++_counters.userDevices);
        bytes32 thumbprint = _putInForce(_userDeviceKeys[userDevice], signingKey, exchangeKey);

        emit UserDeviceEnrolled(userDevice, thumbprint, signingKey, exchangeKey);
    }

    /// @inheritdoc IRegistration
    function enrolService(
        bytes calldata signingKey,
        bytes calldata exchangeKey
    ) external restricted returns (ServiceId service) {
        service = ServiceId.wrap(++_counters.services);
        bytes32 thumbprint = _putInForce(_serviceKeys[service], signingKey, exchangeKey);

        emit ServiceEnrolled(service, thumbprint, signingKey, exchangeKey);
    }

    /// @inheritdoc IRegistration
    function enrolUser(bytes32 nameCommitment) external restricted returns (UserId user) {
        // Check: the user is new.
        if (nameCommitment == 0) revert Registration_EmptyNameCommitment();
        if (_takenNames[nameCommitment]) revert Registration_NameCommitmentAlreadyEnrolled(nameCommitment);

        // Effect: an identifier stands for the name.
        user = UserId.wrap(++_counters.users);
        _nameCommitments[user] = nameCommitment;
        _takenNames[nameCommitment] = true;

        emit UserEnrolled(user, nameCommitment);
    }

    /// @inheritdoc IRegistration
    function rotateDeviceKeys(
        DeviceId device,
        bytes calldata signingKey,
        bytes calldata exchangeKey
    ) external restricted {
        _requireDevice(device, _counters.devices);
        bytes32 thumbprint = _putInForce(_deviceKeys[device], signingKey, exchangeKey);

        emit DeviceKeysRotated(device, thumbprint, signingKey, exchangeKey);
    }

    /// @inheritdoc IRegistration
    function rotateUserDeviceKeys(
        UserDeviceId userDevice,
        bytes calldata signingKey,
        bytes calldata exchangeKey
    ) external restricted {
        _requireUserDevice(userDevice, _counters.userDevices);
        bytes32 thumbprint = _putInForce(_userDeviceKeys[userDevice], signingKey, exchangeKey);

        emit UserDeviceKeysRotated(userDevice, thumbprint, signingKey, exchangeKey);
    }

    /// @inheritdoc IRegistration
    function rotateServiceKeys(
        ServiceId service,
        bytes calldata signingKey,
        bytes calldata exchangeKey
    ) external restricted {
        _requireService(service);
        bytes32 thumbprint = _putInForce(_serviceKeys[service], signingKey, exchangeKey);

        emit ServiceKeysRotated(service, thumbprint, signingKey, exchangeKey);
    }

    // ------------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IRegistration
    function deviceCount() external view returns (uint48) {
        return _counters.devices;
    }

    /// @inheritdoc IRegistration
    function userDeviceCount() external view returns (uint48) {
        return _counters.userDevices;
    }

    /// @inheritdoc IRegistration
    function userCount() external view returns (uint48) {
        return _counters.users;
    }

    /// @inheritdoc IRegistration
    function serviceCount() external view returns (uint48) {
        return _counters.services;
    }

    /// @inheritdoc IRegistration
    function deviceKeys(DeviceId device) external view returns (Key[] memory) {
        _requireDevice(device, _counters.devices);
        return _allKeys(_deviceKeys[device]);
    }

    /// @inheritdoc IRegistration
    function userDeviceKeys(UserDeviceId userDevice) external view returns (Key[] memory) {
        _requireUserDevice(userDevice, _counters.userDevices);
        return _allKeys(_userDeviceKeys[userDevice]);
    }

    /// @inheritdoc IRegistration
    function serviceKeys(ServiceId service) external view returns (Key[] memory) {
        _requireService(service);
        return _allKeys(_serviceKeys[service]);
    }

    /// @inheritdoc IRegistration
    function userNameCommitment(UserId user) external view returns (bytes32) {
        if (!_issued(UserId.unwrap(user), _counters.users)) revert Registration_UnknownUser(user);
        return _nameCommitments[user];
    }

    // --------------------------------------------------------------------------------------------------------- internals

    /// @dev `thumbprint` is that of the two keys.
    function _enrolDevice(
        bytes32 thumbprint,
        bytes calldata signingKey,
        bytes calldata exchangeKey
    ) internal returns (DeviceId device) {
        device = DeviceId.wrap(++_counters.devices);
        _putInForce(_deviceKeys[device], thumbprint, signingKey, exchangeKey);

        emit DeviceEnrolled(device, thumbprint, signingKey, exchangeKey);
    }

    /// @dev The thumbprint of two keys, if they are keys.
    function _thumbprint(bytes calldata signingKey, bytes calldata exchangeKey) internal pure returns (bytes32) {
        if (signingKey.length != SIGNING_KEY_LENGTH || exchangeKey.length != EXCHANGE_KEY_LENGTH) {
            revert Registration_MalformedKey(signingKey.length, exchangeKey.length);
        }
        return Preimage.keys(signingKey, exchangeKey);
    }

    function _requireDevice(DeviceId device, uint256 count) internal pure {
        if (!_issued(DeviceId.unwrap(device), count)) revert Registration_UnknownDevice(device);
    }

    function _requireUserDevice(UserDeviceId userDevice, uint256 count) internal pure {
        if (!_issued(UserDeviceId.unwrap(userDevice), count)) {
            revert Registration_UnknownUserDevice(userDevice);
        }
    }

    /// @dev Identifiers and numbers are issued from 1, without gaps.
    function _issued(uint256 identifier, uint256 count) internal pure returns (bool) {
        return identifier != 0 && identifier <= count;
    }

    /// @dev The thumbprint of the key in force when `registration` was made.
    function _thumbprintFor(KeyRing storage ring, RegistrationId registration) internal view returns (bytes32) {
        uint256 number = ring.count;
        while (ring.byNumber[number].registrationsBefore >= RegistrationId.unwrap(registration)) {
            --number;
        }
        return ring.byNumber[number].thumbprint;
    }

    function _requireService(ServiceId service) private view {
        if (!_issued(ServiceId.unwrap(service), _counters.services)) revert Registration_UnknownService(service);
    }

    function _putInForce(
        KeyRing storage ring,
        bytes calldata signingKey,
        bytes calldata exchangeKey
    ) private returns (bytes32 thumbprint) {
        thumbprint = _thumbprint(signingKey, exchangeKey);
        _putInForce(ring, thumbprint, signingKey, exchangeKey);
    }

    /// @dev Both keys are taken for good, and the next of this ring.
    function _putInForce(
        KeyRing storage ring,
        bytes32 thumbprint,
        bytes calldata signingKey,
        bytes calldata exchangeKey
    ) private {
        _take(keccak256(signingKey), thumbprint);
        _take(keccak256(exchangeKey), thumbprint);
        ring.byNumber[++ring.count] = DatedKey({
            thumbprint: thumbprint,
            since: uint40(block.timestamp),
            registrationsBefore: _counters.registrations
        });
    }

    function _take(bytes32 keyHash, bytes32 thumbprint) private {
        if (_takenKeys[keyHash]) revert Registration_KeyAlreadyEnrolled(thumbprint);
        _takenKeys[keyHash] = true;
    }

    function _allKeys(KeyRing storage ring) private view returns (Key[] memory keys) {
        keys = new Key[](ring.count);
        for (uint256 i = 0; i < keys.length; ++i) {
            DatedKey storage key = ring.byNumber[i + 1];
            keys[i] = Key({thumbprint: key.thumbprint, since: key.since});
        }
    }
}
