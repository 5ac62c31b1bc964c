// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Enrolment} from "./Enrolment.sol";
import {IRegistration} from "./interfaces/IRegistration.sol";

/// @title Which factor hashes, in which order, make a registration hash
abstract contract CombinationMethod is Enrolment {
    uint256 private constant MOST_FACTORS = 3;

    mapping(MethodNumber => Factor[]) private _factors;
    mapping(bytes32 factorsHash => MethodNumber) private _numbers;

    // ----------------------------------------------------------------------------------------------------------- changes

    /// @inheritdoc IRegistration
    function defineMethod(Factor[] calldata factors) external restricted returns (MethodNumber method) {
        // Check: one to three different factors, in an order that has no number yet.
        if (factors.length == 0 || factors.length > MOST_FACTORS) revert Registration_MalformedMethod(factors.length);
        _requireDifferent(factors);
        bytes32 factorsHash = keccak256(abi.encode(factors));
        MethodNumber known = _numbers[factorsHash];
        if (MethodNumber.unwrap(known) != 0) revert Registration_MethodAlreadyDefined(known);

        // Effect: the next number stands for them.
        method = MethodNumber.wrap(++_counters.methods);
        _factors[method] = factors;
        _numbers[factorsHash] = method;

        emit MethodDefined(method, factors);
    }

    // ------------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IRegistration
    function methodCount() external view returns (uint16) {
        return _counters.methods;
    }

    /// @inheritdoc IRegistration
    function methodFactors(MethodNumber method) external view returns (Factor[] memory) {
        _requireMethod(method, _counters.methods);
        return _factors[method];
    }

    // --------------------------------------------------------------------------------------------------------- internals

    function _requireMethod(MethodNumber method, uint256 count) internal pure {
        if (!_issued(MethodNumber.unwrap(method), count)) revert Registration_UnknownMethod(method);
    }

    function _requireDifferent(Factor[] calldata factors) private pure {
        for (uint256 i = 1; i < factors.length; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                if (factors[i] == factors[j]) revert Registration_RepeatedFactor(factors[i]);
            }
        }
    }
}
