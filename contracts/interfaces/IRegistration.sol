// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who is enrolled, and which user device may be certified for which IoT device
/// @notice Issues the network's identifiers, keeps every key an identifier has ever had, the combination methods, the production
/// batches that devices enrol from, and one registration after another for each pair of user device and IoT device. Nothing that was
/// written can be changed or removed; only a registration's status moves, and each move is kept.
/// @dev Every identifier is issued here, one after another from 1, and never reused; 0 stands for none.
interface IRegistration {
    // ------------------------------------------------------------------------------------------------------------- types

    type DeviceId is uint48;
    type UserDeviceId is uint48;
    type UserId is uint48;
    type ServiceId is uint48;
    type RegistrationId is uint48;
    type MethodNumber is uint16;
    type BatchNumber is uint32;

    /// @notice The factor hashes: first of the user device, second of the user, third of the IoT device.
    enum Factor {
        First,
        Second,
        Third
    }

    /// @notice What a successful attack on the IoT device could cost.
    enum RiskLevel {
        Low,
        Medium,
        High,
        Critical
    }

    /// @notice Active ⇄ Suspended; either becomes Superseded or Revoked, and both of those are final.
    enum Status {
        Active,
        Suspended,
        Superseded,
        Revoked
    }

    /// @notice Keys that an identifier has had; the last of them are in force.
    /// @param thumbprint H("keys", signing key, exchange key).
    /// @param since When it came into force, in seconds since the epoch.
    struct Key {
        bytes32 thumbprint;
        uint40 since;
    }

    /// @notice What is asked for one new registration.
    /// @param commitment H("commitment", R); R itself never reaches the chain.
    struct Request {
        UserDeviceId userDevice;
        DeviceId device;
        MethodNumber method;
        RiskLevel risk;
        bytes32 commitment;
    }

    /// @notice One registration, whole.
    /// @param version 1 for a pair's first registration, then one more each time.
    /// @param keyThumbprint The user device's keys when it was registered.
    /// @param previous The pair's registration before this one, or 0.
    struct Record {
        RegistrationId id;
        UserDeviceId userDevice;
        DeviceId device;
        MethodNumber method;
        uint16 version;
        RiskLevel risk;
        Status status;
        uint40 registeredAt;
        bytes32 keyThumbprint;
        bytes32 commitment;
        RegistrationId previous;
    }

    /// @notice One move of a registration's status after it was registered.
    struct StatusChange {
        Status status;
        uint40 changedAt;
        address changedBy;
    }

    /// @notice The devices that a manufacturer has made, as a Merkle tree (RFC 9162, section 2.1.1) with a leaf for each: the preimage
    /// "batch-device" of its description's digest and its keys' thumbprint.
    /// @param size How many devices: 1 to 1,000,000.
    struct Batch {
        bytes32 root;
        uint32 size;
        address manufacturer;
        uint40 anchoredAt;
    }

    /// @notice A device's place in a production batch, from 0, and its inclusion path to the batch's root (RFC 9162, section 2.1.3).
    struct Membership {
        BatchNumber batch;
        uint32 index;
        bytes32[] path;
    }

    // ------------------------------------------------------------------------------------------------------------ events

    event DeviceEnrolled(DeviceId indexed device, bytes32 indexed thumbprint, bytes signingKey, bytes exchangeKey);
    event UserDeviceEnrolled(UserDeviceId indexed userDevice, bytes32 indexed thumbprint, bytes signingKey, bytes exchangeKey);
    event ServiceEnrolled(ServiceId indexed service, bytes32 indexed thumbprint, bytes signingKey, bytes exchangeKey);
    event DeviceKeysRotated(DeviceId indexed device, bytes32 indexed thumbprint, bytes signingKey, bytes exchangeKey);
    event UserDeviceKeysRotated(
        UserDeviceId indexed userDevice,
        bytes32 indexed thumbprint,
        bytes signingKey,
        bytes exchangeKey
    );
    event ServiceKeysRotated(ServiceId indexed service, bytes32 indexed thumbprint, bytes signingKey, bytes exchangeKey);
    event UserEnrolled(UserId indexed user, bytes32 indexed nameCommitment);
    event MethodDefined(MethodNumber indexed method, Factor[] factors);
    event Registered(RegistrationId indexed registration, UserDeviceId indexed userDevice, DeviceId indexed device);
    event StatusChanged(RegistrationId indexed registration, Status status);
    event BatchAnchored(BatchNumber indexed batch, address indexed manufacturer, bytes32 root, uint32 size);
    /// @notice Beside DeviceEnrolled, which has the keys.
    event DeviceEnrolledFromBatch(DeviceId indexed device, BatchNumber indexed batch, uint32 index);

    // ------------------------------------------------------------------------------------------------------------ errors

    error Registration_UnknownDevice(DeviceId device);
    error Registration_UnknownUserDevice(UserDeviceId userDevice);
    error Registration_UnknownUser(UserId user);
    error Registration_UnknownService(ServiceId service);
    error Registration_UnknownMethod(MethodNumber method);
    error Registration_UnknownRegistration(RegistrationId registration);
    /// @notice A signing key is 32 bytes (Ed25519, RFC 8032); an exchange key is 33 (P-256, SEC 1 compressed).
    error Registration_MalformedKey(uint256 signingKeyLength, uint256 exchangeKeyLength);
    /// @notice One of the two keys was in force before, for anyone: a key is enrolled once, and never comes back.
    /// @param thumbprint That of the two keys offered.
    error Registration_KeyAlreadyEnrolled(bytes32 thumbprint);
    error Registration_EmptyNameCommitment();
    error Registration_NameCommitmentAlreadyEnrolled(bytes32 nameCommitment);
    /// @notice A combination method is one to three different factors.
    error Registration_MalformedMethod(uint256 factorCount);
    error Registration_RepeatedFactor(Factor factor);
    error Registration_MethodAlreadyDefined(MethodNumber method);
    error Registration_EmptyCommitment();
    /// @notice The pair has a registration that is neither superseded nor revoked: supersede that one.
    error Registration_AlreadyRegistered(UserDeviceId userDevice, DeviceId device, RegistrationId current);
    /// @notice A registration that was suspended, and not reinstated, is followed only by one under keys other than those it
    /// was suspended with: whether it was superseded, or revoked and the pair registered anew.
    error Registration_FreshKeyRequired(RegistrationId registration, bytes32 thumbprint);
    error Registration_EmptyBatch();
    /// @notice A commitment stands for one salt: a pair's new registration has another one than `registration`, its previous.
    error Registration_CommitmentReused(RegistrationId registration, bytes32 commitment);
    error Registration_ForbiddenTransition(RegistrationId registration, Status from, Status to);
    error Registration_NothingToSuspend();
    error Registration_UnknownBatch(BatchNumber batch);
    error Registration_BatchSizeOutOfRange(uint32 size, uint256 most);
    error Registration_EmptyBatchRoot();
    /// @notice The caller has anchored this root before, as `batch`.
    error Registration_BatchAlreadyAnchored(BatchNumber batch);
    error Registration_PlaceOutOfRange(BatchNumber batch, uint32 index, uint32 size);
    error Registration_AlreadyEnrolledFromBatch(BatchNumber batch, uint32 index, DeviceId device);
    /// @notice Description, keys and path do not lead from this place to the batch's root.
    error Registration_NotInBatch(BatchNumber batch, uint32 index);

    // ----------------------------------------------------------------------------------------------------------- changes

    /// @notice Issues an identifier to an IoT device and keeps the thumbprint of its keys.
    /// @param signingKey Ed25519 public key, 32 bytes.
    /// @param exchangeKey P-256 public key for key exchange, SEC 1 compressed, 33 bytes.
    function enrolDevice(bytes calldata signingKey, bytes calldata exchangeKey) external returns (DeviceId device);

    /// @notice The same for a user device.
    function enrolUserDevice(
        bytes calldata signingKey,
        bytes calldata exchangeKey
    ) external returns (UserDeviceId userDevice);

    /// @notice The same for a service: a certification server, an authority, a custodian.
    function enrolService(bytes calldata signingKey, bytes calldata exchangeKey) external returns (ServiceId service);

    /// @notice Issues an identifier to a user, who stays unnamed.
    /// @param nameCommitment H("user-name", salt, name): only who holds salt and name can tell whose it is.
    function enrolUser(bytes32 nameCommitment) external returns (UserId user);

    /// @notice Puts new keys, both of them, in force for an IoT device. The old ones stay readable.
    function rotateDeviceKeys(DeviceId device, bytes calldata signingKey, bytes calldata exchangeKey) external;

    /// @notice Puts new keys in force for a user device. Its registrations keep the keys they were made with.
    function rotateUserDeviceKeys(UserDeviceId userDevice, bytes calldata signingKey, bytes calldata exchangeKey) external;

    /// @notice Puts new keys in force for a service.
    function rotateServiceKeys(ServiceId service, bytes calldata signingKey, bytes calldata exchangeKey) external;

    /// @notice Defines the next combination method, for good.
    function defineMethod(Factor[] calldata factors) external returns (MethodNumber method);

    /// @notice Registers a pair that has no live registration, under the user device's keys now in force.
    function register(Request calldata request) external returns (RegistrationId registration);

    /// @notice Registers several pairs, all or none. The identifiers follow one another from `first`.
    function registerBatch(Request[] calldata requests) external returns (RegistrationId first);

    /// @notice Registers the pair of `current` anew and marks `current` superseded.
    function supersede(
        RegistrationId current,
        MethodNumber method,
        RiskLevel risk,
        bytes32 commitment
    ) external returns (RegistrationId registration);

    /// @notice Active → Suspended, as when a key is lost.
    function suspend(RegistrationId registration) external;

    /// @notice The same for several registrations, all or none.
    function suspendBatch(RegistrationId[] calldata lost) external;

    /// @notice Suspended → Active, as when it is found again.
    function reinstate(RegistrationId registration) external;

    /// @notice Active or Suspended → Revoked, for good. Keys that were lost stay lost: see Registration_FreshKeyRequired.
    function revoke(RegistrationId registration) external;

    /// @notice Anchors the root over the devices that the caller, their manufacturer, has made, for good.
    /// @dev A root does not commit to its size: with a wrong one, no device of the batch can enrol.
    function anchorBatch(bytes32 root, uint32 size) external returns (BatchNumber batch);

    /// @notice Enrols a device by its place in a production batch, once for each place.
    /// @param description The digest of what the device says of itself.
    function enrolFromBatch(
        Membership calldata membership,
        bytes32 description,
        bytes calldata signingKey,
        bytes calldata exchangeKey
    ) external returns (DeviceId device);

    // ------------------------------------------------------------------------------------------------------------- views

    function deviceCount() external view returns (uint48);
    function userDeviceCount() external view returns (uint48);
    function userCount() external view returns (uint48);
    function serviceCount() external view returns (uint48);
    function methodCount() external view returns (uint16);
    function registrationCount() external view returns (uint48);

    /// @notice All keys a device has had, oldest first.
    function deviceKeys(DeviceId device) external view returns (Key[] memory);
    function userDeviceKeys(UserDeviceId userDevice) external view returns (Key[] memory);
    function serviceKeys(ServiceId service) external view returns (Key[] memory);
    function userNameCommitment(UserId user) external view returns (bytes32);
    function batchCount() external view returns (uint32);
    function batchById(BatchNumber batch) external view returns (Batch memory);

    /// @notice The device that was enrolled from this place of a batch, or 0.
    function enrolledFromBatch(BatchNumber batch, uint32 index) external view returns (DeviceId);
    function methodFactors(MethodNumber method) external view returns (Factor[] memory);

    function registrationById(RegistrationId id) external view returns (Record memory);

    /// @notice The pair's last registration, or 0. The ones before it follow by `previous`.
    function latestRegistration(UserDeviceId userDevice, DeviceId device) external view returns (RegistrationId);

    /// @notice Registrations `first`, `first + 1`, …: at most `limit`, fewer or none past the end.
    /// @param first From 1.
    function registrations(RegistrationId first, uint256 limit) external view returns (Record[] memory);

    function statusChangeCount(RegistrationId registration) external view returns (uint256);

    /// @notice The moves of a registration's status from the `offset`-th (from 0): at most `limit`, fewer or none past the end.
    function statusChanges(
        RegistrationId registration,
        uint256 offset,
        uint256 limit
    ) external view returns (StatusChange[] memory);
}
