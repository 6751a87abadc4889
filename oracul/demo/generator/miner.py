"""Puts planned transactions into blocks of the node and remembers the tagged ones."""

import math
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from eth_account import Account

from oracul.demo.generator.node import MNEMONIC, Node
from oracul.demo.generator.world import Tx, World

GWEI = 10**9
MAX_FEE_GWEI = 80
LEGACY_FEE_GWEI = 40


@dataclass
class Miner:
    """Signs nothing itself: the node's unlocked development accounts do, so every hash proves."""

    node: Node
    world: World
    chain_id: int
    rng: random.Random
    nonces: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    tagged: list[tuple[str, str]] = field(default_factory=list)
    head: int = 0

    def mine(self, txs: list[Tx], timestamp: int) -> int:
        """One block at `timestamp` (s) with exactly these transactions; its number."""
        base_fee = int(self._base_fee_gwei(timestamp) * GWEI)
        self.node.call("anvil_setNextBlockBaseFeePerGas", hex(base_fee))
        sent = self.node.calls([("eth_sendTransaction", [self._request(tx)]) for tx in txs])
        self.tagged += [(tx.tag, h) for tx, h in zip(txs, sent, strict=True) if tx.tag]
        self.node.call("evm_mine", {"timestamp": timestamp})
        self.head += 1
        block = self.node.call("eth_getBlockByNumber", hex(self.head), False)
        if sorted(block["transactions"]) != sorted(sent):
            raise RuntimeError(f"block {self.head} does not hold the planned transactions")
        return self.head

    def _base_fee_gwei(self, timestamp: int) -> float:
        hour, weekday = timestamp // 3600 % 24, (timestamp // 86_400 + 3) % 7
        clock = 1 + 0.5 * math.sin((hour - 8) / 24 * 2 * math.pi)
        return (12 if weekday < 5 else 7) * clock * self.rng.lognormvariate(0, 0.15)

    def _request(self, tx: Tx) -> dict[str, Any]:
        sender = self.world.accounts[tx.sender]
        request: dict[str, Any] = {
            "from": sender,
            "input": "0x" + tx.data.hex(),
            "value": hex(tx.value),
            "gas": hex(tx.gas),
            "nonce": hex(self.nonces[tx.sender]),
            "chainId": hex(self.chain_id),
        }
        if tx.to is not None:
            request["to"] = tx.to
        tip = int(tx.tip_gwei * GWEI)
        if tx.tx_type in (0, 1):
            request |= {"type": hex(tx.tx_type), "gasPrice": hex(LEGACY_FEE_GWEI * GWEI + tip)}
        else:
            fees = {"maxFeePerGas": hex(MAX_FEE_GWEI * GWEI), "maxPriorityFeePerGas": hex(tip)}
            request |= {"type": hex(tx.tx_type), **fees}
        if tx.tx_type == 1:
            request["accessList"] = [{"address": tx.to, "storageKeys": []}] if tx.to else []
        if tx.tx_type == 4:
            request["authorizationList"] = [self._authorization(tx.sender)]
        # An account that authorises itself spends a second nonce on the authorisation.
        self.nonces[tx.sender] += 2 if tx.tx_type == 4 else 1
        return request

    def _authorization(self, account: int) -> dict[str, str]:
        """The account's signed word that it takes over the wallet's code (EIP-7702)."""
        Account.enable_unaudited_hdwallet_features()
        signer = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{account}")
        wallet = self.world.contract["Wallet"]
        nonce = self.nonces[account] + 1
        signed = signer.sign_authorization(
            {"chainId": self.chain_id, "address": wallet, "nonce": nonce}
        )
        return {
            "chainId": hex(self.chain_id),
            "address": wallet,
            "nonce": hex(nonce),
            "yParity": hex(signed.y_parity),
            "r": hex(signed.r),
            "s": hex(signed.s),
        }
