// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

interface IERC20 {
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// A constant-product pair with the logs of the best-known pair contract and a 0.3 % fee.
contract Pair {
    address public immutable token0;
    address public immutable token1;
    uint112 public reserve0;
    uint112 public reserve1;

    event Sync(uint112 reserve0, uint112 reserve1);
    event Mint(address indexed sender, uint256 amount0, uint256 amount1);
    event Swap(
        address indexed sender,
        uint256 amount0In,
        uint256 amount1In,
        uint256 amount0Out,
        uint256 amount1Out,
        address indexed to
    );

    constructor(address token0_, address token1_) {
        token0 = token0_;
        token1 = token1_;
    }

    function deposit(uint256 amount0, uint256 amount1) external {
        IERC20(token0).transferFrom(msg.sender, address(this), amount0);
        IERC20(token1).transferFrom(msg.sender, address(this), amount1);
        _sync(reserve0 + amount0, reserve1 + amount1);
        emit Mint(msg.sender, amount0, amount1);
    }

    function swap(bool zeroForOne, uint256 amountIn, address to) external {
        (uint256 rin, uint256 rout) = zeroForOne ? (uint256(reserve0), uint256(reserve1)) : (uint256(reserve1), uint256(reserve0));
        uint256 fee = amountIn * 997;
        uint256 out = (fee * rout) / (rin * 1000 + fee);
        IERC20(zeroForOne ? token0 : token1).transferFrom(msg.sender, address(this), amountIn);
        IERC20(zeroForOne ? token1 : token0).transfer(to, out);
        if (zeroForOne) _sync(rin + amountIn, rout - out);
        else _sync(rout - out, rin + amountIn);
        emit Swap(msg.sender, zeroForOne ? amountIn : 0, zeroForOne ? 0 : amountIn, zeroForOne ? 0 : out, zeroForOne ? out : 0, to);
    }

    function _sync(uint256 r0, uint256 r1) private {
        (reserve0, reserve1) = (uint112(r0), uint112(r1));
        emit Sync(uint112(r0), uint112(r1));
    }
}

/// Creates pairs; a pair is therefore a contract created inside a call, not by a transaction.
contract Factory {
    address[] public allPairs;

    event PairCreated(address indexed token0, address indexed token1, address pair, uint256 count);

    function createPair(address a, address b) external returns (address pair) {
        (address token0, address token1) = a < b ? (a, b) : (b, a);
        pair = address(new Pair(token0, token1));
        allPairs.push(pair);
        emit PairCreated(token0, token1, pair, allPairs.length);
    }
}

/// Pays many receivers in one transaction out of the caller's allowance.
contract Disperse {
    function pay(address token, address[] calldata to, uint256 value) external {
        for (uint256 i = 0; i < to.length; i++) IERC20(token).transferFrom(msg.sender, to[i], value);
    }
}
