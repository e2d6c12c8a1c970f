# Flash is plenty: built for speed.
OPTIMIZE = -O2
SRC_DRIVERS += network.c bluetooth.c
