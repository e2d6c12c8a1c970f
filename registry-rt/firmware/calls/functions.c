/* The functions that the main functions in this folder call.
 *
 * One macro makes one function that prints its name. The section of each is its own, so
 * that an image holds only those that its main calls. */
#include "calls.h"

#include "semihosting.h"

/* Link-time optimisation without this attribute inlines them: what lto-inlined is for. */
#if defined(MAY_INLINE)
#define OUT_OF_LINE
#else
#define OUT_OF_LINE __attribute__((noinline, noclone))
#endif

/* Out of a plain call's reach: what long-call and veneer are for. */
#if defined(FAR)
#define PLACED(name) __attribute__((section(".far." #name)))
#else
#define PLACED(name)
#endif

#define FUNCTION(name) \
    PLACED(name) OUT_OF_LINE void name(void) { \
        REPORT_CALL(); \
    }

char heap[64];
char heap_end[1];

/* 1 from power-up to the first soft reset, 2 from there to the end. */
static int cycle;

NOINLINE void enter_stage(const char *stage) {
    if (stage[0] == 's' && stage[3] == 'r' && ++cycle == 3) {
        semihosting_exit();
    }
    report_line("# ", stage);
}

OUT_OF_LINE void gc_init(void *start, void *end) {
    REPORT_CALL();
    *(volatile char *)start = 0;
    *(volatile char *)end = 0;
}

FUNCTION(gc_sweep_all)
FUNCTION(mp_init)
FUNCTION(mp_deinit)

/* The second cycle leaves from boot.py. */
OUT_OF_LINE int pyexec_file_if_exists(const char *path) {
    REPORT_CALL();
    return cycle == 2 && path[0] == 'b' ? PYEXEC_FORCED_EXIT : PYEXEC_DONE;
}

/* The lines that the user typed in all cycles; every second one asks for a soft reset. */
static int lines;

OUT_OF_LINE int pyexec_friendly_repl(void) {
    REPORT_CALL();
    return ++lines % 2 == 0 ? PYEXEC_FORCED_EXIT : PYEXEC_DONE;
}

OUT_OF_LINE int pyexec_raw_repl(void) {
    REPORT_CALL();
    return ++lines % 2 == 0 ? PYEXEC_FORCED_EXIT : PYEXEC_DONE;
}

NOINLINE void __fatal_error(const char *reason) {
    REPORT_CALL();
    report_line("# ", reason);
    semihosting_exit();
}

FUNCTION(system_clock_init)
FUNCTION(led_init)
FUNCTION(flash_init)

FUNCTION(readline_init0)
FUNCTION(pin_init0)
FUNCTION(extint_init0)
FUNCTION(timer_init0)
FUNCTION(uart_init0)
FUNCTION(i2c_init0)
FUNCTION(spi_init0)
FUNCTION(can_init0)
FUNCTION(dac_init)
FUNCTION(adc_init)
FUNCTION(sdcard_init)
FUNCTION(mod_network_init)
FUNCTION(mp_bluetooth_init)
FUNCTION(mp_usbd_init)
FUNCTION(accel_init)
FUNCTION(servo_init)

FUNCTION(mp_usbd_deinit)
FUNCTION(mp_bluetooth_deinit)
FUNCTION(mod_network_deinit)
FUNCTION(sdcard_deinit)
FUNCTION(adc_deinit_all)
FUNCTION(dac_deinit_all)
FUNCTION(can_deinit_all)
FUNCTION(spi_deinit_all)
FUNCTION(i2c_deinit_all)
FUNCTION(uart_deinit_all)
FUNCTION(timer_deinit)
FUNCTION(extint_deinit)
FUNCTION(pin_deinit)

NOINLINE int first_cycle(void) {
    return cycle == 1;
}

NOINLINE int has_network(void) {
    return cycle == 1;
}

/* In the first cycle yes, yes, no at start and no at stop; in the second cycle no at
 * start, and yes, no at stop. */
static int mode_questions;

NOINLINE int mode_changed(void) {
    ++mode_questions;
    return mode_questions <= 2 || mode_questions == 6;
}

/* Raw for every second line, the first one included. */
NOINLINE int repl_is_raw(void) {
    return lines % 2 == 0;
}

/* 2 in the first cycle, 5 in the second. */
NOINLINE int boot_mode(void) {
    return 3 * cycle - 1;
}

/* An emulated clock always is. */
NOINLINE int clock_is_stable(void) {
    return cycle >= 0;
}

NOINLINE int resumes(void) {
    return cycle > 2;
}

/* The number of the level `service`. */
NOINLINE unsigned last_level(void) {
    return cycle >= 0 ? 3 : 0;
}

static const struct task *only_task;

NOINLINE void task_create(const struct task *task) {
    only_task = task;
}

NOINLINE void task_scheduler(void) {
    for (;;) {
        only_task->run(only_task->argument);
    }
}
