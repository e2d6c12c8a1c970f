/* The runner behind mp_registry.h, for images whose main is written in C.
 *
 * All functions are weak: the Rust crate registry-rt defines some of the same symbols,
 * and an image may link both. */
#include "mp_registry.h"

#ifdef MP_REGISTRY_OFF

/* A file without any declaration is no C. */
struct mp_registry_off;

#else

#define WEAK __attribute__((weak, noinline))

MP_INIT_LEVEL_DEFINE(early);
MP_INIT_LEVEL_DEFINE(core);
MP_INIT_LEVEL_DEFINE(driver);
MP_INIT_LEVEL_DEFINE(service);

struct bounds {
    const mp_registry_entry_t *start;
    const mp_registry_entry_t *end;
};

static const struct bounds init_bounds[MP_INIT_NUM_LEVELS] = {
    { __mp_init_early_start, __mp_init_early_end },
    { __mp_init_core_start, __mp_init_core_end },
    { __mp_init_driver_start, __mp_init_driver_end },
    { __mp_init_service_start, __mp_init_service_end },
};

static const struct bounds deinit_bounds[MP_INIT_NUM_LEVELS] = {
    { __mp_deinit_early_start, __mp_deinit_early_end },
    { __mp_deinit_core_start, __mp_deinit_core_end },
    { __mp_deinit_driver_start, __mp_deinit_driver_end },
    { __mp_deinit_service_start, __mp_deinit_service_end },
};

/* Two symbols are two objects to the compiler, and it may conclude that their
 * addresses differ: a table without entries would then seem to have one. This hides
 * where the pointer came from. */
static inline const mp_registry_entry_t *opaque(const mp_registry_entry_t *pointer) {
    __asm__("" : "+r"(pointer));
    return pointer;
}

#ifdef MP_REGISTRY_KEYED

/* The linker sorts nothing here: one pass over the table for each priority. */
enum { PRIORITIES = 100 };

WEAK void mp_registry_run_ascending(const mp_registry_entry_t *start, const mp_registry_entry_t *end) {
    start = opaque(start);
    for (unsigned int priority = 0; priority < PRIORITIES; ++priority) {
        for (const mp_registry_entry_t *entry = start; entry != end; ++entry) {
            if (entry->priority == priority) {
                entry->func();
            }
        }
    }
}

WEAK void mp_registry_run_descending(const mp_registry_entry_t *start, const mp_registry_entry_t *end) {
    end = opaque(end);
    for (unsigned int priority = PRIORITIES; priority-- > 0;) {
        for (const mp_registry_entry_t *entry = end; entry != start;) {
            if ((--entry)->priority == priority) {
                entry->func();
            }
        }
    }
}

#else

WEAK void mp_registry_run_ascending(const mp_registry_entry_t *start, const mp_registry_entry_t *end) {
    for (start = opaque(start); start != end; ++start) {
        (*start)();
    }
}

WEAK void mp_registry_run_descending(const mp_registry_entry_t *start, const mp_registry_entry_t *end) {
    for (end = opaque(end); end != start;) {
        (*--end)();
    }
}

#endif

WEAK void mp_init_run_level(mp_init_level_t level) {
    if (level < MP_INIT_NUM_LEVELS) {
        mp_registry_run_ascending(init_bounds[level].start, init_bounds[level].end);
    }
}

WEAK void mp_deinit_run_level(mp_init_level_t level) {
    if (level < MP_INIT_NUM_LEVELS) {
        mp_registry_run_descending(deinit_bounds[level].start, deinit_bounds[level].end);
    }
}

#endif
