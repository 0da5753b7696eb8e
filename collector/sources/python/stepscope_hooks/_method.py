# SPDX-License-Identifier: Apache-2.0
"""Methods of the collector for classes: what binds to an instance as a function does, is called without a Python frame and without a bound
method in between, and has attributes, so that it can be given the looks of what it replaces.

CPython's own builtin methods have the first three and no attributes. So these are of a type of our own, made here from CPython's
stable interface (PyType_FromSpec); its slots are the collector's, collector/sources/python/method_object.hpp.
Methods are made once per class and live for ever, with all they refer to.
"""
import ctypes
import operator
import sys

from . import _api

_address, _text, _int = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
_object = ctypes.py_object


class _Fields(ctypes.Structure):
    """MethodFields of method_object.hpp."""

    _fields_ = [("vectorcall", _address), ("wrapper", _address), ("self", _address), ("attributes", _address),
                ("weak_references", _address)]


class _Slot(ctypes.Structure):
    _fields_ = [("number", _int), ("value", _address)]


class _Spec(ctypes.Structure):
    _fields_ = [("name", _text), ("basicsize", _int), ("itemsize", _int), ("flags", ctypes.c_uint), ("slots", _address)]


class _Member(ctypes.Structure):
    _fields_ = [("name", _text), ("type", _int), ("offset", ctypes.c_ssize_t), ("flags", _int), ("doc", _text)]


class _Property(ctypes.Structure):
    _fields_ = [("name", _text), ("get", _address), ("set", _address), ("doc", _text), ("closure", _address)]


# Of CPython's headers: typeslots.h, object.h, structmember.h.
_TP_CALL, _TP_DESCR_GET, _TP_MEMBERS, _TP_GETSET = 50, 54, 72, 73
_HAVE_VECTORCALL, _METHOD_DESCRIPTOR, _DEFAULT = 1 << 11, 1 << 17, 1 << 18
_DISALLOW_INSTANTIATION, _IMMUTABLE = (1 << 7, 1 << 8) if sys.version_info >= (3, 10) else (0, 0)
_SSIZE, _READONLY = 19, 1

_HEAD = object.__basicsize__
_type = None


def _exported(name):
    return ctypes.cast(getattr(ctypes.pythonapi, name), _address).value


def _make_type():
    members = (_Member * 4)(
        (b"__weaklistoffset__", _SSIZE, _HEAD + _Fields.weak_references.offset, _READONLY, None),
        (b"__vectorcalloffset__", _SSIZE, _HEAD + _Fields.vectorcall.offset, _READONLY, None),
        (b"__dictoffset__", _SSIZE, _HEAD + _Fields.attributes.offset, _READONLY, None))
    properties = (_Property * 2)(
        (b"__dict__", _exported("PyObject_GenericGetDict"), _exported("PyObject_GenericSetDict"), None, None))
    slots = (_Slot * 5)(
        (_TP_CALL, _exported("PyVectorcall_Call")), (_TP_DESCR_GET, _api.function("method_get")),
        (_TP_MEMBERS, ctypes.addressof(members)), (_TP_GETSET, ctypes.addressof(properties)))
    spec = _Spec(b"stepscope_hooks._method.Method", _HEAD + ctypes.sizeof(_Fields), 0,
                 _DEFAULT | _HAVE_VECTORCALL | _METHOD_DESCRIPTOR | _DISALLOW_INSTANTIATION | _IMMUTABLE, ctypes.addressof(slots))
    for one in (members, properties, slots, spec):  # CPython copies them in part
        _api.keep(one)
    made = ctypes.PYFUNCTYPE(_object, _address)(("PyType_FromSpec", ctypes.pythonapi))(ctypes.addressof(spec))
    import copyreg  # not at the start of every program: this runs where a loader is used

    copyreg.pickle(made, operator.attrgetter("__qualname__"))  # by its name, as functions are; so copies are itself
    return made


def make(name, original, *needs):
    """The collector's wrapper `name` around the function `original`, as a method; what else it needs is said in wrappers.hpp.

    Raises when there is no collector.
    """
    global _type
    wrapper, call = _api.function(name), _api.function("method_call")
    if _type is None:
        _type = _make_type()
    allocate = ctypes.PYFUNCTYPE(_object, _object, ctypes.c_ssize_t)(("PyType_GenericAlloc", ctypes.pythonapi))
    method, own = allocate(_type, 0), (original,) + needs
    fields = _Fields.from_address(id(method) + _HEAD)
    fields.vectorcall, fields.wrapper, fields.self = call, wrapper, id(own)
    for one in (method, own):
        _api.keep(one)
    return method
