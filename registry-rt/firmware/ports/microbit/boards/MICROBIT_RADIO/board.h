/* The radio serves Bluetooth and a network. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_HAS_NETWORK 1
#define BOARD_HAS_BLUETOOTH 1

#endif
