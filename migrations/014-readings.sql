-- How often what a firmware file says was stored anew: by a newer extractor, with
-- other conventions, or by a client that states it again. A firmware and this number
-- name one table with all its places and addresses, which never change, so that the
-- server keeps in memory what it derived from it.
ALTER TABLE firmware ADD COLUMN readings INTEGER NOT NULL DEFAULT 0;
