/* The runner behind mp_registry.h, for images whose main is written in C.
 *
 * All functions are weak: the Rust crate registry-rt defines two of the same symbols,
 * and an image may link both. */
#include "mp_registry.h"

#define WEAK __attribute__((weak, noinline))

MP_INIT_LEVEL(early);
MP_INIT_LEVEL(core);
MP_INIT_LEVEL(driver);
MP_INIT_LEVEL(service);

struct bounds {
    const mp_init_func_t *start;
    const mp_init_func_t *end;
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
static inline const mp_init_func_t *opaque(const mp_init_func_t *pointer) {
    __asm__("" : "+r"(pointer));
    return pointer;
}

WEAK void mp_registry_run_ascending(const mp_init_func_t *start, const mp_init_func_t *end) {
    for (start = opaque(start); start != end; ++start) {
        (*start)();
    }
}

WEAK void mp_registry_run_descending(const mp_init_func_t *start, const mp_init_func_t *end) {
    for (end = opaque(end); end != start;) {
        (*--end)();
    }
}

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
