/* What stands around the program on each machine. */
#include "say.h"

int program(void);

#if defined(__x86_64__)

#include <stdio.h>

void say(const char *line) {
    puts(line);
}

int main(void) {
    return program();
}

#elif defined(__xtensa__)

/* Never run. */
void say(const char *line) {
    (void)line;
}

void _start(void);

void _start(void) {
    program();
}

#else

#include <stdint.h>

#include "report.h"
#include "semihosting.h"

void say(const char *line) {
    report_line("", line);
}

#if defined(__riscv)

extern uint32_t _data_load[], _data_start[], _data_end[];
extern uint32_t _bss_start[], _bss_end[];

void start_program(void);

__attribute__((noreturn, used)) void start_program(void) {
    const uint32_t *load = _data_load;
    for (uint32_t *word = _data_start; word < _data_end; ++word) {
        *word = *load++;
    }
    for (uint32_t *word = _bss_start; word < _bss_end; ++word) {
        *word = 0;
    }
    program();
    semihosting_exit();
}

void _start(void);

__attribute__((naked, section(".isr_vector"))) void _start(void) {
    __asm__ volatile (
        "la sp, _stack_top\n"
        "la t0, start_program\n"
        "jr t0\n");
}

#endif
#endif
