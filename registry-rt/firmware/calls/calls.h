/* What the main functions in this folder call. All of it stands in functions.c, another
 * translation unit, and prints its own name when it runs. */
#ifndef CALLS_H
#define CALLS_H

#include "report.h"

#define NOINLINE __attribute__((noinline))

/* Said where main enters a part of its life: boot, start, stop. The image ends where
 * the third cycle would start, so that a main function may loop for ever, as real ones
 * do. */
#define STAGE(stage) enter_stage(#stage)
void enter_stage(const char *stage);

/* Landmarks. */
void gc_init(void *start, void *end);
void gc_sweep_all(void);
void mp_init(void);
void mp_deinit(void);
int pyexec_file_if_exists(const char *path);
int pyexec_friendly_repl(void);
int pyexec_raw_repl(void);

/* What the runners of scripts and lines return. */
enum {
    PYEXEC_DONE,
    PYEXEC_FORCED_EXIT,
};

/* Does not return. */
__attribute__((noreturn)) void __fatal_error(const char *reason);

extern char heap[], heap_end[];

/* Once per power-up. */
void system_clock_init(void);
void led_init(void);
void flash_init(void);

/* Once per cycle. */
void readline_init0(void);
void pin_init0(void);
void extint_init0(void);
void timer_init0(void);
void uart_init0(void);
void i2c_init0(void);
void spi_init0(void);
void can_init0(void);
void dac_init(void);
void adc_init(void);
void sdcard_init(void);
void mod_network_init(void);
void mp_bluetooth_init(void);
void mp_usbd_init(void);
void accel_init(void);
void servo_init(void);

void mp_usbd_deinit(void);
void mp_bluetooth_deinit(void);
void mod_network_deinit(void);
void sdcard_deinit(void);
void adc_deinit_all(void);
void dac_deinit_all(void);
void can_deinit_all(void);
void spi_deinit_all(void);
void i2c_deinit_all(void);
void uart_deinit_all(void);
void timer_deinit(void);
void extint_deinit(void);
void pin_deinit(void);

/* Questions that a main function asks before it calls. They print nothing; the answers
 * differ from cycle to cycle, so that both arms run where both can. */
int first_cycle(void);
int has_network(void);
int mode_changed(void);
int repl_is_raw(void);
int boot_mode(void);
int clock_is_stable(void);
int resumes(void);
unsigned last_level(void);

/* A scheduler: main gives it the function that is the port's main. */
struct task {
    void (*run)(void *argument);
    void *argument;
};
void task_create(const struct task *task);
__attribute__((noreturn)) void task_scheduler(void);

#endif
