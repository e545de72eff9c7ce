"""The runtime's messages, read. Those about memory come from machines with a GPU."""

from __future__ import annotations

import pytest

from stages.segmentation.failures import is_gone, is_out_of_memory, loading, summary

NO_ROOM = [
    "Non-zero status code returned while running Conv node. Status: Failed to allocate memory for requested buffer",
    "CUDA failure 2: out of memory ; GPU=0",
    "CUDNN failure 4: CUDNN_STATUS_ALLOC_FAILED ; GPU=0",
    "Available memory of 0 is smaller than requested bytes of 6553600",
    "std::bad_alloc",
]


@pytest.mark.parametrize("text", NO_ROOM)
def test_a_lack_of_memory_is_known(text: str) -> None:
    assert is_out_of_memory(text)


@pytest.mark.parametrize(
    "text", ["CUDA failure 719: unspecified launch failure", "CUDA failure 999: unknown error", ""]
)
def test_another_failure_is_none(text: str) -> None:
    assert not is_out_of_memory(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : Load model from a failed:Protobuf parsing failed.",
            "no ONNX file",
        ),
        ("Load model from a failed:No graph was found in the protobuf.", "no ONNX file"),
        (
            "Load model from a failed:Fatal error: com.example:Magic(-1) is not a registered function/op",
            "com.example:Magic",
        ),
        ("Error No Op registered for Magic with domain_version of 17", "not know, Magic"),
        ("NOT_IMPLEMENTED : Could not find an implementation for Resize(99) node with name ''", "not know, Resize"),
        ('External data path does not exist: "/a/b.data"', "its weights lie in another file, which is missing"),
        ("External initializer: w offset: 0 size to read: 12288 given file_length: 100", "missing or too short"),
        ("Unsupported model IR version: 99, max supported IR version: 14", "newer than this onnxruntime"),
    ],
)
def test_why_a_file_cannot_be_loaded_is_said(text: str, said: str) -> None:
    assert said in loading(text)


def test_a_text_that_nobody_foresaw_is_one_line_without_the_head() -> None:
    text = "[ONNXRuntimeError] : 1 : FAIL : Load model from /a b.onnx failed:something\nelse"
    assert summary(text) == "something else"
    assert loading(text) == "something else"
    assert len(summary("x" * 5000)) == 200


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("CUDA failure 719: unspecified launch failure ; GPU=0", True),
        ("CUDA failure 46: all CUDA-capable devices are busy or unavailable ; GPU=0", True),
        ("CUDA failure 2: out of memory ; GPU=0", False),
        ("CUDA failure 1: invalid argument ; GPU=0", False),
        ("Non-zero status code returned while running Conv node", False),
    ],
)
def test_a_gpu_that_a_new_process_may_find_again_is_known(text: str, gone: bool) -> None:
    assert is_gone(text) is gone


def test_the_runtimes_own_source_and_the_hosts_name_are_left_out() -> None:
    text = (
        "[ONNXRuntimeError] : 1 : FAIL : CUDA failure 719: unspecified launch failure ; GPU=0 ; hostname=secret ; "
        "file=/onnxruntime_src/onnxruntime/core/providers/cuda/gpu_data_transfer.cc ; line=73 ; expr=cudaMemcpy(a, b)"
    )
    assert summary(text) == "CUDA failure 719: unspecified launch failure"
