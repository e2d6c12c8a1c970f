/* The chip's own init and deinit functions that main still calls by hand. The others are
 * registered in their files. */
#ifndef CHIP_H
#define CHIP_H

void led_init(void);

void rtc_init(void);

void uart_init0(void);
void uart_deinit_all(void);

#endif
