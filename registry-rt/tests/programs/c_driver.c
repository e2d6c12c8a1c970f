/* A driver in C for an image whose main is written in Rust. */
#include <stdio.h>

#include "mp_registry.h"

/* Flushed: Rust has a buffer of its own for the same descriptor. */
static void say(const char *line) {
    puts(line);
    fflush(stdout);
}

static void timer_init0(void) {
    say("timer_init0 (C)");
}
MP_INIT_REGISTER(driver, 10, timer_init0);

static void timer_deinit(void) {
    say("timer_deinit (C)");
}
MP_DEINIT_REGISTER(driver, 10, timer_deinit);

/* C code, too, may run a level with the runner that the image has. */
void run_core_from_c(void);

void run_core_from_c(void) {
    mp_init_run_level(MP_INIT_CORE);
}
