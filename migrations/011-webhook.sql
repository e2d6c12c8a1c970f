-- Where a project wants to be told that the report of a pull request changed.
CREATE TABLE webhook (
    project_id INTEGER PRIMARY KEY REFERENCES project (id),
    url        TEXT    NOT NULL,
    -- Signs what is sent, so it is needed as it is: who reads the database can
    -- forge messages of this server.
    secret     TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- What was told last of each pull request. The same again is not told.
CREATE TABLE webhook_delivery (
    project_id   INTEGER NOT NULL REFERENCES project (id),
    pull_request INTEGER NOT NULL,
    digest       BLOB    NOT NULL CHECK (length(digest) = 32),
    delivered_at INTEGER NOT NULL,
    PRIMARY KEY (project_id, pull_request)
) STRICT, WITHOUT ROWID;
