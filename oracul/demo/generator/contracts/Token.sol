// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// A plain ERC-20. Name and symbol come as raw bytes so that invalid UTF-8 can be deployed too.
contract Token {
    string public name;
    string public symbol;
    uint8 public immutable decimals;
    address public immutable minter;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    error NotMinter();
    error InsufficientBalance(uint256 has, uint256 needs);
    error InsufficientAllowance(uint256 has, uint256 needs);

    constructor(string memory name_, string memory symbol_, uint8 decimals_) {
        name = name_;
        symbol = symbol_;
        decimals = decimals_;
        minter = msg.sender;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed < value) revert InsufficientAllowance(allowed, value);
        if (allowed != type(uint256).max) allowance[from][msg.sender] = allowed - value;
        _move(from, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function mint(address[] calldata to, uint256 value) external {
        if (msg.sender != minter) revert NotMinter();
        for (uint256 i = 0; i < to.length; i++) {
            totalSupply += value;
            balanceOf[to[i]] += value;
            emit Transfer(address(0), to[i], value);
        }
    }

    function burn(uint256 value) external {
        _take(msg.sender, value);
        totalSupply -= value;
        emit Transfer(msg.sender, address(0), value);
    }

    function _take(address from, uint256 value) internal {
        uint256 has = balanceOf[from];
        if (has < value) revert InsufficientBalance(has, value);
        balanceOf[from] = has - value;
    }

    function _move(address from, address to, uint256 value) internal virtual {
        _take(from, value);
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}

/// Keeps one per cent of every transfer for its collector: one call, two Transfer logs.
contract FeeToken is Token {
    address public immutable collector;

    constructor(string memory name_, string memory symbol_, uint8 decimals_, address collector_)
        Token(name_, symbol_, decimals_)
    {
        collector = collector_;
    }

    function _move(address from, address to, uint256 value) internal override {
        _take(from, value);
        uint256 fee = value / 100;
        balanceOf[collector] += fee;
        balanceOf[to] += value - fee;
        emit Transfer(from, to, value - fee);
        emit Transfer(from, collector, fee);
    }
}
