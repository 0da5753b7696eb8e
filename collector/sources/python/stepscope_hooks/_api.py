# SPDX-License-Identifier: Apache-2.0
"""The binding to the collector: struct stepscope_api of include/stepscope/stepscope.h, by ctypes.

What is called per batch is made a builtin function of the interpreter: a call through ctypes costs more than all it does.

A process is ASLEEP until the first thing worth recording happens, then `wake` opens the door "python" and it is ON, or
OFF for good when there is no collector or it does not record this process. A forked child starts ASLEEP again.

Calls that the collector answers without blocking keep the GIL (PYFUNCTYPE): handing it over would cost more than they do.
"""
import ctypes
import os

ASLEEP, ON, OFF = 0, 1, 2

status = ASLEEP

# Builtins, valid while status is ON; stepscope_api::python_method says what they do.
emit = None  # emit(kind, lane, column values...)
fetch_worker = fetch_task = fetch_begin = fetch_end = collate_begin = collate_end = batch_emit = None
_BUILTINS = ("emit", "fetch_worker", "fetch_task", "fetch_begin", "fetch_end", "collate_begin", "collate_end", "batch_emit")

_table = None
_strings = {}
_pending_losses = {}
_on_open = []

_MAX_STRINGS = 65536
_KEEP = ctypes.PYFUNCTYPE
_RELEASE = ctypes.CFUNCTYPE
_u32, _u64, _i64, _int, _size = ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int64, ctypes.c_int, ctypes.c_size_t
_text, _address = ctypes.c_char_p, ctypes.c_void_p

# Members in the order of the header; a collector that is older than this file has fewer (`size` says how many).
_MEMBERS = (
    ("open", _RELEASE(_int, _text)),
    ("now_ns", _KEEP(_u64)),
    ("intern", _KEEP(_u32, _text, _size)),
    ("range_push", _KEEP(None, _u32, _u32)),
    ("range_pop", _KEEP(None)),
    ("instant", _KEEP(None, _u32, _u32)),
    ("counter", _KEEP(None, _u32, ctypes.c_double)),
    ("step", _KEEP(None, _i64, _u32)),
    ("emit", None),
    ("lane", _KEEP(_u32, _text, _text)),
    ("meta", _RELEASE(None, _text, _text)),
    ("thread_usage", None),
    ("loss", _KEEP(None, _text, _u64)),
    ("watch", _RELEASE(None, _u32, _int)),
    ("recording", _KEEP(_int)),
    ("release", _RELEASE(_int, _text, _text)),
    ("python_method", _KEEP(_address, _text, _address)),
)
_METH_FASTCALL = 0x80


class _Header(ctypes.Structure):
    _fields_ = [("size", _u32), ("version", _u32)]


class _Python(ctypes.Structure):
    """struct stepscope_python: what the collector needs of this interpreter."""

    _fields_ = [("as_long_long", _address), ("from_long_long", _address), ("error_occurred", _address)]


class _MethodDef(ctypes.Structure):
    """PyMethodDef. It has to outlive the function made of it, which reads it when it is freed itself."""

    _fields_ = [("name", _text), ("function", _address), ("flags", _int), ("doc", _text)]


class _Table:
    """The collector's functions as attributes; one it does not have yet does nothing."""

    def __init__(self, address):
        header = _Header.from_address(address)
        if header.version < 1:
            raise OSError("unknown collector interface")
        offset = ctypes.sizeof(_Header)
        for name, prototype in _MEMBERS:
            pointer = 0
            if offset + ctypes.sizeof(_address) <= header.size:
                pointer = _address.from_address(address + offset).value
            if prototype is not None:
                setattr(self, name, prototype(pointer) if pointer else lambda *_: 0)
            offset += ctypes.sizeof(_address)
        self.builtins = {name: self._builtin(name.encode()) for name in _BUILTINS}

    def _builtin(self, name):
        api = ctypes.pythonapi
        needs = _Python(*(ctypes.cast(function, _address).value
                          for function in (api.PyLong_AsLongLong, api.PyLong_FromLongLong, api.PyErr_Occurred)))
        function = self.python_method(name, ctypes.addressof(needs))
        if not function:
            raise OSError("the collector is older than its hooks")
        definition = _MethodDef(name, function, _METH_FASTCALL, None)
        api.Py_IncRef(ctypes.py_object(definition))  # for ever: a function may be the last of its module to go
        make = ctypes.PYFUNCTYPE(ctypes.py_object, _address, _address, _address)(("PyCFunction_NewEx", api))
        return make(ctypes.addressof(definition), None, None)


def _find():
    """The collector of this process, preloaded or named by STEPSCOPE_LIBRARY; None when there is none."""
    global _table
    if _table is None:
        for path in (None, os.environ.get("STEPSCOPE_LIBRARY") or None):
            try:
                get = ctypes.PyDLL(path).stepscope_get_api
            except (OSError, AttributeError):
                continue
            get.restype = _address
            get.argtypes = ()
            address = get()
            if address:
                _table = _Table(address)
                break
    return _table


def on_open(callback):
    """Runs `callback()` each time the door opens: once, and again in a forked child that wakes."""
    _on_open.append(callback)


def wake(door=b"python"):
    """Starts recording this process if it is not decided yet; True when it is recorded."""
    global status
    if status != ASLEEP:
        return status == ON
    status = OFF
    try:
        table = _find()
        if table is None or table.open(door) != 1:
            return False
        globals().update(table.builtins)
        status = ON
    except Exception:
        return False
    for name, count in list(_pending_losses.items()):
        table.loss(name.encode(), count)
    _pending_losses.clear()
    for callback in _on_open:
        try:
            callback()
        except Exception:
            loss("python.on_open")
    return True


def intern(text):
    """The recording's id of `text`."""
    number = _strings.get(text)
    if number is None:
        data = text.encode("utf-8", "replace")
        number = _table.intern(data, len(data))
        if len(_strings) < _MAX_STRINGS:
            _strings[text] = number
    return number


def meta(key, value):
    """Stores a fact about the process."""
    if status == ON:
        _table.meta(key.encode("utf-8", "replace"), str(value).encode("utf-8", "replace"))


def loss(counter, count=1):
    """Counts what could not be recorded; kept until the door opens."""
    if status == ON:
        _table.loss(counter.encode(), count)
    elif len(_pending_losses) < 256:
        _pending_losses[counter] = _pending_losses.get(counter, 0) + count


def watch(pid, enabled):
    """Asks the collector to sample what process `pid` is blocked on."""
    if status == ON:
        _table.watch(pid, 1 if enabled else 0)


def release(source, who):
    """Another tool `who` is about to want what `source` holds; the recording's policy decides."""
    if status == ON:
        _table.release(source.encode(), who.encode())


def lane(kind, name):
    return _table.lane(kind.encode(), name.encode())


def range_push(name, domain):
    if status == ON:
        _table.range_push(intern(name), intern(domain))


def range_pop():
    if status == ON:
        _table.range_pop()


def _after_fork_in_child():
    global status
    if status == ON or status == ASLEEP:
        status = ASLEEP
    _strings.clear()
    _pending_losses.clear()


os.register_at_fork(after_in_child=_after_fork_in_child)
