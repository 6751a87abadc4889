"""Consensus encodings of headers, transactions, receipts and withdrawals, from their JSON form.

Sources: Ethereum yellow paper, EIP-155, 658, 1559, 2718, 2930, 4844, 4895, 4788, 7685, 7702; OP
stack specification (deposits; Regolith and Canyon receipts).
"""

from binascii import unhexlify

from extractors.evm.rlp import (
    QUANTITY,
    encode_address,
    encode_bytes,
    encode_hash,
    encode_list,
    list_prefix,
    string_prefix,
)
from extractors.evm.structs import (
    Access,
    Authorization,
    Header,
    Receipt,
    Transaction,
    Withdrawal,
)
from extractors.evm.trie import keccak

OP_DEPOSIT = 0x7E
EMPTY_BLOOM = "0" * 512
_TOPICS = ("c0", "e1a0", "f842a0", "f863a0", "f884a0")


class Unencodable(ValueError):
    """A part cannot be encoded: the node left out a field it needs."""


class UnknownType(Unencodable):
    """A transaction is of a type whose encoding is not known here."""


def header_hash(header: Header) -> bytes:
    """Keccak of the header's encoding. Raises Unencodable when a field is missing."""
    if header.mix_hash is None or header.nonce is None:
        raise Unencodable("the header lacks mixHash or nonce")
    fields = [
        encode_hash(header.parent_hash),
        encode_hash(header.sha3_uncles),
        encode_address(header.miner),
        encode_hash(header.state_root),
        encode_hash(header.transactions_root),
        encode_hash(header.receipts_root),
        "b90100" + header.logs_bloom[2:],
        QUANTITY[header.difficulty],
        QUANTITY[header.number],
        QUANTITY[header.gas_limit],
        QUANTITY[header.gas_used],
        QUANTITY[header.timestamp],
        encode_bytes(header.extra_data),
        encode_hash(header.mix_hash),
        encode_bytes(header.nonce),
    ]
    later = (
        (header.base_fee_per_gas, True),
        (header.withdrawals_root, False),
        (header.blob_gas_used, True),
        (header.excess_blob_gas, True),
        (header.parent_beacon_block_root, False),
        (header.requests_hash, False),
    )
    has_ended = False
    for value, is_number in later:
        if value is None:
            has_ended = True
        elif has_ended:
            # Or a node could pass the value of one field off as another's: the bytes are the same.
            raise Unencodable("the header has a later fork's field, but lacks one before it")
        else:
            fields.append(QUANTITY[value] if is_number else encode_hash(value))
    return keccak(unhexlify(encode_list("".join(fields))))


def transaction_type(transaction: Transaction) -> int:
    """EIP-2718 type; 0 for a legacy transaction."""
    return int(transaction.type, 16) if transaction.type is not None else 0


def encode_transaction(t: Transaction) -> bytes:
    """Signed encoding whose keccak is the transaction's hash. Raises Unencodable, and UnknownType
    for a type that is not written down here.
    """
    kind_number = transaction_type(t)
    if kind_number == 2:
        fee = QUANTITY[_need(t.max_priority_fee_per_gas)] + QUANTITY[_need(t.max_fee_per_gas)]
        body = f"{_typed(t, fee)}{_access_list(t.access_list)}{_signature(t, typed=True)}"
        return unhexlify("02" + list_prefix(len(body) >> 1) + body)
    if kind_number == 0:
        body = (
            f"{QUANTITY[t.nonce]}{QUANTITY[_need(t.gas_price)]}{QUANTITY[t.gas]}"
            f"{encode_address(t.to)}{QUANTITY[t.value]}{encode_bytes(t.input)}"
            f"{_signature(t, typed=False)}"
        )
        return unhexlify(encode_list(body))
    if kind_number == OP_DEPOSIT:
        return unhexlify("7e" + encode_list(_deposit(t)))
    if kind_number not in (1, 3, 4):
        raise UnknownType(f"transactions of type {kind_number:#x} are not known")
    return unhexlify(f"{kind_number:02x}" + encode_list(_rarer(t, kind_number)))


def _rarer(t: Transaction, kind: int) -> str:
    if kind == 1:
        body = _typed(t, QUANTITY[_need(t.gas_price)]) + _access_list(t.access_list)
    else:
        fee = QUANTITY[_need(t.max_priority_fee_per_gas)] + QUANTITY[_need(t.max_fee_per_gas)]
        body = _typed(t, fee) + _access_list(t.access_list)
        if kind == 3:
            if t.blob_versioned_hashes is None:
                raise Unencodable("a blob transaction lacks blobVersionedHashes")
            hashes = "".join(encode_hash(x) for x in t.blob_versioned_hashes)
            body += QUANTITY[_need(t.max_fee_per_blob_gas)] + encode_list(hashes)
        else:
            if t.authorization_list is None:
                raise Unencodable("a set-code transaction lacks authorizationList")
            body += encode_list("".join(map(_authorization, t.authorization_list)))
    return body + _signature(t, typed=True)


def _typed(t: Transaction, fee: str) -> str:
    return (
        f"{QUANTITY[_need(t.chain_id)]}{QUANTITY[t.nonce]}{fee}{QUANTITY[t.gas]}"
        f"{encode_address(t.to)}{QUANTITY[t.value]}{encode_bytes(t.input)}"
    )


def _deposit(t: Transaction) -> str:
    if t.source_hash is None:
        raise Unencodable("a deposit lacks sourceHash")
    return (
        f"{encode_hash(t.source_hash)}{encode_address(t.sender)}{encode_address(t.to)}"
        f"{QUANTITY[t.mint or '0x0']}{QUANTITY[t.value]}{QUANTITY[t.gas]}"
        f"{'01' if t.is_system_tx else '80'}{encode_bytes(t.input)}"
    )


def _signature(t: Transaction, *, typed: bool) -> str:
    v = t.v if not typed or t.y_parity is None else t.y_parity
    if v is None or t.r is None or t.s is None:
        raise Unencodable("a transaction lacks its signature")
    # r and s are nearly always 32 bytes and never repeat: keep them out of the cache.
    r, s = t.r, t.s
    return (
        QUANTITY[v]
        + ("a0" + r[2:] if len(r) == 66 and r[2:4] != "00" else QUANTITY[r])
        + ("a0" + s[2:] if len(s) == 66 and s[2:4] != "00" else QUANTITY[s])
    )


def _access_list(entries: list[Access] | None) -> str:
    if not entries:
        return "c0"
    return encode_list(
        "".join(
            encode_list(
                encode_address(entry.address)
                + encode_list("".join(encode_hash(key) for key in entry.storage_keys))
            )
            for entry in entries
        )
    )


def _authorization(a: Authorization) -> str:
    parity = a.y_parity if a.y_parity is not None else a.v
    return encode_list(
        f"{QUANTITY[a.chain_id]}{encode_address(a.address)}{QUANTITY[a.nonce]}"
        f"{QUANTITY[_need(parity)]}{QUANTITY[a.r]}{QUANTITY[a.s]}"
    )


def _need(value: str | None) -> str:
    if value is None:
        raise Unencodable("a transaction lacks a field that its type has")
    return value


class _LogFrames(dict[tuple[int, int], tuple[str, str]]):
    """What stands before and after the topics of a log, by topic count and length of the data."""

    def __missing__(self, key: tuple[int, int]) -> tuple[str, str]:
        topics, length = key
        size = (length - 2) >> 1
        tail = string_prefix(size)
        body = 21 + (len(_TOPICS[topics]) >> 1) + 33 * topics - (topics > 0)
        frame = list_prefix(body + (len(tail) >> 1) + size) + "94", tail
        if len(self) < 100_000:
            self[key] = frame
        return frame


_FRAMES = _LogFrames()


def encode_receipt(receipt: Receipt, bloom: str) -> bytes:
    """Encoding of a receipt as the receipts trie holds it; `bloom` is 512 hex digits."""
    logs = []
    for log in receipt.logs:
        data, count = log.data, len(log.topics)
        if len(data) == 4 and data[2:] < "80":
            logs.append(_log_of_one_byte(log.address, log.topics, data))
            continue
        head, tail = _FRAMES[count, len(data)]
        topics = "".join(log.topics).replace("0x", "a0")[2:]
        logs.append(f"{head}{log.address[2:]}{_TOPICS[count]}{topics}{tail}{data[2:]}")
    packed = "".join(logs)
    if receipt.status is not None:
        outcome = QUANTITY[receipt.status]
    elif receipt.root is not None:
        outcome = encode_hash(receipt.root)
    else:
        raise Unencodable("a receipt has neither status nor root")
    body = (
        f"{outcome}{QUANTITY[receipt.cumulative_gas_used]}b90100{bloom}"
        f"{list_prefix(len(packed) >> 1)}{packed}"
    )
    # Canyon put both numbers into the hash; before it nodes show the nonce but do not hash it.
    if receipt.deposit_receipt_version is not None:
        body += QUANTITY[receipt.deposit_nonce or "0x0"]
        body += QUANTITY[receipt.deposit_receipt_version]
    kind = receipt.type or "0x0"
    prefix = "" if kind == "0x0" else f"{int(kind, 16):02x}"
    return unhexlify(f"{prefix}{list_prefix(len(body) >> 1)}{body}")


def _log_of_one_byte(address: str, topics: list[str], data: str) -> str:
    packed = encode_list("".join(encode_hash(t) for t in topics))
    return encode_list(encode_address(address) + packed + encode_bytes(data))


def encode_withdrawal(w: Withdrawal) -> bytes:
    """Encoding of a withdrawal as the withdrawals trie holds it."""
    return unhexlify(
        encode_list(
            f"{QUANTITY[w.index]}{QUANTITY[w.validator_index]}"
            f"{encode_address(w.address)}{QUANTITY[w.amount]}"
        )
    )
