# Everything that can be compiled.
BOARD_FEATURES = network bluetooth can i2s
