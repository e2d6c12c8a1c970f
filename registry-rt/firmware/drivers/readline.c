/* Line editing for the REPL. */
#include "drivers.h"
#include "report.h"

#define HISTORY_LINES 8

static const char *history[HISTORY_LINES];

/* The history lives on the heap, which is new after a soft reset. */
void readline_init0(void) {
    REPORT_CALL();
    for (int line = 0; line < HISTORY_LINES; ++line) {
        history[line] = 0;
    }
}
