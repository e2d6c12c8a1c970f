/* A radio module: network, Bluetooth and audio. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_HAS_NETWORK 1
#define BOARD_HAS_BLUETOOTH 1
#define BOARD_HAS_I2S 1
#define BOARD_HAS_CAN 0

#endif
