#include "report.h"

#include <stddef.h>

#include "semihosting.h"

static void write_text(const char *text) {
    size_t length = 0;
    while (text[length] != '\0') {
        ++length;
    }
    semihosting_write(text, length);
}

void report_line(const char *prefix, const char *text) {
    write_text(prefix);
    write_text(text);
    write_text("\n");
}
