// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Permissioned} from "./Permissioned.sol";
import {IKeyCustody} from "./interfaces/IKeyCustody.sol";
import {IRegistration} from "./interfaces/IRegistration.sol";

/// @title Who keeps the shares of divided key data
contract KeyCustody is IKeyCustody, Permissioned {
    uint256 private constant MOST_SHARES = 255;

    /// @dev One slot, one for every five custodians, and one for each commitment: lists of a fixed length need none for theirs.
    struct Stored {
        uint8 threshold;
        uint8 shareCount;
        uint40 dividedAt;
        IRegistration.ServiceId[MOST_SHARES] custodians;
        bytes32[MOST_SHARES] commitments;
    }

    /// @inheritdoc IKeyCustody
    IRegistration public immutable override registration;

    mapping(bytes32 commitment => Stored[]) private _divisions;

    constructor(address authority, IRegistration registration_) Permissioned(authority) {
        registration = registration_;
    }

    // ----------------------------------------------------------------------------------------------------------- changes

    /// @inheritdoc IKeyCustody
    function divide(bytes32 commitment, uint16 number, uint8 threshold, Share[] calldata shares) external restricted {
        // Check: it is the next division, and one that rebuilds the key.
        if (commitment == 0) revert KeyCustody_EmptyCommitment();
        uint256 next = _divisions[commitment].length + 1;
        if (number != next) revert KeyCustody_NumberMismatch(commitment, number, next);
        if (threshold == 0 || threshold > shares.length || shares.length > MOST_SHARES) {
            revert KeyCustody_MalformedDivision(threshold, shares.length);
        }
        _requireShares(shares);

        // Effect: it stands behind those before it.
        _write(_divisions[commitment].push(), threshold, shares);

        emit Divided(commitment, number);
    }

    // ------------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IKeyCustody
    function divisionCount(bytes32 commitment) external view returns (uint256) {
        return _divisions[commitment].length;
    }

    /// @inheritdoc IKeyCustody
    function divisionByNumber(bytes32 commitment, uint16 number) external view returns (Division memory) {
        Stored[] storage divisions = _divisions[commitment];
        if (number == 0 || number > divisions.length) revert KeyCustody_UnknownDivision(commitment, number);

        Stored storage stored = divisions[number - 1];
        Share[] memory shares = new Share[](stored.shareCount);
        for (uint256 i = 0; i < shares.length; ++i) {
            shares[i] = Share({custodian: stored.custodians[i], commitment: stored.commitments[i]});
        }
        return Division({threshold: stored.threshold, dividedAt: stored.dividedAt, shares: shares});
    }

    // --------------------------------------------------------------------------------------------------------- internals

    function _write(Stored storage stored, uint8 threshold, Share[] calldata shares) private {
        stored.threshold = threshold;
        stored.shareCount = uint8(shares.length);
        stored.dividedAt = uint40(block.timestamp);
        for (uint256 i = 0; i < shares.length; ++i) {
            stored.custodians[i] = shares[i].custodian;
            stored.commitments[i] = shares[i].commitment;
        }
    }

    function _requireShares(Share[] calldata shares) private view {
        uint256 services = registration.serviceCount();
        for (uint256 i = 0; i < shares.length; ++i) {
            IRegistration.ServiceId custodian = shares[i].custodian;
            uint256 identifier = IRegistration.ServiceId.unwrap(custodian);
            if (identifier == 0 || identifier > services) revert IRegistration.Registration_UnknownService(custodian);
            _requireNotBefore(shares, i);
            if (shares[i].commitment == 0) revert KeyCustody_EmptyShareCommitment(custodian);
        }
    }

    function _requireNotBefore(Share[] calldata shares, uint256 place) private pure {
        IRegistration.ServiceId custodian = shares[place].custodian;
        for (uint256 i = 0; i < place; ++i) {
            if (IRegistration.ServiceId.unwrap(shares[i].custodian) == IRegistration.ServiceId.unwrap(custodian)) {
                revert KeyCustody_RepeatedCustodian(custodian);
            }
        }
    }
}
