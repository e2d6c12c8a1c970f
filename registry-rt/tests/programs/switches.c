/* The interface that a project switches: see tests/host/switches.rs. */
#include <stdint.h>
#include <stdio.h>

#include "mp_registry.h"

static void timer_init0(void) {
    puts("timer_init0");
}
MP_INIT_REGISTER(driver, 00, timer_init0);

static void timer_deinit(void) {
    puts("timer_deinit");
}
MP_DEINIT_REGISTER_WITH(driver, 00, timer_deinit, MP_AFTER(uart));

static int uart_init(int baud) {
    printf("uart_init %d\n", baud);
    return baud;
}
MP_INIT_REGISTER_CALL_WITH(driver, 10, uart_init, (115200), MP_SUBSYSTEM(uart));

MP_INIT_LEVEL(early);
MP_REGISTRY_EXPECT(3);
MP_REGISTRY_ANCHOR(switches);

uint32_t mp_registry_trace_usecs(void);
void mp_registry_trace_write(const char *text, size_t length);

/* A clock that is about to pass a second. */
uint32_t mp_registry_trace_usecs(void) {
    static uint32_t now = 999997;
    return ++now;
}

void mp_registry_trace_write(const char *text, size_t length) {
    fwrite(text, 1, length, stdout);
}

int main(void) {
    printf("%u entries\n", mp_registry_count());
    MP_INIT_RUN(early);
    mp_init_run_level(MP_INIT_DRIVER);
    mp_deinit_run_level(MP_INIT_DRIVER);
    MP_DEINIT_RUN(early);
    return 0;
}
