"""Refusals in ClickHouse's own terms: exception code, its name and the HTTP status for it."""

import re

# Codes that this server raises itself; the numbers and names are ClickHouse's.
BAD_ARGUMENTS = (36, "BAD_ARGUMENTS")
NOT_IMPLEMENTED = (48, "NOT_IMPLEMENTED")
SYNTAX_ERROR = (62, "SYNTAX_ERROR")
UNKNOWN_SETTING = (115, "UNKNOWN_SETTING")
INCORRECT_DATA = (117, "INCORRECT_DATA")
TIMEOUT_EXCEEDED = (159, "TIMEOUT_EXCEEDED")
READONLY = (164, "READONLY")
REQUIRED_PASSWORD = (194, "REQUIRED_PASSWORD")
TOO_MANY_QUERIES = (202, "TOO_MANY_SIMULTANEOUS_QUERIES")
SOCKET_TIMEOUT = (209, "SOCKET_TIMEOUT")
NOT_ENOUGH_SPACE = (243, "NOT_ENOUGH_SPACE")
SESSION_NOT_FOUND = (372, "SESSION_NOT_FOUND")
SESSION_IS_LOCKED = (373, "SESSION_IS_LOCKED")
QUERY_WAS_CANCELLED = (394, "QUERY_WAS_CANCELLED")
ACCESS_DENIED = (497, "ACCESS_DENIED")
AUTHENTICATION_FAILED = (516, "AUTHENTICATION_FAILED")
TOO_LARGE = (307, "TOO_MANY_BYTES")
UNKNOWN_EXCEPTION = (1002, "UNKNOWN_EXCEPTION")

# How ClickHouse's HTTP handler maps codes; whatever is not listed is 500.
_STATUS = {
    **dict.fromkeys(
        (6, 26, 27, 36, 38, 41, 43, 53, 62, 69, 70, 72, 117, 130, 131, 456, 457, 560), 400
    ),
    194: 401,
    **dict.fromkeys((164, 192, 193, 291, 452, 497, 511, 512, 516), 403),
    **dict.fromkeys((46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 336, 372), 404),
    159: 408,
    209: 408,
    373: 409,
    **dict.fromkeys((223, 307), 413),
    48: 501,
    **dict.fromkeys((202, 439), 503),
}
_CODE = re.compile(r"Code: (\d+)\.")
_PREFIX = re.compile(r"^(?:Code: \d+\.\s*DB::\w*Exception:\s*)+")
_VERSION = re.compile(r" ?\(version [0-9.]+\)\.?")
_NAME = re.compile(r"\(([A-Z][A-Z0-9_]{2,})\)")


class Fault(Exception):
    """A request that ends in an error: the text is what the client reads."""

    def __init__(self, kind: tuple[int, str], message: str) -> None:
        super().__init__(message)
        self.code, self.name = kind
        self.message = message

    @property
    def status(self) -> int:
        """HTTP status of this fault."""
        return _STATUS.get(self.code, 500)

    def text(self) -> str:
        """The body of the reply, in the form that clients parse."""
        return f"Code: {self.code}. DB::Exception: {self.message} ({self.name})\n"


def from_engine(error: BaseException) -> Fault:
    """The engine's own exception as a fault; its wrappers and its version trailer are cut off."""
    text = str(error)
    found = _CODE.search(text)
    if found is None:
        return Fault(UNKNOWN_EXCEPTION, text[:2000] or type(error).__name__)
    body = _PREFIX.sub("", _VERSION.sub("", text[found.start() :])).strip()
    names = list(_NAME.finditer(body))
    name = names[-1].group(1) if names else "UNKNOWN_EXCEPTION"
    while body.rstrip(". \n").endswith(f"({name})"):
        body = body.rstrip(". \n").removesuffix(f"({name})").strip()
    return Fault((int(found.group(1)), name), body)
