"""How a run ends for whoever started it: result or error on the right stream, and the exit code. In the parent.

An error is one line on standard error. With ``--json`` the result is a line on standard output, also of a failed run;
with ``--log json`` the end is a line of the log.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from pipeline import accounts
from pipeline.errors import ExitCode, PipelineError
from pipeline.following import Followed, Manner
from pipeline.logs import Entry, LogForm
from pipeline.reporting import say, since_start_s

# What the application does with a run that has ended; returns a line about its result, or for a failed run the rest
# of the line about the error.
Finish = Callable[[Followed], str]


def end(followed: Followed, manner: Manner, finish: Finish | None = None, video: str | None = None) -> ExitCode:
    """Say how a run has ended; its exit code. ``video``: of several, which; for the JSON result."""
    outcome, error = followed.outcome, followed.outcome.error
    said = ""
    try:
        said = finish(followed) if finish else ""
    except PipelineError as e:
        said = f"; besides, {e}" if error else ""
        error = error or e
    if manner.verbose > 1 and outcome.trace:
        print(outcome.trace, file=sys.stderr)
    code = error.exit_code if error else followed.exit_code
    text = sentence(error) + said if error else None
    if manner.as_json:
        told = {"elapsed_s": round(since_start_s(), 3), "signal": outcome.signal, "exit_code": code, "error": text}
        ledger = accounts.plain(outcome.ledgers)
        say("result", **({"video": video} if video else {}), **told, **dict(followed.tally.result), ledger=ledger)
    if manner.log is LogForm.JSON:
        return _log_end(followed, text, said, code)
    if not manner.as_json and error is None:
        stages = followed.tally.stages
        links = [name for name in outcome.ledgers if name not in stages] if manner.verbose else []
        print(accounts.table(outcome.ledgers, [*stages, *links]))
        for line in accounts.unbalanced(outcome.ledgers):
            print(f"slidetap: warning: {line}", file=sys.stderr)
        if said:
            print(said)
    return complain(text, code) if text is not None else code


def _log_end(followed: Followed, error: str | None, said: str, code: ExitCode) -> ExitCode:
    """As the last lines of a log in JSON."""
    ledgers = followed.outcome.ledgers
    entries = [Entry("warning", "", "warning", line) for line in accounts.unbalanced(ledgers)]
    told = {"exit_code": code, "ledger": accounts.plain(ledgers)}
    entries.append(Entry("error" if error else "info", "", "end", error or said or "ended in order", told))
    for entry in entries:
        print(entry.line(LogForm.JSON, time.time_ns()), file=sys.stderr)
    return code


def complain(text: str, code: ExitCode) -> ExitCode:
    """The one line on standard error that an error is; returns ``code``."""
    print("slidetap: error: " + " ".join(text.split()), file=sys.stderr)
    return code


def sentence(error: PipelineError) -> str:
    """An error in words, with the stage it came from."""
    return f"stage '{error.stage}': {error}" if error.stage else str(error)
