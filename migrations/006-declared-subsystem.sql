-- What a registration itself says that its function starts or stops; NULL where it
-- says nothing. `subsystem` is derived, and this is what wins over the name.
ALTER TABLE entry ADD COLUMN declared_subsystem TEXT;
