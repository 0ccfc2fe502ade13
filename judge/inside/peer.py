"""Exchange requests and replies over the wire, with numbered handles for objects that are not plain data.

Both processes run the same code, so that a callback may call back. They differ in `serve`, which answers requests.
A request is `("q", token, op, subject, args, kwargs)`. A reply is `("r", token, True, value, changed)`, where `changed`
holds arguments that the call has changed, or `("r", token, False, fault)`.
"""

import _thread
import os
import socket
from collections.abc import Callable
from typing import Any

from .codec import EXCEPTIONS, MAX_FRAME, CodecError
from .decoder import Decoder
from .encoder import Encoder

MAX_HANDLES = 1_000_000
MAX_CALLBACKS = 200
_FUNCTIONS = ("function", "builtin_function_or_method", "method", "type", "partial", "method_descriptor")
ClassChain = tuple[tuple[int, str], ...]
"""An exception class as (number, name), from itself to its first builtin base, whose number is 0."""
Fault = tuple[ClassChain, tuple[Any, ...] | None, str, int | None, Any]
"""An exception as (classes, args if they are plain, text, line of the program, handle of the instance)."""
Serve = Callable[[str, Any, tuple[Any, ...], dict[str, Any]], Any]
"""Performs a request: (op, subject, args, kwargs) -> value."""


class GoneError(BaseException):
    """The other process closed the wire; not an Exception, so that a test's own handlers let it pass."""


class TamperedError(BaseException):
    """The wire brought something that an honest peer never sends."""


class Peer:
    """One end of the wire, and the objects that it has handed over."""

    def __init__(self, wire: socket.socket, serve: Serve, remote: Callable[[int, str, str, Any], Any]) -> None:
        """Use `remote(number, kind, name, extra)` to make the proxy of an object of the other process."""
        self._wire, self._serve, self._remote = wire, serve, remote
        self._encode = Encoder(self._export).encode
        self._decode = Decoder(self._import).decode
        self._exported: list[Any] = []
        self._numbers_by_id: dict[int, int] = {}
        self._depth = 0
        self._lock = _thread.RLock()  # honest programs call a function of the tests from several threads

    def send(self, *message: Any) -> None:
        """Encode and send one message. Raises CodecError, GoneError."""
        self._send(self._encode(message))

    def _send(self, data: bytes) -> None:
        try:
            self._wire.sendall(len(data).to_bytes(4, "big") + data)
        except OSError:
            raise GoneError("the other end is gone") from None

    def receive(self) -> tuple[Any, ...]:
        """Return the next message; raises GoneError at the end of the wire, TamperedError on anything malformed."""
        size = int.from_bytes(self._read(4, whole=False), "big")
        if size > MAX_FRAME:
            raise TamperedError("a reply beyond all bounds")
        try:
            message = self._decode(self._read(size, whole=True))
        except CodecError as error:
            raise TamperedError(f"a reply that is no value: {error}") from None
        if type(message) is not tuple or len(message) < 4 or message[0] not in ("q", "r"):
            raise TamperedError("a reply of the wrong shape")
        return message

    def _read(self, size: int, whole: bool) -> bytes:
        data = bytearray()
        while len(data) < size:
            try:
                part = self._wire.recv(min(size - len(data), 1 << 20))
            except OSError:
                part = b""
            if not part:
                if data or whole:
                    raise TamperedError("a reply that breaks off")
                raise GoneError("the other end is gone")
            data += part
        return bytes(data)

    def request(self, op: str, subject: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """Send a request, and serve the other process until its reply is there.

        Returns:
            `(True, value, changed)`, or `(False, fault)` for what the other process raised.
        """
        token = int.from_bytes(os.urandom(7), "big")
        with self._lock:
            self.send("q", token, op, subject, args, kwargs or {})
            return self._await(token)

    def _await(self, token: int) -> tuple[Any, ...]:
        self._depth += 1
        try:
            while True:
                message = self.receive()
                if message[0] == "q":
                    if self._depth > MAX_CALLBACKS:
                        raise TamperedError("callbacks without end")
                    self.answer(message)
                elif message[1] != token:
                    raise TamperedError("a reply to a question that was not asked")
                elif message[2] is True and len(message) == 5:
                    return (True, message[3], message[4])
                elif message[2] is False and type(message[3]) is tuple and len(message[3]) == 5:
                    return (False, message[3])
                else:
                    raise TamperedError("a reply of the wrong shape")
        finally:
            self._depth -= 1

    def answer(self, message: tuple[Any, ...]) -> None:
        """Serve one request and reply; an exception of the served code becomes a fault."""
        if len(message) != 6 or message[0] != "q":
            raise TamperedError("a request of the wrong shape")
        _, token, op, subject, args, kwargs = message
        if not (type(op) is str and type(args) is tuple and type(kwargs) is dict):
            raise TamperedError("a request of the wrong shape")
        before = _has_mutable(args, kwargs) and self._encode((args, kwargs))
        try:
            value = self._serve(op, subject, args, kwargs)
            changed = None
            if before:
                after = self._encode((args, kwargs))
                changed = (args, kwargs) if after != before else None
            data = self._encode(("r", token, True, value, changed))
            if len(data) > MAX_FRAME:
                raise CodecError("too large to be an answer")
        except (GoneError, TamperedError):
            raise
        except BaseException as error:
            self.refuse(token, error)
            return
        self._send(data)

    def refuse(self, token: int, error: BaseException) -> None:
        """Reply with a fault; whatever the exception contains, this does not raise."""
        try:
            data = self._encode(("r", token, False, self.describe_fault(error)))
        except BaseException:
            name = type(error).__name__
            data = self._encode(("r", token, False, (((0, name), (0, "Exception")), None, name, None, None)))
        self._send(data)

    def describe_fault(self, error: BaseException) -> Fault:
        """Return the exception as it crosses; code of the exception that raises leaves its part empty."""
        try:
            text = str(error)[:2000]
        except BaseException:
            text = ""
        try:
            args: Any = tuple(error.args)
            if any(type(arg) not in (str, int, float, bool, type(None)) for arg in args) or len(repr(args)) > 4000:
                args = None
        except BaseException:
            args = None
        builtin = type(error) in EXCEPTIONS.values()
        return (self._chain_classes(type(error)), args, text, line_of(error), None if builtin else Instance(error))

    def _chain_classes(self, kind: type) -> ClassChain:
        chain: list[tuple[int, str]] = []
        for base in kind.__mro__:
            if EXCEPTIONS.get(base.__name__) is base:
                return (*chain, (0, base.__name__))
            if issubclass(base, BaseException):
                chain.append((self._assign_number(base), str(base.__name__)))
        return (*chain, (0, "Exception"))

    def has_exported(self, value: object) -> bool:
        """Return whether the other process holds a handle of this object."""
        return id(value) in self._numbers_by_id

    def list_exported(self) -> list[Any]:
        """Return the objects of this process that the other one holds a handle of."""
        return self._exported

    def _assign_number(self, value: object) -> int:
        number = self._numbers_by_id.get(id(value))
        if number is None:
            if len(self._exported) >= MAX_HANDLES:
                raise CodecError("too many objects handed over")
            number = len(self._exported) + 1
            self._exported.append(value)
            self._numbers_by_id[id(value)] = number
        return number

    def _export(self, value: Any) -> bytes:
        remote = get_remote_number(value)
        if remote is not None:
            return b"B" + _encode_fields(remote)
        if isinstance(value, Instance):
            value = value.value
        if issubclass(type(value), type) and issubclass(value, BaseException):
            return b"X" + _encode_fields(
                (self._assign_number(value), "exception", value.__name__, self._chain_classes(value))
            )
        return b"H" + _encode_fields((self._assign_number(value), get_kind(value), type(value).__name__, None))

    def _import(self, tag: bytes, fields: Any) -> Any:
        if tag == b"B":
            if type(fields) is not int or not 1 <= fields <= len(self._exported):
                raise CodecError("a handle that was never given")
            return self._exported[fields - 1]
        if type(fields) is not tuple or len(fields) != 4:
            raise CodecError("a handle of the wrong shape")
        number, kind, name, extra = fields
        if type(number) is not int or type(kind) is not str or type(name) is not str or not 0 < number < 2**40:
            raise CodecError("a handle of the wrong shape")
        return self._remote(number, kind, name[:200], extra)


class Instance:
    """Marks an object that must cross as a handle, even if it is plain."""

    def __init__(self, value: object) -> None:
        self.value = value


def get_remote_number(value: object) -> int | None:
    """Return the number that the other process gave the object of this proxy; None for an object of this process."""
    kind = type(value)
    try:
        number = type.__getattribute__(value if isinstance(value, type) else kind, "_patchmill_remote")
    except AttributeError:
        return None
    if isinstance(value, type):
        return number if type(number) is int else None
    try:
        own = object.__getattribute__(value, "_patchmill_number")
    except AttributeError:
        return None
    return own if type(own) is int else None


def line_of(error: BaseException) -> int | None:
    """Return the line of the program nearest to where it was raised. An attack replaces this function by its name."""
    if isinstance(error, SyntaxError) and error.filename == "<solution>":
        return error.lineno
    line, step = None, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<solution>":
            line = step.tb_lineno
        step = step.tb_next
    return line


def text_of(error: BaseException) -> str:
    """Return an exception's message; empty where its text depends on an object that raises."""
    try:
        return str(error)[:1000]
    except BaseException:
        return ""


def _refuse_handle(value: object) -> bytes:
    raise CodecError(f"{type(value).__name__} in a handle")


_encode_fields = Encoder(_refuse_handle).encode


def _has_mutable(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    plain = (int, str, float, bool, type(None), bytes, complex)
    return any(type(value) not in plain for value in (*args, *kwargs.values()))


def get_kind(value: object) -> str:
    """Return `class`, `module`, `function` or `object`."""
    if isinstance(value, type):
        return "class"
    if type(value).__name__ == "module":
        return "module"
    return "function" if type(value).__name__ in _FUNCTIONS else "object"
