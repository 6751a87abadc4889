// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

interface IPayable {
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// Announces transfers of sums that nobody has, from senders that never signed.
contract SpamToken {
    string public name;
    string public symbol;
    uint8 public constant decimals = 18;
    uint256 public constant totalSupply = 10 ** 36;

    event Transfer(address indexed from, address indexed to, uint256 value);

    constructor(string memory name_, string memory symbol_) {
        name = name_;
        symbol = symbol_;
    }

    function airdrop(address pretendedSender, address[] calldata to, uint256 value) external {
        for (uint256 i = 0; i < to.length; i++) emit Transfer(pretendedSender, to[i], value);
    }
}

/// Address poisoning: a transfer of nothing from a victim to a look-alike of a known receiver.
contract Poisoner {
    function poison(address token, address victim, address lookalike) external {
        IPayable(token).transferFrom(victim, lookalike, 0);
    }
}

/// Emits logs that carry the Transfer topic in shapes no standard knows.
contract OddLogs {
    bytes32 private constant TOPIC = keccak256("Transfer(address,address,uint256)");

    function emitAll(address from, address to, uint256 value) external {
        bytes32 a = bytes32(uint256(uint160(from)));
        bytes32 b = bytes32(uint256(uint160(to)));
        bytes32 dirty = bytes32(uint256(uint160(to)) | (uint256(0xdead) << 200));
        bytes32 topic = TOPIC;
        assembly {
            mstore(0, value)
            mstore(32, value)
            log3(0, 0, topic, a, b)
            log3(0, 64, topic, a, b)
            log3(0, 32, topic, a, dirty)
            log2(0, 64, topic, a)
            log4(0, 32, topic, a, b, value)
        }
    }
}

/// Announces one transfer and is gone in the same transaction: a token without code.
contract Ghost {
    event Transfer(address indexed from, address indexed to, uint256 value);

    constructor(address to, uint256 value) {
        emit Transfer(address(0), to, value);
        selfdestruct(payable(msg.sender));
    }
}

/// The code that an account takes over with a type-4 transaction.
contract Wallet {
    event Executed(address indexed by);

    function execute() external {
        emit Executed(msg.sender);
    }

    receive() external payable {}
}
