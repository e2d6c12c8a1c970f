/* The init and deinit functions of the shared drivers. */
#ifndef DRIVERS_H
#define DRIVERS_H

void readline_init0(void);

void soft_timer_init(void);
void soft_timer_deinit(void);

void mod_network_init(void);
void mod_network_deinit(void);

void mp_bluetooth_hci_init(void);
void mp_bluetooth_deinit(void);

void mp_usbd_init(void);
void mp_usbd_deinit(void);

void machine_i2s_init0(void);
void machine_i2s_deinit_all(void);

void machine_pwm_init0(void);
void machine_pwm_deinit_all(void);

#endif
