SRC_PORT += can.c dac.c
