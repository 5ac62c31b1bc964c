// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CombinationMethod} from "./CombinationMethod.sol";
import {Permissioned} from "./Permissioned.sol";
import {Production} from "./Production.sol";
import {IRegistration} from "./interfaces/IRegistration.sol";
import {Page} from "./libraries/Page.sol";

/// @title Which user device may be certified for which IoT device
contract Registration is CombinationMethod, Production {
    /// @dev Two slots: everything but the commitment shares the first. `risk` is a RiskLevel, unchecked once it was written.
    /// `keyAtSuspension` is the number of the user device's key in force when suspended: the one that may be lost. It
    /// outlasts revocation, and is 0 for a registration that was never suspended or was reinstated since.
    struct Entry {
        UserDeviceId userDevice;
        DeviceId device;
        RegistrationId previous;
        MethodNumber method;
        uint16 version;
        uint40 registeredAt;
        uint16 keyAtSuspension;
        uint8 risk;
        Status status;
        bytes32 commitment;
    }

    mapping(RegistrationId => Entry) private _entries;
    mapping(RegistrationId => StatusChange[]) private _statusChanges;
    /// @dev A whole word for an identifier, so that it is written without being read again.
    mapping(uint256 pair => uint256 registration) private _latest;

    constructor(address authority) Permissioned(authority) {}

    // ----------------------------------------------------------------------------------------------------------- changes

    /// @inheritdoc IRegistration
    function register(Request calldata request) external restricted returns (RegistrationId registration) {
        return _register(request);
    }

    /// @inheritdoc IRegistration
    function registerBatch(Request[] calldata requests) external restricted returns (RegistrationId first) {
        if (requests.length == 0) revert Registration_EmptyBatch();

        first = _register(requests[0]);
        for (uint256 i = 1; i < requests.length; ++i) {
            _register(requests[i]);
        }
    }

    /// @inheritdoc IRegistration
    function supersede(
        RegistrationId current,
        MethodNumber method,
        RiskLevel risk,
        bytes32 commitment
    ) external restricted returns (RegistrationId registration) {
        Entry storage entry = _entry(current);
        _changeStatus(current, Status.Superseded);

        _requireMethod(method, _counters.methods);
        return _write(Request(entry.userDevice, entry.device, method, risk, commitment), current);
    }

    /// @inheritdoc IRegistration
    function suspend(RegistrationId registration) external restricted {
        _suspend(registration);
    }

    /// @inheritdoc IRegistration
    function suspendBatch(RegistrationId[] calldata lost) external restricted {
        if (lost.length == 0) revert Registration_NothingToSuspend();

        for (uint256 i = 0; i < lost.length; ++i) {
            _suspend(lost[i]);
        }
    }

    /// @inheritdoc IRegistration
    function reinstate(RegistrationId registration) external restricted {
        _changeStatus(registration, Status.Active);
        _entries[registration].keyAtSuspension = 0;
    }

    /// @inheritdoc IRegistration
    function revoke(RegistrationId registration) external restricted {
        _changeStatus(registration, Status.Revoked);
    }

    // ------------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IRegistration
    function registrationCount() external view returns (uint48) {
        return _counters.registrations;
    }

    /// @inheritdoc IRegistration
    function registrationById(RegistrationId id) external view returns (Record memory) {
        return _record(id, _entry(id));
    }

    /// @inheritdoc IRegistration
    function latestRegistration(UserDeviceId userDevice, DeviceId device) public view returns (RegistrationId) {
        return RegistrationId.wrap(uint48(_latest[_pair(userDevice, device)]));
    }

    /// @inheritdoc IRegistration
    function registrations(RegistrationId first, uint256 limit) external view returns (Record[] memory page) {
        uint256 start = RegistrationId.unwrap(first);
        if (start == 0) revert Registration_UnknownRegistration(first);

        page = new Record[](Page.length(start - 1, limit, _counters.registrations));
        for (uint256 i = 0; i < page.length; ++i) {
            RegistrationId id = RegistrationId.wrap(uint48(start + i));
            page[i] = _record(id, _entries[id]);
        }
    }

    /// @inheritdoc IRegistration
    function statusChangeCount(RegistrationId registration) external view returns (uint256) {
        return _changes(registration).length;
    }

    /// @inheritdoc IRegistration
    function statusChanges(
        RegistrationId registration,
        uint256 offset,
        uint256 limit
    ) external view returns (StatusChange[] memory page) {
        StatusChange[] storage changes = _changes(registration);
        page = new StatusChange[](Page.length(offset, limit, changes.length));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = changes[offset + i];
        }
    }

    // --------------------------------------------------------------------------------------------------------- internals

    function _register(Request memory request) private returns (RegistrationId) {
        // Read together, the counts cost one load.
        uint256 userDevices = _counters.userDevices;
        uint256 devices = _counters.devices;
        uint256 methods = _counters.methods;
        _requireUserDevice(request.userDevice, userDevices);
        _requireDevice(request.device, devices);
        _requireMethod(request.method, methods);

        return _write(request, latestRegistration(request.userDevice, request.device));
    }

    /// @dev Writes the pair's next registration after `previous`, which is final by now, or none.
    function _write(Request memory request, RegistrationId previous) private returns (RegistrationId registration) {
        if (request.commitment == 0) revert Registration_EmptyCommitment();

        registration = RegistrationId.wrap(++_counters.registrations);
        uint16 version = _nextVersion(request, previous);
        Entry storage entry = _entries[registration];
        // Field by field, the one that is converted first: so the slot that they share is written once.
        entry.risk = uint8(request.risk);
        entry.userDevice = request.userDevice;
        entry.device = request.device;
        entry.previous = previous;
        entry.method = request.method;
        entry.version = version;
        entry.registeredAt = uint40(block.timestamp);
        entry.commitment = request.commitment;
        _latest[_pair(request.userDevice, request.device)] = RegistrationId.unwrap(registration);

        emit Registered(registration, request.userDevice, request.device);
    }

    function _suspend(RegistrationId registration) private {
        _changeStatus(registration, Status.Suspended);
        Entry storage entry = _entries[registration];
        entry.keyAtSuspension = _userDeviceKeys[entry.userDevice].count;
    }

    function _changeStatus(RegistrationId registration, Status to) private {
        Entry storage entry = _entry(registration);
        Status from = entry.status;
        if (!_allowed(from, to)) revert Registration_ForbiddenTransition(registration, from, to);

        entry.status = to;
        _statusChanges[registration].push(StatusChange(to, uint40(block.timestamp), msg.sender));

        emit StatusChanged(registration, to);
    }

    /// @dev Active ⇄ Suspended, and from either to the two that are final.
    function _allowed(Status from, Status to) private pure returns (bool) {
        return from != to && _live(from);
    }

    function _live(Status status) private pure returns (bool) {
        return status == Status.Active || status == Status.Suspended;
    }

    function _nextVersion(Request memory request, RegistrationId previous) private view returns (uint16) {
        if (RegistrationId.unwrap(previous) == 0) return 1;

        Entry storage entry = _entries[previous];
        if (_live(entry.status)) {
            revert Registration_AlreadyRegistered(request.userDevice, request.device, previous);
        }
        // Check: who may have lost the key does not come back with it, superseded or revoked meanwhile.
        if (entry.keyAtSuspension != 0) _requireFreshKey(previous, entry);
        if (entry.commitment == request.commitment) {
            revert Registration_CommitmentReused(previous, request.commitment);
        }
        return entry.version + 1;
    }

    function _requireFreshKey(RegistrationId previous, Entry storage entry) private view {
        KeyRing storage ring = _userDeviceKeys[entry.userDevice];
        if (ring.count == entry.keyAtSuspension) {
            revert Registration_FreshKeyRequired(previous, ring.byNumber[ring.count].thumbprint);
        }
    }

    function _entry(RegistrationId registration) private view returns (Entry storage) {
        if (!_issued(RegistrationId.unwrap(registration), _counters.registrations)) {
            revert Registration_UnknownRegistration(registration);
        }
        return _entries[registration];
    }

    function _changes(RegistrationId registration) private view returns (StatusChange[] storage) {
        _entry(registration);
        return _statusChanges[registration];
    }

    function _record(RegistrationId id, Entry storage entry) private view returns (Record memory) {
        return
            Record({
                id: id,
                userDevice: entry.userDevice,
                device: entry.device,
                method: entry.method,
                version: entry.version,
                risk: RiskLevel(entry.risk),
                status: entry.status,
                registeredAt: entry.registeredAt,
                keyThumbprint: _thumbprintFor(_userDeviceKeys[entry.userDevice], id),
                commitment: entry.commitment,
                previous: entry.previous
            });
    }

    /// @dev The user device in the upper, the IoT device in the lower 48 bits.
    function _pair(UserDeviceId userDevice, DeviceId device) private pure returns (uint256) {
        return (uint256(UserDeviceId.unwrap(userDevice)) << 48) | DeviceId.unwrap(device);
    }
}
