/* A board with a radio: network and Bluetooth. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_HAS_NETWORK 1
#define BOARD_HAS_BLUETOOTH 1

#endif
