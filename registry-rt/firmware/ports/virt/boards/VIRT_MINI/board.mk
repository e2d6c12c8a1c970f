# Nothing to add to port.mk.
