"""Units and how people read them. Amounts on chain are integers; only text is rounded."""

WEI_PER_GWEI = 10**9
WEI_PER_ETH = 10**18


def from_hex(quantity: str) -> int:
    """Integer of a JSON-RPC quantity (`0x1a`). Raises ValueError when it is not one."""
    if not quantity.startswith("0x"):
        raise ValueError(f"not a hex quantity: {quantity[:80]!r}")
    return int(quantity, 16)


def compact(value: float) -> str:
    """A number as people say it: `14.2 M`, `3.9 k`, `0.012`. Three significant digits."""
    magnitude = abs(value)
    for size, suffix in ((1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " k")):
        if magnitude >= size * 0.9995:
            return f"{value / size:.3g}{suffix}" if magnitude < size * 999.5 else f"{value:.3e}"
    return f"{value:.3g}"


def bytes_text(size: int) -> str:
    """A size as people say it: `850 B`, `3.73 kB`, `14.2 GB`; a kB is 1,000 bytes."""
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit * 0.9995:
            return f"{size / unit:.3g} {name}"
    return f"{size} B"


def seconds_text(seconds: float) -> str:
    """A duration as people say it: `850 ms`, `12 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def plural(count: int, noun: str) -> str:
    """`1 block`, `2,500 blocks`; a noun ending in a consonant and y turns to -ies."""
    if count == 1:
        return f"1 {noun}"
    ending = noun[:-1] + "ies" if noun[-1] == "y" and noun[-2] not in "aeiou" else noun + "s"
    return f"{count:,} {ending}"
