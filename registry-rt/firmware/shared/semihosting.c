#include "semihosting.h"

#include <stdint.h>

/* Operations of "Semihosting for AArch32 and AArch64" (Arm); RISC-V took over the
 * numbers in its own semihosting specification. */
enum {
    SYS_OPEN = 0x01,
    SYS_WRITE = 0x05,
    SYS_EXIT = 0x18,
};

/* ":tt" opened for writing is the host's standard output. */
static const char console_path[] = ":tt";
enum { OPEN_MODE_WRITE = 4 };

/* The reason "application exit", which emulators turn into status 0. */
enum { STOPPED_APPLICATION_EXIT = 0x20026 };

#if defined(__arm__)
static intptr_t semihosting_call(uintptr_t operation, uintptr_t argument) {
    register uintptr_t r0 __asm__("r0") = operation;
    register uintptr_t r1 __asm__("r1") = argument;
    __asm__ volatile ("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (intptr_t)r0;
}
#elif defined(__riscv)
static intptr_t semihosting_call(uintptr_t operation, uintptr_t argument) {
    register uintptr_t a0 __asm__("a0") = operation;
    register uintptr_t a1 __asm__("a1") = argument;
    /* The three instructions mark the call; they must be uncompressed and must not
     * straddle a page. */
    __asm__ volatile (
        ".option push\n"
        ".option norvc\n"
        ".balign 16\n"
        "slli x0, x0, 0x1f\n"
        "ebreak\n"
        "srai x0, x0, 7\n"
        ".option pop\n"
        : "+r"(a0) : "r"(a1) : "memory");
    return (intptr_t)a0;
}
#endif

void semihosting_write(const char *text, size_t length) {
    static intptr_t console = -1;
    if (console == -1) {
        static const uintptr_t open[] = {
            (uintptr_t)console_path, OPEN_MODE_WRITE, sizeof(console_path) - 1
        };
        console = semihosting_call(SYS_OPEN, (uintptr_t)open);
    }
    const uintptr_t write[] = { (uintptr_t)console, (uintptr_t)text, length };
    semihosting_call(SYS_WRITE, (uintptr_t)write);
}

void semihosting_exit(void) {
    for (;;) {
        semihosting_call(SYS_EXIT, STOPPED_APPLICATION_EXIT);
    }
}
