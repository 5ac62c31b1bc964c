// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Preimage} from "../../../contracts/libraries/Preimage.sol";

/// @title The Preimage library, function by function, for the tests
contract PreimageHarness {
    function digest(string calldata name, bytes[] calldata fields) external pure returns (bytes32) {
        return Preimage.digest(name, fields);
    }

    function keys(bytes calldata signingKey, bytes calldata exchangeKey) external pure returns (bytes32) {
        return Preimage.keys(signingKey, exchangeKey);
    }

    function batchDevice(bytes32 description, bytes32 thumbprint) external pure returns (bytes32) {
        return Preimage.batchDevice(description, thumbprint);
    }

    function commitment(bytes32 registrationHash) external pure returns (bytes32) {
        return Preimage.commitment(registrationHash);
    }

    function userName(bytes calldata salt, bytes calldata name) external pure returns (bytes32) {
        return Preimage.userName(salt, name);
    }

    function versionCommitment(bytes32 verId) external pure returns (bytes32) {
        return Preimage.versionCommitment(verId);
    }

    function packageId(bytes32 verId, bytes32 uptId) external pure returns (bytes32) {
        return Preimage.packageId(verId, uptId);
    }

    function package(bytes32 pkgId, bytes calldata data) external pure returns (bytes32) {
        return Preimage.package(pkgId, data);
    }
}
