-- Builds: which firmware each board had at each commit, and what its table says.
--
-- There are millions of builds and few tables: 250 boards x 10,000 commits
-- share some thousand orders. So what a build says is split by how often it
-- changes:
--   * the table (`init_table`, `entry`), and the order in it (`run_order`):
--     stored once for all boards and commits that have it;
--   * the places in the source (`places`): they move with every edited line,
--     but alike on all boards that compile the file;
--   * addresses and facts of the file (`firmware`): new on every build, so
--     they are packed, and each byte of them counts.

-- The branch that boards are shown of where they have builds of it. NULL: the
-- branch of the first build that is not for a pull request will become it.
ALTER TABLE project ADD COLUMN default_branch TEXT;

CREATE TABLE port (
    id         INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES project (id),
    name       TEXT    NOT NULL,
    UNIQUE (project_id, name)
) STRICT;

-- A board, or one variant of it. `variant` is '' for none rather than NULL,
-- because NULLs are all different to UNIQUE.
CREATE TABLE board (
    id           INTEGER PRIMARY KEY,
    port_id      INTEGER NOT NULL REFERENCES port (id),
    name         TEXT    NOT NULL,
    variant      TEXT    NOT NULL,
    -- What the board's page shows. Kept by the writer: the newest by commit
    -- time, then by id, of the builds of the default branch; where there are
    -- none, of all builds without a pull request; else of those with one.
    latest_build INTEGER REFERENCES build (id),
    UNIQUE (port_id, name, variant)
) STRICT;

CREATE TABLE branch (
    id         INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES project (id),
    name       TEXT    NOT NULL,
    UNIQUE (project_id, name)
) STRICT;

CREATE TABLE "commit" (
    id           INTEGER PRIMARY KEY,
    project_id   INTEGER NOT NULL REFERENCES project (id),
    sha          BLOB    NOT NULL CHECK (length(sha) IN (20, 32)),
    committed_at INTEGER NOT NULL,
    -- 0: nobody said when; `committed_at` is the time of the first upload.
    time_stated  INTEGER NOT NULL,
    UNIQUE (project_id, sha)
) STRICT;

-- A parent is named by its identifier: it may never have been built.
CREATE TABLE commit_parent (
    commit_id INTEGER NOT NULL REFERENCES "commit" (id),
    ordinal   INTEGER NOT NULL,
    parent    BLOB    NOT NULL,
    PRIMARY KEY (commit_id, ordinal)
) STRICT, WITHOUT ROWID;

-- An order: which functions run, one after another, at which level and stage.
-- `digest` is the SHA-256 of that and of nothing else, so that renumbering makes
-- no other one.
CREATE TABLE run_order (
    id     INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE
) STRICT;

-- What a table says beside addresses and places. `digest` is the SHA-256 of everything in it, entries included.
CREATE TABLE init_table (
    id           INTEGER PRIMARY KEY,
    digest       BLOB    NOT NULL UNIQUE,
    order_id     INTEGER REFERENCES run_order (id), -- NULL: nothing runs
    init_count   INTEGER NOT NULL,
    deinit_count INTEGER NOT NULL,
    origins      TEXT    NOT NULL, -- JSON array of words
    levels       TEXT    NOT NULL, -- JSON array of names, in run order
    main         TEXT,             -- JSON object: main, where its calls were read
    anomaly_count INTEGER NOT NULL,
    anomalies    TEXT    NOT NULL  -- JSON array, without addresses
) STRICT;

CREATE TABLE entry (
    table_id    INTEGER NOT NULL REFERENCES init_table (id),
    position    INTEGER NOT NULL,
    phase       TEXT,
    kind        TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    stage       TEXT,
    level       TEXT,
    slot        INTEGER,
    priority    TEXT,
    function    TEXT,
    subsystem   TEXT,
    conditional INTEGER NOT NULL,
    condition   TEXT,
    via         TEXT, -- JSON array of names; NULL for none
    after       TEXT, -- JSON array of names; NULL for none
    PRIMARY KEY (table_id, position)
) STRICT, WITHOUT ROWID;

-- Where the functions of a table are defined. `packed`: see store/packed.rs.
CREATE TABLE places (
    id     INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    packed BLOB NOT NULL
) STRICT;

-- What firmware runs on; a handful of rows.
CREATE TABLE target (
    id     INTEGER PRIMARY KEY,
    format TEXT    NOT NULL,
    arch   TEXT    NOT NULL,
    bits   INTEGER NOT NULL,
    endian TEXT    NOT NULL,
    UNIQUE (format, arch, bits, endian)
) STRICT;

-- A firmware file, by its digest. It belongs to a project: who may upload to
-- one project must not be able to say what the firmware of another holds.
CREATE TABLE firmware (
    id         INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES project (id),
    sha256     BLOB    NOT NULL,
    size       INTEGER NOT NULL,
    target_id  INTEGER NOT NULL REFERENCES target (id),
    -- Version of the extractor that read the file here; 0 for a table that an
    -- upload brought along.
    extractor  INTEGER NOT NULL,
    table_id   INTEGER NOT NULL REFERENCES init_table (id),
    places_id  INTEGER NOT NULL REFERENCES places (id),
    folded     INTEGER NOT NULL, -- calls of main that start or stop nothing
    addresses  BLOB    NOT NULL, -- packed: see store/packed.rs
    UNIQUE (sha256, project_id)
) STRICT;

CREATE TABLE build (
    id           INTEGER PRIMARY KEY,
    board_id     INTEGER NOT NULL REFERENCES board (id),
    project_id   INTEGER NOT NULL REFERENCES project (id), -- copy of the port's
    commit_id    INTEGER NOT NULL REFERENCES "commit" (id),
    firmware_id  INTEGER NOT NULL REFERENCES firmware (id),
    branch_id    INTEGER REFERENCES branch (id),
    pull_request INTEGER,
    base         BLOB, -- the commit that a pull request started from
    received_at  INTEGER NOT NULL,
    committed_at INTEGER NOT NULL, -- copy of the commit's, to order by
    -- 1 when the order is another one than that of the previous build of this
    -- board on the same branch, in order of commit time, then id; 2 when there
    -- is no previous build. Builds of pull requests stand outside that line and
    -- have 0.
    changed      INTEGER NOT NULL
) STRICT;

-- Makes an upload idempotent, finds the build of a board at a commit, and all
-- builds of a commit.
CREATE UNIQUE INDEX build_identity ON build (commit_id, board_id, firmware_id);

-- The line of a board on a branch: the newest build, and the neighbours of one.
CREATE INDEX build_line ON build (board_id, branch_id, committed_at) WHERE pull_request IS NULL;

-- The recent builds of a board, whatever their branch.
CREATE INDEX build_recent ON build (board_id, committed_at) WHERE pull_request IS NULL;

-- When did the order of a board change on a branch? One look-up, however long
-- the line.
CREATE INDEX build_change ON build (board_id, branch_id, committed_at) WHERE changed > 0;

-- Where did the orders of a project change lately? Walked from its newest end.
CREATE INDEX build_change_time ON build (project_id, committed_at) WHERE changed = 1;

-- Which builds does a newer reading of a firmware concern?
CREATE INDEX build_firmware ON build (firmware_id);
