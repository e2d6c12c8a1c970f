-- A project may say of its firmware what the files do not say themselves (its levels,
-- its main functions), and the server reads them with that. A file that was read while
-- it said something else is read again when it is sent again. 0: nothing was said, as
-- for all that were read before.
ALTER TABLE firmware ADD COLUMN conventions INTEGER NOT NULL DEFAULT 0;
