SRC_DRIVERS += network.c bluetooth.c i2s.c
