-- Pull requests: what was built for each, and when all of a commit was sent.

-- A pull request with builds. Kept by the writer, since counting the builds would
-- take longer with every pull request there ever was.
CREATE TABLE pull_request (
    id          INTEGER PRIMARY KEY,
    project_id  INTEGER NOT NULL REFERENCES project (id),
    number      INTEGER NOT NULL,
    -- The newest commit of it, by commit time, of which a build was sent.
    head_id     INTEGER NOT NULL REFERENCES "commit" (id),
    received_at INTEGER NOT NULL, -- when its newest build was
    UNIQUE (project_id, number)
) STRICT;

-- The pull requests that were built lately.
CREATE INDEX pull_request_time ON pull_request (project_id, received_at);

INSERT INTO pull_request (project_id, number, head_id, received_at)
    SELECT project_id, pull_request,
           (SELECT newest.commit_id FROM build AS newest
            WHERE newest.project_id = build.project_id
              AND newest.pull_request = build.pull_request
            ORDER BY newest.committed_at DESC, newest.id DESC LIMIT 1),
           max(received_at)
    FROM build WHERE pull_request IS NOT NULL GROUP BY project_id, pull_request;

-- The builds of one pull request.
CREATE INDEX build_pull_request ON build (project_id, pull_request, commit_id)
    WHERE pull_request IS NOT NULL;

-- When CI said that all builds of a commit have been sent. Until then a board
-- without one may still come.
CREATE TABLE finished (
    commit_id   INTEGER PRIMARY KEY REFERENCES "commit" (id),
    finished_at INTEGER NOT NULL
) STRICT;
