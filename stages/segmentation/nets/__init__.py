"""The networks themselves, in PyTorch: for training, and for making the ONNX files that the stage runs.

``blocks`` and ``nested`` are what they consist of, ``u2net`` and ``isnet`` the nets, ``checkpoints`` reads weights,
``onnx_file`` writes ONNX. Needs torch, onnx and onnxscript, which are no dependencies; nothing else in the project
imports it.
"""
