/* Vector table and reset handler for the Cortex-M ports: initialise memory as the C
 * language wants it, then enter the port's main
 * function (PORT_MAIN, given by its port.mk). */
#include <stdint.h>

#include "semihosting.h"

extern uint32_t _stack_top[];
extern uint32_t _data_load[], _data_start[], _data_end[];
extern uint32_t _bss_start[], _bss_end[];

int PORT_MAIN(void);
void Reset_Handler(void);

static void unexpected_handler(void) {
    for (;;) {
    }
}

void Reset_Handler(void) {
    const uint32_t *load = _data_load;
    for (uint32_t *word = _data_start; word < _data_end; ++word) {
        *word = *load++;
    }
    for (uint32_t *word = _bss_start; word < _bss_end; ++word) {
        *word = 0;
    }
    #if defined(__ARM_FP)
    /* CPACR: give this code the floating-point unit that it was compiled for. */
    *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20;
    __asm__ volatile ("dsb\nisb");
    #endif
    PORT_MAIN();
    semihosting_exit();
}

/* Stack, reset, NMI, hard fault and what else is configured: the Armv6-M table. */
__attribute__((used, section(".isr_vector")))
static const uintptr_t vectors[16] = {
    (uintptr_t)_stack_top,
    (uintptr_t)Reset_Handler,
    (uintptr_t)unexpected_handler,
    (uintptr_t)unexpected_handler,
    [11] = (uintptr_t)unexpected_handler,
    [14] = (uintptr_t)unexpected_handler,
    [15] = (uintptr_t)unexpected_handler,
};
