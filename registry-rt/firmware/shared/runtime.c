#include "runtime.h"

#include <stdbool.h>
#include <stdint.h>

#include "report.h"

static uint8_t *heap_next;
static uint8_t *heap_end;
static bool interpreter_ready;

/* Kept out of line, so that main calls them as it calls their large originals. */
#define OUT_OF_LINE __attribute__((noinline))

OUT_OF_LINE void gc_init(void *start, void *end) {
    REPORT_LANDMARK();
    heap_next = start;
    heap_end = end;
}

void *gc_alloc(size_t size) {
    size = (size + 7) & ~(size_t)7;
    if ((size_t)(heap_end - heap_next) < size) {
        return NULL;
    }
    void *block = heap_next;
    heap_next += size;
    return block;
}

OUT_OF_LINE void gc_sweep_all(void) {
    REPORT_LANDMARK();
    heap_next = heap_end;
}

OUT_OF_LINE void mp_init(void) {
    REPORT_LANDMARK();
    interpreter_ready = true;
}

OUT_OF_LINE void mp_deinit(void) {
    REPORT_LANDMARK();
    interpreter_ready = false;
}

OUT_OF_LINE int script_run_file(const char *path) {
    REPORT_LANDMARK();
    /* No file system: no script is ever there. */
    return interpreter_ready && path != NULL ? 0 : -1;
}

OUT_OF_LINE void repl_run(void) {
    REPORT_LANDMARK();
    if (interpreter_ready) {
        /* A line of input lives on the heap; nobody types, so the reset comes now. */
        gc_alloc(80);
    }
}
