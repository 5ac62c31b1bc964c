// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The preimages of every digest on the network
/// @notice H is SHA-256 over a domain tag and the fields, each behind its length in four bytes, so that no two lists of fields
/// share a preimage: `len ‖ "certchain/<name>/v1" ‖ len ‖ field ‖ …`. Lengths and numbers are big-endian.
/// @dev Twin of `certchain.encoding`; `tests/vectors/` pins both.
library Preimage {
    /// @notice H(name, fields…).
    function digest(string memory name, bytes[] memory fields) internal pure returns (bytes32) {
        return sha256(_framed(name, fields));
    }

    /// @notice The thumbprint of a signing key and an exchange key together.
    function keys(bytes memory signingKey, bytes memory exchangeKey) internal pure returns (bytes32) {
        return digest("keys", _pair(signingKey, exchangeKey));
    }

    /// @notice The leaf hash of a device in its production batch (RFC 9162, section 2.1.1): SHA-256 of the byte 0 and the preimage.
    function batchDevice(bytes32 description, bytes32 thumbprint) internal pure returns (bytes32) {
        bytes[] memory fields = _pair(abi.encode(description), abi.encode(thumbprint));
        return sha256(bytes.concat(bytes1(0), _framed("batch-device", fields)));
    }

    /// @notice What a registration shows of its registration hash R.
    function commitment(bytes32 registrationHash) internal pure returns (bytes32) {
        return digest("commitment", _single(abi.encode(registrationHash)));
    }

    /// @notice What the chain shows of a user's name.
    function userName(bytes memory salt, bytes memory name) internal pure returns (bytes32) {
        return digest("user-name", _pair(salt, name));
    }

    /// @notice What the authority shows of a VerID before it gives it away.
    function versionCommitment(bytes32 verId) internal pure returns (bytes32) {
        return digest("version-commitment", _single(abi.encode(verId)));
    }

    /// @notice PkgID.
    function packageId(bytes32 verId, bytes32 uptId) internal pure returns (bytes32) {
        return digest("package-id", _pair(abi.encode(verId), abi.encode(uptId)));
    }

    /// @notice The package digest: the data comes last, behind its length in eight bytes, so that a file is hashed in one pass.
    function package(bytes32 pkgId, bytes memory data) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(_framed("package", _single(abi.encode(pkgId))), uint64(data.length), data));
    }

    function _framed(string memory name, bytes[] memory fields) private pure returns (bytes memory preimage) {
        preimage = _frame(abi.encodePacked("certchain/", name, "/v1"));
        for (uint256 i = 0; i < fields.length; ++i) {
            preimage = bytes.concat(preimage, _frame(fields[i]));
        }
    }

    function _frame(bytes memory field) private pure returns (bytes memory) {
        return abi.encodePacked(uint32(field.length), field);
    }

    function _single(bytes memory field) private pure returns (bytes[] memory fields) {
        fields = new bytes[](1);
        fields[0] = field;
    }

    function _pair(bytes memory first, bytes memory second) private pure returns (bytes[] memory fields) {
        fields = new bytes[](2);
        fields[0] = first;
        fields[1] = second;
    }
}
