"""The journal's tables, by version: what a new file gets, and what an older one is given in addition.

A version only ever adds tables and columns, so that a file of an older one loses nothing when it is brought up to date.
"""

from __future__ import annotations

SCHEMA_VERSION = 5

_FIRST = """
CREATE TABLE note (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE slide (
    id INTEGER PRIMARY KEY, file TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,
    width_px INTEGER NOT NULL, height_px INTEGER NOT NULL, hash TEXT NOT NULL,
    epoch INTEGER NOT NULL, picture_pts_ns INTEGER NOT NULL
);
CREATE TABLE visit (
    id INTEGER PRIMARY KEY, slide INTEGER NOT NULL REFERENCES slide (id),
    epoch INTEGER NOT NULL, start_pts_ns INTEGER NOT NULL, end_pts_ns INTEGER
);
CREATE TABLE capture (
    epoch INTEGER NOT NULL, pts_ns INTEGER NOT NULL, visit INTEGER NOT NULL REFERENCES visit (id),
    decision TEXT NOT NULL, trigger TEXT NOT NULL, dedup TEXT NOT NULL,
    PRIMARY KEY (epoch, pts_ns)
) WITHOUT ROWID;
"""

_LIVE = """
ALTER TABLE slide ADD COLUMN wall_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE slide ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE capture ADD COLUMN wall_ns INTEGER NOT NULL DEFAULT 0;
CREATE INDEX capture_of_visit ON capture (visit);
CREATE TABLE gap (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, start_pts_ns INTEGER NOT NULL, end_pts_ns INTEGER,
    reason TEXT NOT NULL, filled INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE segment (
    id INTEGER PRIMARY KEY, file TEXT NOT NULL UNIQUE, epoch INTEGER NOT NULL,
    start_pts_ns INTEGER NOT NULL, end_pts_ns INTEGER, start_wall_ns INTEGER NOT NULL,
    bytes INTEGER NOT NULL, state TEXT NOT NULL, first_key INTEGER NOT NULL
);
CREATE TABLE mark (
    id INTEGER PRIMARY KEY, pts_ns INTEGER NOT NULL, wall_ns INTEGER NOT NULL, text TEXT NOT NULL
);
CREATE TABLE event (
    id INTEGER PRIMARY KEY, pts_ns INTEGER NOT NULL, wall_ns INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL
);
CREATE TABLE session (
    id INTEGER PRIMARY KEY, boot_id TEXT NOT NULL, zero_ns INTEGER NOT NULL, start_pts_ns INTEGER NOT NULL,
    wall_ns INTEGER NOT NULL
);
"""

_PRESENTER = """
CREATE TABLE presenter_free (
    slide INTEGER PRIMARY KEY REFERENCES slide (id), hidden REAL NOT NULL, revealed REAL NOT NULL,
    file TEXT UNIQUE, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, version INTEGER NOT NULL,
    pts_ns INTEGER NOT NULL, seen BLOB
);
CREATE TABLE reveal (
    epoch INTEGER NOT NULL, pts_ns INTEGER NOT NULL, digest INTEGER NOT NULL,
    slide INTEGER NOT NULL REFERENCES slide (id),
    PRIMARY KEY (epoch, pts_ns, digest)
) WITHOUT ROWID;
"""

_TRACE = """
CREATE TABLE trace (
    start_pts_ns INTEGER PRIMARY KEY, end_pts_ns INTEGER NOT NULL, frames INTEGER NOT NULL, unknown INTEGER NOT NULL,
    moving INTEGER NOT NULL, settled INTEGER NOT NULL, least REAL, most REAL, calm_ns INTEGER NOT NULL,
    hidden REAL NOT NULL
);
"""

_SHORT_AND_EARLY = """
CREATE TABLE transient (
    start_pts_ns INTEGER PRIMARY KEY, end_pts_ns INTEGER NOT NULL, before REAL, after REAL, reason TEXT NOT NULL
);
CREATE TABLE state (
    slide INTEGER NOT NULL REFERENCES slide (id), file TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL, width_px INTEGER NOT NULL, height_px INTEGER NOT NULL, hash TEXT NOT NULL,
    epoch INTEGER NOT NULL, picture_pts_ns INTEGER NOT NULL, wall_ns INTEGER NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (slide, version)
) WITHOUT ROWID;
"""

_STEPS = (_FIRST, _LIVE, _PRESENTER, _TRACE, _SHORT_AND_EARLY)


def steps_from(version: int) -> list[str]:
    """Single statements that bring a file of ``version`` (0: an empty one) up to date."""
    script = "".join(_STEPS[version:]) + f"PRAGMA user_version = {SCHEMA_VERSION};"
    return [statement for statement in script.split(";") if statement.strip()]
