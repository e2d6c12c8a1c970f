-- Repositories whose workflows need no stored secret: their forge signs who they are
-- (OpenID Connect), and the server gives them a token that soon expires.

CREATE TABLE trusted_repository (
    id            INTEGER PRIMARY KEY,
    project_id    INTEGER NOT NULL REFERENCES project (id),
    repository    TEXT    NOT NULL COLLATE NOCASE, -- OWNER/NAME
    -- The forge's numbers for both. They stay when a repository is renamed, and are not
    -- given again when it is deleted and somebody else takes its name. NULL: taken from
    -- the first run that comes, and kept from then on.
    repository_id INTEGER,
    owner_id      INTEGER,
    workflow      TEXT, -- its file below .github/workflows; NULL: any
    environment   TEXT, -- NULL: any, or none
    may_upload    INTEGER NOT NULL CHECK (may_upload IN (0, 1)),
    may_configure INTEGER NOT NULL CHECK (may_configure IN (0, 1)),
    created_at    INTEGER NOT NULL,
    last_used_at  INTEGER,
    UNIQUE (project_id, repository)
) STRICT;

-- Statements of identity that were exchanged, each until it expires: none counts twice.
CREATE TABLE used_identity (
    jti        TEXT    PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX used_identity_expiry ON used_identity (expires_at);

-- NULL: until it is revoked.
ALTER TABLE token ADD COLUMN expires_at INTEGER;

-- For which repository it was given; NULL for those that people made.
ALTER TABLE token ADD COLUMN trusted_repository_id INTEGER
    REFERENCES trusted_repository (id) ON DELETE SET NULL;

-- The pull request whose builds alone it may send; NULL: it is not so bound.
ALTER TABLE token ADD COLUMN pull_request INTEGER;

-- Which are to be revoked with their repository, and which expired.
CREATE INDEX token_trusted ON token (trusted_repository_id, expires_at)
    WHERE expires_at IS NOT NULL;
