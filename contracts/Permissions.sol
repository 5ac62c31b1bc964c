// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title The network's permissions: who has which role, and which role each function asks for
contract Permissions is AccessManager {
    constructor(address initialAdmin) AccessManager(initialAdmin) {}
}
