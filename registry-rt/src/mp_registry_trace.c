/* A report of each call, for finding out which one takes long or never returns: two
 * lines in the format of Linux' initcall_debug, so that what reads those reads these.
 *
 * Compile this file and all that register with -DMP_REGISTRY_TRACE, and say where lines
 * go and what time it is, by the two functions below. A project that wants something
 * else defines mp_registry_trace_before and _after itself and leaves this file out. */
#include "mp_registry.h"

#if !defined(MP_REGISTRY_TRACE) || defined(MP_REGISTRY_OFF)

/* A file without any declaration is no C. */
struct mp_registry_off;

#else

/* Microseconds since reset; may wrap. */
__UINT32_TYPE__ mp_registry_trace_usecs(void);

/* Appends length bytes to the console. */
void mp_registry_trace_write(const char *text, __SIZE_TYPE__ length);

static __UINT32_TYPE__ started;

static void write_text(const char *text) {
    __SIZE_TYPE__ length = 0;
    while (text[length] != '\0') {
        ++length;
    }
    mp_registry_trace_write(text, length);
}

/* number in at least width characters, filled with fill. */
static void write_number(__UINT32_TYPE__ number, unsigned int width, char fill) {
    char digits[10];
    unsigned int first = sizeof(digits);
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (sizeof(digits) - first < width) {
        digits[--first] = fill;
    }
    mp_registry_trace_write(&digits[first], sizeof(digits) - first);
}

/* As printk stamps its lines: [    1.234567] */
static void write_time(__UINT32_TYPE__ usecs) {
    write_text("[");
    write_number(usecs / 1000000, 5, ' ');
    write_text(".");
    write_number(usecs % 1000000, 6, '0');
    write_text("] ");
}

__attribute__((weak)) void mp_registry_trace_before(const char *phase, const char *level, const char *function) {
    (void)phase;
    const __UINT32_TYPE__ now = mp_registry_trace_usecs();
    write_time(now);
    write_text("calling  ");
    write_text(function);
    write_text("+0x0/0x0 @ ");
    write_text(level);
    write_text("\n");
    started = mp_registry_trace_usecs();
}

__attribute__((weak)) void mp_registry_trace_after(const char *phase, const char *level, const char *function) {
    (void)phase;
    (void)level;
    const __UINT32_TYPE__ now = mp_registry_trace_usecs();
    write_time(now);
    write_text("initcall ");
    write_text(function);
    write_text("+0x0/0x0 returned 0 after ");
    write_number(now - started, 1, ' ');
    write_text(" usecs\n");
}

#endif
