-- How often what a firmware file says was stored anew: by a newer extractor, with
-- other conventions, or by a client that states it again. A firmware and this number
-- name one table with all its places and addresses, which never change, so that the
-- server keeps in memory what it derived from it.
ALTER TABLE firmware ADD COLUMN readings INTEGER NOT NULL DEFAULT 0;

-- An order is what runs, and when: whether main calls it or a level holds it is no
-- part of it any more, so that a port that moves to the registry keeps its order. The
-- orders of all tables are derived anew (store/order.rs), and `build.changed` with
-- them, which now has -1 as well: the order of the build before, from another table.
DROP INDEX build_change;
CREATE INDEX build_change ON build (board_id, branch_id, committed_at) WHERE changed <> 0;
