"""Every error slidetap raises on purpose, and the exit code each one ends the command with.

The codes are those of sysexits.h where it has one. A message names the culprit and says what to do.
"""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """What the process exits with. Documented in README.md; tests hold the two together."""

    OK = 0
    USAGE = 64  # EX_USAGE: the command line is wrong
    DATA = 65  # EX_DATAERR: the input was opened but holds no usable video
    NO_INPUT = 66  # EX_NOINPUT: the input does not exist or cannot be opened
    UNAVAILABLE = 69  # EX_UNAVAILABLE: no daemon answers, or it is not the time for what was asked of it
    SOFTWARE = 70  # EX_SOFTWARE: a stage crashed, hung or raised
    OS_ERROR = 71  # EX_OSERR: shared memory, processes or sockets could not be had
    CANT_CREATE = 73  # EX_CANTCREAT: the output cannot be created, or exists already
    IO_ERROR = 74  # EX_IOERR: writing failed on the way, a full disk above all
    PROTOCOL = 76  # EX_PROTOCOL: a malformed or oversized message arrived on a socket
    CONFIG = 78  # EX_CONFIG: unknown stage or property, wrong type, caps that cannot link
    INTERRUPTED = 130  # Ctrl-C: drained, results written up to there
    TERMINATED = 143  # SIGTERM: the same


class PipelineError(Exception):
    """Root of the hierarchy. ``exit_code`` is what the command ends with when nobody handles it."""

    exit_code: ExitCode = ExitCode.SOFTWARE
    final: bool = False  # a final error is never worth a restart
    stage: str = ""  # the stage it came from, once that is known


class ConfigError(PipelineError):
    """The description of the pipeline is wrong: unknown stage, unknown or ill-typed property, bad graph."""

    exit_code = ExitCode.CONFIG
    final = True


class CapsError(ConfigError):
    """Two linked pads have no format in common."""


class WireError(PipelineError):
    """Bytes that are not one of our messages, or are larger than any of them may be."""

    exit_code = ExitCode.PROTOCOL


class SourceError(PipelineError):
    """The input cannot be opened or read."""

    exit_code = ExitCode.NO_INPUT


class DataError(SourceError):
    """The input was opened, but there is no video in it that can be decoded."""

    exit_code = ExitCode.DATA


class StageError(PipelineError):
    """A stage crashed, hung, or raised something it should not."""

    exit_code = ExitCode.SOFTWARE


class ResourceError(PipelineError):
    """The operating system refused shared memory, a process or a socket."""

    exit_code = ExitCode.OS_ERROR


class ServiceError(PipelineError):
    """No daemon answers, or one cannot do now what it was asked to do."""

    exit_code = ExitCode.UNAVAILABLE


class OutputError(PipelineError):
    """The output cannot be created: it exists, or the folder is not writable."""

    exit_code = ExitCode.CANT_CREATE


class WriteError(OutputError):
    """Writing failed after it had begun: the disk is full, or went away."""

    exit_code = ExitCode.IO_ERROR


BY_NAME: dict[str, type[PipelineError]] = {
    cls.__name__: cls
    for cls in (
        PipelineError,
        ConfigError,
        CapsError,
        WireError,
        SourceError,
        DataError,
        StageError,
        ResourceError,
        ServiceError,
        OutputError,
        WriteError,
    )
}


def revive(kind: str, text: str) -> PipelineError:
    """The error that a child reported by class name and text; an unknown name becomes a StageError."""
    return BY_NAME.get(kind, StageError)(text)
