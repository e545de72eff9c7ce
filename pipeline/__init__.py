"""The framework: stages, pads, caps, frames and the processes and sockets between them.

It knows nothing of lectures; the application lives in the package ``stages``. Import the module that owns
what you need; this package imports nothing by itself, so that a child process loads only what it uses.
"""
