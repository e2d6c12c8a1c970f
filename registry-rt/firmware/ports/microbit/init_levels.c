/* Runs the tables that init_levels.ld collects. */
#include "init_levels.h"

#define BOUNDS(phase, level) \
    extern const mp_init_func_t __mp_##phase##_##level##_start[], __mp_##phase##_##level##_end[]

BOUNDS(init, early);
BOUNDS(init, core);
BOUNDS(init, driver);
BOUNDS(init, service);
BOUNDS(deinit, early);
BOUNDS(deinit, core);
BOUNDS(deinit, driver);
BOUNDS(deinit, service);

/* Start and end of each table. They are compared by order below, never for equality:
 * the compiler may conclude that two symbols have two addresses, and so that an empty
 * table is not empty. */
static const mp_init_func_t *const init_tables[][2] = {
    [MP_INIT_EARLY] = { __mp_init_early_start, __mp_init_early_end },
    [MP_INIT_CORE] = { __mp_init_core_start, __mp_init_core_end },
    [MP_INIT_DRIVER] = { __mp_init_driver_start, __mp_init_driver_end },
    [MP_INIT_SERVICE] = { __mp_init_service_start, __mp_init_service_end },
};

static const mp_init_func_t *const deinit_tables[][2] = {
    [MP_INIT_EARLY] = { __mp_deinit_early_start, __mp_deinit_early_end },
    [MP_INIT_CORE] = { __mp_deinit_core_start, __mp_deinit_core_end },
    [MP_INIT_DRIVER] = { __mp_deinit_driver_start, __mp_deinit_driver_end },
    [MP_INIT_SERVICE] = { __mp_deinit_service_start, __mp_deinit_service_end },
};

void mp_init_run_level(mp_init_level_t level) {
    const mp_init_func_t *end = init_tables[level][1];
    for (const mp_init_func_t *entry = init_tables[level][0]; entry < end; ++entry) {
        (*entry)();
    }
}

void mp_deinit_run_level(mp_init_level_t level) {
    const mp_init_func_t *start = deinit_tables[level][0];
    for (const mp_init_func_t *entry = deinit_tables[level][1]; entry > start;) {
        (*--entry)();
    }
}
