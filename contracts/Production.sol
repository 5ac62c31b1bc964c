// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Enrolment} from "./Enrolment.sol";
import {IRegistration} from "./interfaces/IRegistration.sol";
import {MerkleTree} from "./libraries/MerkleTree.sol";
import {Preimage} from "./libraries/Preimage.sol";

/// @title Which devices a manufacturer has made: production batches, and each device's enrolment from its place in one
abstract contract Production is Enrolment {
    uint256 private constant MOST_DEVICES = 1_000_000;

    Batch[] private _batches;
    mapping(address manufacturer => mapping(bytes32 root => BatchNumber)) private _batchNumbers;
    /// @dev Of a fixed length, so that five identifiers share a slot: most enrolments write to one that is in use already.
    mapping(BatchNumber => DeviceId[MOST_DEVICES]) private _enrolledDevices;

    // ----------------------------------------------------------------------------------------------------------- changes

    /// @inheritdoc IRegistration
    function anchorBatch(bytes32 root, uint32 size) external restricted returns (BatchNumber batch) {
        // Check: there are devices in it, and it is new.
        if (size == 0 || size > MOST_DEVICES) revert Registration_BatchSizeOutOfRange(size, MOST_DEVICES);
        if (root == 0) revert Registration_EmptyBatchRoot();
        BatchNumber known = _batchNumbers[msg.sender][root];
        if (BatchNumber.unwrap(known) != 0) revert Registration_BatchAlreadyAnchored(known);

        // Effect: the next number stands for it.
        _batches.push(Batch({root: root, size: size, manufacturer: msg.sender, anchoredAt: uint40(block.timestamp)}));
        batch = BatchNumber.wrap(uint32(_batches.length));
        _batchNumbers[msg.sender][root] = batch;

        emit BatchAnchored(batch, msg.sender, root, size);
    }

    /// @inheritdoc IRegistration
    function enrolFromBatch(
        Membership calldata membership,
        bytes32 description,
        bytes calldata signingKey,
        bytes calldata exchangeKey
    ) external restricted returns (DeviceId device) {
        // Check: the place is there and free, and it is this device's.
        DeviceId before = enrolledFromBatch(membership.batch, membership.index);
        if (DeviceId.unwrap(before) != 0) {
            revert Registration_AlreadyEnrolledFromBatch(membership.batch, membership.index, before);
        }
        bytes32 thumbprint = _thumbprint(signingKey, exchangeKey);
        _requireInBatch(membership, Preimage.batchDevice(description, thumbprint));

        // Effect: the device is enrolled, and the place taken.
        device = _enrolDevice(thumbprint, signingKey, exchangeKey);
        _enrolledDevices[membership.batch][membership.index] = device;

        emit DeviceEnrolledFromBatch(device, membership.batch, membership.index);
    }

    // ------------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IRegistration
    function batchCount() external view returns (uint32) {
        return uint32(_batches.length);
    }

    /// @inheritdoc IRegistration
    function batchById(BatchNumber batch) external view returns (Batch memory) {
        return _batch(batch);
    }

    /// @inheritdoc IRegistration
    function enrolledFromBatch(BatchNumber batch, uint32 index) public view returns (DeviceId) {
        uint32 size = _batch(batch).size;
        if (index >= size) revert Registration_PlaceOutOfRange(batch, index, size);
        return _enrolledDevices[batch][index];
    }

    // --------------------------------------------------------------------------------------------------------- internals

    function _requireInBatch(Membership calldata membership, bytes32 leafHash) private view {
        Batch storage batch = _batch(membership.batch);
        (uint256 index, uint256 size) = (membership.index, batch.size);
        if (
            membership.path.length != MerkleTree.proofLength(index, size) ||
            MerkleTree.rootFrom(leafHash, index, size, membership.path) != batch.root
        ) {
            revert Registration_NotInBatch(membership.batch, membership.index);
        }
    }

    function _batch(BatchNumber batch) private view returns (Batch storage) {
        if (!_issued(BatchNumber.unwrap(batch), _batches.length)) revert Registration_UnknownBatch(batch);
        return _batches[BatchNumber.unwrap(batch) - 1];
    }
}
