SRC_DRIVERS += network.c bluetooth.c
