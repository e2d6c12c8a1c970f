/* Nothing beyond what every board has. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_HAS_NETWORK 0
#define BOARD_HAS_BLUETOOTH 0
#define BOARD_HAS_I2S 0
#define BOARD_HAS_CAN 0

#endif
