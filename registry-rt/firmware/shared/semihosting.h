/* Output and exit through the debugger's (here: QEMU's) semihosting calls, the same
 * on every bare-metal port. */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stddef.h>

/* Appends length bytes to the standard output of the host. */
void semihosting_write(const char *text, size_t length);

/* Ends the emulation with status 0. */
__attribute__((noreturn)) void semihosting_exit(void);

#endif
