"""Unpack LiveCodeBench's private tests: base64 of zlib of JSON, or of a pickle that holds one string of JSON.

A pickle can run any code when it is loaded. These bytes come from strangers, so they are never loaded: their opcodes
are read, and only those that spell one string are allowed.
"""

import base64
import binascii
import pickletools
import zlib

from tasks.ingest.dropped import UnusableRecordError

MAX_BYTES = 1 << 30
"""Most bytes that one row's tests may unpack to: a small text can hold a very large one."""
_STRINGS = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"})
_HARMLESS = frozenset({"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT", "STOP"})


def unpack_tests(text: str) -> str:
    """Return the JSON text of tests, which stands there plainly or packed.

    Raises:
        UnusableRecordError: packed bytes hold anything but one string, or unpack to more than MAX_BYTES.
    """
    if text.lstrip()[:1] in ("[", "{", '"'):
        return text
    try:
        packed = base64.b64decode(text, validate=True)
        reader = zlib.decompressobj()
        data = reader.decompress(packed, MAX_BYTES)
    except (binascii.Error, ValueError, zlib.error):
        return text  # not packed; decoding it as JSON then says what is wrong
    if reader.unconsumed_tail:
        raise UnusableRecordError("bad_tests", f"packed tests are larger than {MAX_BYTES >> 20} MiB")
    if data[:1] == b"\x80" or data.lstrip()[:1] not in (b"[", b"{", b'"'):
        return read_pickled_string(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnusableRecordError("not_utf8", f"packed tests: byte {error.start} is no UTF-8") from None


def read_pickled_string(data: bytes) -> str:
    """Return the one string that a pickle holds, without loading the pickle.

    Raises:
        UnusableRecordError: the bytes are no pickle, or hold anything else.
    """
    strings: list[str] = []
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name in _STRINGS and isinstance(argument, str):
                strings.append(argument)
            elif opcode.name not in _HARMLESS:
                raise UnusableRecordError(
                    "unsupported_tests",
                    f"packed tests: a pickle with {opcode.name}; only one of a single string is read",
                )
    except (ValueError, IndexError, OverflowError) as error:
        raise UnusableRecordError("bad_tests", f"packed tests are neither JSON nor a pickle: {error}") from None
    if len(strings) != 1:
        raise UnusableRecordError(
            "unsupported_tests", f"packed tests: a pickle of {len(strings)} strings, expected one"
        )
    return strings[0]
