-- How a registration itself says that its deinit needs no call (JSON: by, call, reason);
-- NULL where it says nothing.
ALTER TABLE entry ADD COLUMN satisfied TEXT;
