/* No radio, and built with link-time optimisation. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_HAS_NETWORK 0
#define BOARD_HAS_BLUETOOTH 0

#endif
