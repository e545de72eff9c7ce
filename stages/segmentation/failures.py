"""What the runtime's messages mean, in one line each. Pure; ``session`` catches, this file reads.

The runtime has an exception class per status code, with no class above them, and says what matters in the text.
"""

from __future__ import annotations

import re

_NO_ROOM = re.compile(
    r"out of memory|Failed to allocate memory|CUDA failure 2:|CUDNN_STATUS_ALLOC_FAILED|CUBLAS_STATUS_ALLOC_FAILED"
    r"|bad_alloc|smaller than requested bytes",
    re.IGNORECASE,
)
_OPERATOR = re.compile(
    r"(?P<full>[\w.:]+)\(-?\d+\) is not a registered function/op|No Op registered for (?P<name>\w+)"
    r"|Could not find an implementation for (?P<kernel>\w+)"
)
_HEAD = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : (?:Load model from .*? failed:)?\s*")
# What follows is the host's name and a line of the runtime's source.
_GPU = re.compile(r"(?P<said>(?:CUDA|CUDNN|CUBLAS) failure \d+: .*?) ; GPU=-?\d+")
# Of cudaError_t: no device, a device that fell off the bus, or a context that this process cannot use again.
_GONE = re.compile(r"CUDA failure (?:4|46|100|101|214|219|700|702|709|710|714|715|716|717|718|719|802|999):")
_APART = re.compile(r"External data path|External initializer", re.IGNORECASE)
_LONGEST = 200  # characters of a text that nobody foresaw


def is_out_of_memory(text: str) -> bool:
    """Whether there was no room, so that a smaller batch or another device may do."""
    return _NO_ROOM.search(text) is not None


def is_gone(text: str) -> bool:
    """Whether the GPU is of no more use to this process; a new one may find it again."""
    return _GONE.search(text) is not None


def loading(text: str) -> str:
    """Why a file could not be loaded, and what to do about it."""
    if found := _OPERATOR.search(text):
        name = found["full"] or found["name"] or found["kernel"]
        return f"it has an operator that this onnxruntime does not know, {name}; export it with standard ones"
    if "INVALID_PROTOBUF" in text or "No graph was found" in text:
        return "it is no ONNX file, or only the beginning of one; fetch it again"
    if _APART.search(text):
        return "its weights lie in another file, which is missing or too short; put it beside the model"
    if "Unsupported model IR version" in text or "only *guarantees* support" in text:
        return "it is newer than this onnxruntime; update onnxruntime, or export it with an older opset"
    return summary(text)


def summary(text: str) -> str:
    """The first words of ``text``, in one line, without the runtime's own head."""
    if found := _GPU.search(text):
        return found["said"]
    line = " ".join(_HEAD.sub("", text).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."
