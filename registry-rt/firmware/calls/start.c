/* The first instructions of each image, and output where shared/semihosting.c knows no
 * way: 32-bit Arm (A32), 64-bit RISC-V and Linux.
 *
 * Nothing is copied or cleared: the loader, QEMU or Linux, puts every segment where the
 * code expects it. */
#include <stdint.h>

#include "semihosting.h"

int main(void);
void _start(void);

#if defined(__thumb__)

/* The processor itself sets the stack. */
__attribute__((noreturn)) void _start(void) {
    main();
    semihosting_exit();
}

extern uint32_t stack_top[];

/* Stack and reset: the least of an Arm-M vector table. Nothing here takes interrupts. */
__attribute__((used, section(".vectors")))
static const uintptr_t vectors[2] = { (uintptr_t)stack_top, (uintptr_t)_start };

#else

__attribute__((used, noreturn)) static void start_main(void) {
    main();
    semihosting_exit();
}

__attribute__((naked, section(".text.start"))) void _start(void) {
    __asm__ volatile (
        #if defined(__arm__)
        "ldr sp, =stack_top\n"
        "b start_main\n"
        #elif defined(__riscv)
        "la sp, stack_top\n"
        "j start_main\n"
        #elif defined(__x86_64__)
        "xorl %ebp, %ebp\n"
        "call start_main\n"
        #endif
        );
}

#endif

#if (defined(__arm__) && !defined(__thumb__)) || (defined(__riscv) && __riscv_xlen == 64)

/* Operations of "Semihosting for AArch32 and AArch64"; ":tt" opened for writing is
 * standard output. */
enum {
    SYS_OPEN = 0x01,
    SYS_WRITE = 0x05,
    SYS_EXIT = 0x18,
};
enum { OPEN_MODE_WRITE = 4 };
enum { STOPPED_APPLICATION_EXIT = 0x20026 };

static intptr_t semihosting_call(uintptr_t operation, uintptr_t argument) {
    #if defined(__arm__)
    register uintptr_t r0 __asm__("r0") = operation;
    register uintptr_t r1 __asm__("r1") = argument;
    __asm__ volatile ("svc 0x123456" : "+r"(r0) : "r"(r1) : "memory", "lr");
    return (intptr_t)r0;
    #else
    register uintptr_t a0 __asm__("a0") = operation;
    register uintptr_t a1 __asm__("a1") = argument;
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
    #endif
}

void semihosting_write(const char *text, size_t length) {
    static intptr_t console;
    if (console == 0) {
        static const uintptr_t open[] = { (uintptr_t)":tt", OPEN_MODE_WRITE, 3 };
        console = semihosting_call(SYS_OPEN, (uintptr_t)open);
    }
    const uintptr_t write[] = { (uintptr_t)console, (uintptr_t)text, length };
    semihosting_call(SYS_WRITE, (uintptr_t)write);
}

void semihosting_exit(void) {
    /* 64-bit machines take the address of a reason and a status, others a reason. */
    static const uintptr_t block[] = { STOPPED_APPLICATION_EXIT, 0 };
    for (;;) {
        semihosting_call(SYS_EXIT, sizeof(block) == 16 ? (uintptr_t)block : block[0]);
    }
}

#elif defined(__x86_64__)

/* System calls of Linux. */
enum {
    SYS_WRITE = 1,
    SYS_EXIT_GROUP = 231,
};

static long system_call(long number, long first, long second, long third) {
    __asm__ volatile ("syscall" : "+a"(number)
        : "D"(first), "S"(second), "d"(third) : "rcx", "r11", "memory");
    return number;
}

void semihosting_write(const char *text, size_t length) {
    system_call(SYS_WRITE, 1, (long)text, (long)length);
}

void semihosting_exit(void) {
    for (;;) {
        system_call(SYS_EXIT_GROUP, 0, 0, 0);
    }
}

#endif
