/* The peripherals of this port that every board has, and those that some have. */
#ifndef MACHINE_H
#define MACHINE_H

void machine_clock_init(void);
void machine_clock_deinit(void);

void machine_pins_init(void);
void machine_pins_deinit(void);

void machine_timer_init0(void);
void machine_timer_deinit_all(void);

void machine_uart_init0(void);
void machine_uart_deinit_all(void);

void machine_can_init0(void);
void machine_can_deinit_all(void);

void machine_dac_init(void);
void machine_dac_deinit_all(void);

#endif
