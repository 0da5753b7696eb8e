# SPDX-License-Identifier: Apache-2.0
"""The binding to the collector: struct stepscope_api of include/stepscope/stepscope.h, by ctypes.

What is called per batch, and what stands in a batch's way, is a builtin function of the interpreter: a call through ctypes
costs more than all it does, and so does the frame of a Python function where the caches are cold.

A process is ASLEEP until the first thing worth recording happens, then `wake` opens the door "python" and it is ON, or
OFF for good when there is no collector or it does not record this process. A forked child starts ASLEEP again.

Calls that the collector answers without blocking keep the GIL (PYFUNCTYPE): handing it over would cost more than they do.
"""
import ctypes
import os

ASLEEP, ON, OFF = 0, 1, 2

status = ASLEEP

# Builtins; stepscope_api::python_method says what they do. All but `loading` are there once status was ON.
emit = fetch_worker = fetch_epoch = loader_bytes = loader_begin = loader_key = None
_BUILTINS = ("emit", "fetch_worker", "fetch_epoch", "loading", "loader_bytes", "loader_begin", "loader_key")


def loading():
    """Nothing is, as long as nothing was recorded."""
    return 0


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
    ("python_method", _KEEP(_address, _text, _address, _address)),
)


class _Header(ctypes.Structure):
    _fields_ = [("size", _u32), ("version", _u32)]


_INTERPRETER = (
    "PyLong_AsLongLong", "PyLong_FromLongLong", "PyErr_Occurred", "PyErr_Clear", "PyErr_Fetch", "PyErr_Restore",
    "PyErr_ExceptionMatches", "PyObject_GetAttr", "PyObject_GetItem", "PyObject_Type", "PyObject_RichCompareBool", "PyList_Size",
    "PyTuple_GetItem", "PyTuple_Pack", "Py_DecRef", "PyDict_New", "PyDict_SetItem", "PyList_Type", "PyObject_VectorcallDict",
    "PyObject_Vectorcall", "PyMethod_New", "Py_IncRef",
)


class _Python(ctypes.Structure):
    """struct stepscope_python: what the collector needs of this interpreter."""

    _fields_ = [("size", _size)] + [(name, _address) for name in _INTERPRETER] + [
        ("object_bytes", _size), ("tuple_bytes", _size), ("tuple_type", _address), ("PyObject_SetAttr", _address)]

    @classmethod
    def of_this_process(cls):
        functions = [getattr(ctypes.pythonapi, name, None) for name in _INTERPRETER]
        return cls(ctypes.sizeof(cls), *(ctypes.cast(one, _address).value for one in functions),
                   object.__basicsize__, tuple.__basicsize__, id(tuple),
                   ctypes.cast(ctypes.pythonapi.PyObject_SetAttr, _address).value)


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
        self._python = _Python.of_this_process()
        self._definitions = {}
        self.function("fetch_epoch")  # the newest: an older collector would read the struct otherwise
        self.builtins = {name: self.builtin(name, None) for name in _BUILTINS}

    def builtin(self, name, own):
        """A builtin function of the collector's `name`, which is given `own` at each call."""
        definition = self._definitions.get(name)
        if definition is None:
            definition = self._definitions[name] = _MethodDef(name.encode(), *self.function(name), None)
            keep(definition)  # for ever: a function may be the last of its module to go
        return _new_function(ctypes.addressof(definition), own, None)

    def function(self, name):
        """The address of the collector's `name`, and CPython's flags that say how it is called."""
        flags = _int()
        function = self.python_method(name.encode(), ctypes.addressof(self._python), ctypes.addressof(flags))
        if not function:
            raise OSError("the collector is older than its hooks")
        return function, flags.value


_object = ctypes.py_object
# Keeps an object for ever.
keep = ctypes.PYFUNCTYPE(None, _object)(("Py_IncRef", ctypes.pythonapi))
_new_function = ctypes.PYFUNCTYPE(_object, _address, _object, _address)(("PyCFunction_NewEx", ctypes.pythonapi))


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


def builtin(name, original, *needs):
    """The collector's function `name` in the place of `original`; what else it needs is said in wrappers.hpp.

    Raises when there is no collector.
    """
    return _found().builtin(name, (original,) + needs)


def function(name):
    """The address of the collector's function `name`."""
    return _found().function(name)[0]


def _found():
    table = _find()
    if table is None:
        raise OSError("no collector")
    return table


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
