// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistration} from "./IRegistration.sol";

/// @title Who keeps the shares of divided key data
/// @notice The key that seals a registration's key data is divided among custodians. Each division of it is written here before the
/// registration is, for good: how many shares rebuild the key, who keeps each, and what it commits to. So a share that is missing or wrong
/// is known by its custodian. A key that is divided anew has a further division; its earlier ones stay readable.
/// @dev A division belongs to a registration commitment, and is numbered from 1; the last one is in use.
interface IKeyCustody {
    // ------------------------------------------------------------------------------------------------------------- types

    /// @notice One share: its index is its place, counted from 1.
    /// @param commitment H("share", registration commitment, division number, index, share).
    struct Share {
        IRegistration.ServiceId custodian;
        bytes32 commitment;
    }

    /// @notice One division of a key: any `threshold` of the shares rebuild it.
    struct Division {
        uint8 threshold;
        uint40 dividedAt;
        Share[] shares;
    }

    // ------------------------------------------------------------------------------------------------------------ events

    event Divided(bytes32 indexed commitment, uint16 indexed number);

    // ------------------------------------------------------------------------------------------------------------ errors

    error KeyCustody_EmptyCommitment();
    /// @notice Another division has this number already, or there are not so many: `next` is the next one's.
    error KeyCustody_NumberMismatch(bytes32 commitment, uint16 number, uint256 next);
    /// @notice A threshold is 1 to the number of shares, and that is at most 255.
    error KeyCustody_MalformedDivision(uint8 threshold, uint256 shareCount);
    error KeyCustody_RepeatedCustodian(IRegistration.ServiceId custodian);
    error KeyCustody_EmptyShareCommitment(IRegistration.ServiceId custodian);
    error KeyCustody_UnknownDivision(bytes32 commitment, uint16 number);

    // ----------------------------------------------------------------------------------------------------------- changes

    /// @notice Commits to the next division of a key, for good. The custodians are enrolled services, and no two the same.
    /// @param commitment The registration commitment of the key data.
    /// @param number The division's: every share's commitment is made with it, so nobody's division takes the place of another's.
    function divide(bytes32 commitment, uint16 number, uint8 threshold, Share[] calldata shares) external;

    // ------------------------------------------------------------------------------------------------------------- views

    /// @notice The contract that says which services are enrolled, fixed at deployment.
    function registration() external view returns (IRegistration);

    /// @notice How many divisions there are; none for a commitment that was never met.
    function divisionCount(bytes32 commitment) external view returns (uint256);

    function divisionByNumber(bytes32 commitment, uint16 number) external view returns (Division memory);
}
