// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Balances and the Transfer log shared by the tokens that answer metadata calls in unusual ways.
abstract contract Ledger {
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    address private immutable minter = msg.sender;

    event Transfer(address indexed from, address indexed to, uint256 value);

    function mint(address[] calldata to, uint256 value) external {
        require(msg.sender == minter, "not minter");
        for (uint256 i = 0; i < to.length; i++) {
            totalSupply += value;
            balanceOf[to[i]] += value;
            _announce(address(0), to[i], value);
        }
    }

    function transfer(address to, uint256 value) external returns (bool) {
        require(balanceOf[msg.sender] >= value, "balance");
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        _announce(msg.sender, to, value);
        return true;
    }

    function _announce(address from, address to, uint256 value) internal virtual {
        emit Transfer(from, to, value);
    }
}

/// Name and symbol as bytes32, as the first tokens had them.
contract Bytes32Token is Ledger {
    bytes32 public immutable name;
    bytes32 public immutable symbol;
    uint8 public constant decimals = 18;

    constructor(bytes32 name_, bytes32 symbol_) {
        name = name_;
        symbol = symbol_;
    }
}

/// Getters in upper case only; the usual ones revert.
contract UpperCaseToken is Ledger {
    string public constant NAME = "Oldstyle Coin";
    string public constant SYMBOL = "OLD";
    uint8 public constant DECIMALS = 8;
}

/// No decimals getter at all: the call reverts and nobody may guess eighteen.
contract NoDecimalsToken is Ledger {
    string public constant name = "Points Without Scale";
    string public constant symbol = "PTS";
}

/// Announces transfers without indexing: one topic, 96 bytes of data.
contract UnindexedToken is Ledger {
    string public constant name = "Flat Log Coin";
    string public constant symbol = "FLAT";
    uint8 public constant decimals = 18;

    function _announce(address from, address to, uint256 value) internal override {
        bytes32 topic = Transfer.selector;
        bytes memory data = abi.encode(from, to, value);
        assembly {
            log1(add(data, 32), mload(data), topic)
        }
    }
}
