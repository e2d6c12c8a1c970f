-- The drivers of a port, as the names of its files tell them: what it could stop,
-- whether or not its main calls it. They change far less often than main does, so
-- equal lists are one row.
CREATE TABLE driver_list (
    id      INTEGER PRIMARY KEY,
    digest  BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), -- SHA-256 of the list
    drivers TEXT NOT NULL -- JSON array of objects: name and path
) STRICT;

-- NULL: none is known.
ALTER TABLE source ADD COLUMN driver_list_id INTEGER REFERENCES driver_list (id);
