// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title How a list is read page by page
library Page {
    /// @notice How many of `count` items there are from `offset` on, at most `limit`; none past the end.
    function length(uint256 offset, uint256 limit, uint256 count) internal pure returns (uint256) {
        if (offset >= count) return 0;
        uint256 rest = count - offset;
        return limit < rest ? limit : rest;
    }
}
