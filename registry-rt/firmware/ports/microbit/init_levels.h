/* The macros of the MicroPython RFC "Multi-Level Init/Deinit System" (pull request
 * 18424) and nothing more: this port shows what firmware looks like that was migrated
 * before registry-rt. Its images read the same, without an ABI version. */
#ifndef INIT_LEVELS_H
#define INIT_LEVELS_H

typedef void (*mp_init_func_t)(void);

typedef enum {
    MP_INIT_EARLY,
    MP_INIT_CORE,
    MP_INIT_DRIVER,
    MP_INIT_SERVICE,
    MP_INIT_NUM_LEVELS
} mp_init_level_t;

#define MP_INIT_REGISTER(level, priority, func) \
    __attribute__((used, section(".mp_init_" #level "." #priority "." #func))) \
    static const mp_init_func_t __mp_init_##level##_##priority##_##func = func

#define MP_DEINIT_REGISTER(level, priority, func) \
    __attribute__((used, section(".mp_deinit_" #level "." #priority "." #func))) \
    static const mp_init_func_t __mp_deinit_##level##_##priority##_##func = func

void mp_init_run_level(mp_init_level_t level);
void mp_deinit_run_level(mp_init_level_t level);

#endif
