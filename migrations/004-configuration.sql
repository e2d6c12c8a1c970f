-- What a project configures: the text of its initboard.toml, each version of it.
--
-- Subsystems and findings are derived when somebody asks, so nothing else changes
-- with a version; and none is removed, so that what a page said at any time can be
-- explained. A text has a few kilobytes, and at most `MAX_CONFIGURATION_BYTES`.

-- A text, once however often it counts: going back to an earlier one is a new
-- version of the same text.
CREATE TABLE configuration_text (
    id     INTEGER PRIMARY KEY,
    sha256 BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32),
    text   TEXT    NOT NULL
) STRICT;

CREATE TABLE configuration (
    id             INTEGER PRIMARY KEY,
    project_id     INTEGER NOT NULL REFERENCES project (id),
    number         INTEGER NOT NULL CHECK (number > 0), -- from 1 in each project
    text_id        INTEGER NOT NULL REFERENCES configuration_text (id),
    received_at    INTEGER NOT NULL,
    -- Where it was read, if known. No reference: a configuration says nothing of
    -- when its commit was made, and needs no build or tree of it.
    commit_sha     BLOB CHECK (length(commit_sha) IN (20, 32)),
    token_id       INTEGER REFERENCES token (id), -- NULL: sent on the server itself
    repository_url TEXT -- that the text states, for `project` to read
) STRICT;

-- The versions of a project, newest first, and one of them.
CREATE UNIQUE INDEX configuration_number ON configuration (project_id, number);

-- The version that counts. Kept by the writer. NULL: none was sent, and the
-- shipped configuration counts.
ALTER TABLE project ADD COLUMN configuration_id INTEGER REFERENCES configuration (id);

-- Is a tree the newest of its project? Only then the configuration that came with
-- it counts: trees may come in any order.
CREATE INDEX tree_time ON tree (project_id, committed_at);

-- What a token may do. One word was enough while there was one thing; those that
-- there are may do what they could.
ALTER TABLE token ADD COLUMN may_upload INTEGER NOT NULL DEFAULT 1 CHECK (may_upload IN (0, 1));
ALTER TABLE token ADD COLUMN may_configure INTEGER NOT NULL DEFAULT 0
    CHECK (may_configure IN (0, 1));
ALTER TABLE token DROP COLUMN scope;
