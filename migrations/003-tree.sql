-- Source trees: what the text of a project says at a commit, beside its builds.
--
-- The text changes seldom and is small, so each commit that was uploaded is kept:
--   * the order in the main of each port: in the tables that builds use, too
--     (`init_table`, `entry`, `places`), where equal ones are one row;
--   * the catalog: which boards there are. Only what the newest tree says of each
--     board is kept; whether a board is retired follows from which one that is;
--   * the history: what each commit did to the order of a port.

-- The facts of one commit.
CREATE TABLE tree (
    id           INTEGER PRIMARY KEY,
    project_id   INTEGER NOT NULL REFERENCES project (id),
    commit_id    INTEGER NOT NULL UNIQUE REFERENCES "commit" (id),
    -- Copy of the commit's, to order by. Facts always state it, and a stated
    -- time does not change.
    committed_at INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    -- SHA-256 of all facts: the same again changes nothing.
    digest       BLOB    NOT NULL CHECK (length(digest) = 32),
    -- Boards that it lists. A tree that lists none says nothing of them: its
    -- project keeps no catalog, and no board is retired by it.
    board_count  INTEGER NOT NULL
) STRICT;

-- Which tree with a catalog is the newest, and which came right after another?
CREATE INDEX tree_line ON tree (project_id, committed_at) WHERE board_count > 0;

-- The tree whose catalog is today's: a board that another one listed last is
-- retired. Kept by the writer. NULL: no tree has listed boards.
ALTER TABLE project ADD COLUMN catalog_tree INTEGER REFERENCES tree (id);

-- The file that holds the main of a port, at one commit.
CREATE TABLE source (
    id           INTEGER PRIMARY KEY,
    port_id      INTEGER NOT NULL REFERENCES port (id),
    tree_id      INTEGER NOT NULL REFERENCES tree (id),
    committed_at INTEGER NOT NULL, -- copy of the tree's, to order by
    path         TEXT    NOT NULL,
    sha256       BLOB    NOT NULL CHECK (length(sha256) = 32),
    size         INTEGER NOT NULL,
    format       TEXT    NOT NULL,
    table_id     INTEGER NOT NULL REFERENCES init_table (id),
    places_id    INTEGER NOT NULL REFERENCES places (id), -- where main calls
    folded       INTEGER NOT NULL -- calls of main that start or stop nothing
) STRICT;

-- What a tree said, when it is sent anew.
CREATE UNIQUE INDEX source_tree ON source (tree_id, port_id);

-- What a port shows: its newest.
CREATE INDEX source_line ON source (port_id, committed_at);

-- A board of the catalog, as the newest tree that lists it says. A board
-- without a row was never listed: it is known from its builds alone.
CREATE TABLE catalog_board (
    board_id       INTEGER PRIMARY KEY REFERENCES board (id),
    tree_id        INTEGER NOT NULL REFERENCES tree (id),
    mcu            TEXT,
    linker_scripts TEXT    NOT NULL -- JSON array
) STRICT;

-- Which boards did a tree list, when it is sent anew?
CREATE INDEX catalog_board_tree ON catalog_board (tree_id);

-- The history of a port: the tree that told it, and whether commits are missing.
CREATE TABLE history (
    port_id      INTEGER PRIMARY KEY REFERENCES port (id),
    tree_id      INTEGER NOT NULL REFERENCES tree (id),
    is_cut       INTEGER NOT NULL,
    change_count INTEGER NOT NULL -- number of its rows below
) STRICT;

-- A commit that changed the order of a port. `ordinal` grows with the history:
-- commits of one second, as a series of patches has them, stay in their order.
CREATE TABLE source_change (
    port_id      INTEGER NOT NULL REFERENCES port (id),
    ordinal      INTEGER NOT NULL,
    project_id   INTEGER NOT NULL REFERENCES project (id), -- copy of the port's
    sha          BLOB    NOT NULL CHECK (length(sha) IN (20, 32)),
    committed_at INTEGER NOT NULL,
    change       TEXT    NOT NULL, -- JSON object: the commit, and what it did
    PRIMARY KEY (port_id, ordinal)
) STRICT, WITHOUT ROWID;

-- What a commit did to a port: a history names each once.
CREATE UNIQUE INDEX source_change_commit ON source_change (port_id, sha);

-- Where did the text of a project change its order lately? Walked from its
-- newest end.
CREATE INDEX source_change_time ON source_change (project_id, committed_at);
