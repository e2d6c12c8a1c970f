/* First instructions of the virt port: a stack, cleared memory, then main. */
#include <stdint.h>

#include "semihosting.h"

extern uint32_t _bss_start[], _bss_end[];

int main(void);

void start_main(void);

__attribute__((noreturn)) void start_main(void) {
    for (uint32_t *word = _bss_start; word < _bss_end; ++word) {
        *word = 0;
    }
    main();
    semihosting_exit();
}

void _start(void);

__attribute__((naked, section(".text.start"))) void _start(void) {
    __asm__ volatile (
        "la sp, _stack_top\n"
        "j start_main\n");
}
