-- When must what was derived of a project be derived anew?
--
-- Findings and comparisons are derived from many rows when somebody asks, and the
-- server keeps them in memory. `revision` tells it when they are stale. Triggers
-- raise it, so that no writer can forget to, whichever process it runs in.

-- Raised whenever a build outside pull requests, what a board shows, the text of a
-- main or the configuration changes. Builds of pull requests leave it alone: no page
-- of the whole project shows them, unless a board has nothing else.
ALTER TABLE project ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER revision_build_insert AFTER INSERT ON build WHEN new.pull_request IS NULL
BEGIN UPDATE project SET revision = revision + 1 WHERE id = new.project_id; END;

CREATE TRIGGER revision_build_update AFTER UPDATE OF pull_request, branch_id, committed_at ON build
BEGIN UPDATE project SET revision = revision + 1 WHERE id = new.project_id; END;

CREATE TRIGGER revision_board AFTER UPDATE OF latest_build ON board
WHEN new.latest_build IS NOT old.latest_build
BEGIN
    UPDATE project SET revision = revision + 1
    WHERE id = (SELECT project_id FROM port WHERE id = new.port_id);
END;

-- A newer extractor read a file again.
CREATE TRIGGER revision_firmware AFTER UPDATE ON firmware
BEGIN UPDATE project SET revision = revision + 1 WHERE id = new.project_id; END;

CREATE TRIGGER revision_source_insert AFTER INSERT ON source
BEGIN
    UPDATE project SET revision = revision + 1
    WHERE id = (SELECT project_id FROM port WHERE id = new.port_id);
END;

CREATE TRIGGER revision_source_delete AFTER DELETE ON source
BEGIN
    UPDATE project SET revision = revision + 1
    WHERE id = (SELECT project_id FROM port WHERE id = old.port_id);
END;

CREATE TRIGGER revision_configuration AFTER UPDATE OF configuration_id ON project
BEGIN UPDATE project SET revision = revision + 1 WHERE id = new.id; END;
