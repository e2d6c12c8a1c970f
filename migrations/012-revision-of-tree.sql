-- The catalog is kept in memory, too: which boards there are, and where the scripts
-- of each stand (see 009). Whatever changes of it comes with the text of a tree, whose
-- digest is stated each time that it is new or another.

CREATE TRIGGER revision_tree AFTER UPDATE OF digest ON tree
BEGIN UPDATE project SET revision = revision + 1 WHERE id = new.project_id; END;
