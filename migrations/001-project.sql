-- Projects and the tokens that may upload to them.
--
-- Times are whole seconds since 1970 in every table: git knows no finer ones,
-- and the row id tells which of two rows of one second came first.

CREATE TABLE project (
    id             INTEGER PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE,
    repository_url TEXT,
    created_at     INTEGER NOT NULL
) STRICT;

-- A token itself is never stored: `sha256` finds it, `prefix` (the first
-- characters of its text) names it to people.
CREATE TABLE token (
    id           INTEGER PRIMARY KEY,
    project_id   INTEGER NOT NULL REFERENCES project (id),
    name         TEXT    NOT NULL,
    scope        TEXT    NOT NULL CHECK (scope IN ('upload')),
    prefix       TEXT    NOT NULL UNIQUE,
    sha256       BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;
