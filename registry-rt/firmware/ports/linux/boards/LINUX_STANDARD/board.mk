BOARD_FEATURES = network bluetooth
