/* Init and deinit functions that register themselves.
 *
 * A driver says, in its own file, at which level and priority its functions run;
 * the linker collects one pointer per function and sorts them; main runs the
 * levels:
 *
 *     static void timer_init0(void) { ... }
 *     MP_INIT_REGISTER(driver, 00, timer_init0);
 *
 *     mp_init_run_level(MP_INIT_DRIVER);
 *
 * The image needs a linker fragment from link/ and the runner src/mp_registry.c
 * (or the Rust crate registry-rt, which brings its own runner). Macro names,
 * section names and symbols are those of the MicroPython RFC "Multi-Level
 * Init/Deinit System" (pull request 18424). C99 or later, or C++, with GCC or
 * Clang.
 */
#ifndef MP_REGISTRY_H
#define MP_REGISTRY_H

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the layout in the ELF. The linker fragments define the absolute
 * symbol __mp_registry_abi with the same number. */
#define MP_REGISTRY_ABI_VERSION 1

/* The levels, in the order in which main runs them at start; it stops them in the
 * opposite order.
 *   early    before the heap exists: clocks, memory protection
 *   core     what drivers stand on: pins, interrupts, timers
 *   driver   peripherals
 *   service  what builds on drivers: USB device, Bluetooth, network */
enum {
    MP_INIT_EARLY,
    MP_INIT_CORE,
    MP_INIT_DRIVER,
    MP_INIT_SERVICE,
    MP_INIT_NUM_LEVELS
};

/* Not the enum itself: Arm's bare-metal ABI makes that a single byte, and the
 * runner must have one signature for C, C++ and Rust. */
typedef unsigned int mp_init_level_t;

typedef void (*mp_init_func_t)(void);

/* Runs the init functions of a level by ascending priority. A level without
 * entries, and a number that is no level, run nothing. Pass a constant: tools that
 * read the order from the binary look for it at the call. */
void mp_init_run_level(mp_init_level_t level);

/* Runs the deinit functions of a level by descending priority. */
void mp_deinit_run_level(mp_init_level_t level);

/* Puts func into the table of a level.
 *   level     a bare word: early, core, driver, service, or a level of the project
 *   priority  two digits. The linker sorts it as text, so 9 would run after 10;
 *             entries with the same priority run in the order of their names.
 *   func      void func(void), static or not
 * Costs one pointer. The names are pasted before they are expanded, so that a macro
 * called `driver` or `core` somewhere in the project does no harm. */
#define MP_INIT_REGISTER(level, priority, func) \
    static const mp_init_func_t __mp_init_##level##_##priority##_##func \
    MP_REGISTRY_ENTRY_("init", #level, #priority, #func) = func

#define MP_DEINIT_REGISTER(level, priority, func) \
    static const mp_init_func_t __mp_deinit_##level##_##priority##_##func \
    MP_REGISTRY_ENTRY_("deinit", #level, #priority, #func) = func

/* The same with the level in the name. (The enumerators above have the names of
 * some of these; the preprocessor takes a name for the macro only before a
 * parenthesis.) */
#define MP_INIT_EARLY(priority, func) MP_INIT_REGISTER(early, priority, func)
#define MP_INIT_CORE(priority, func) MP_INIT_REGISTER(core, priority, func)
#define MP_INIT_DRIVER(priority, func) MP_INIT_REGISTER(driver, priority, func)
#define MP_INIT_SERVICE(priority, func) MP_INIT_REGISTER(service, priority, func)

#define MP_DEINIT_EARLY(priority, func) MP_DEINIT_REGISTER(early, priority, func)
#define MP_DEINIT_CORE(priority, func) MP_DEINIT_REGISTER(core, priority, func)
#define MP_DEINIT_DRIVER(priority, func) MP_DEINIT_REGISTER(driver, priority, func)
#define MP_DEINIT_SERVICE(priority, func) MP_DEINIT_REGISTER(service, priority, func)

/* A level of the project's own. MP_INIT_LEVEL(panel); at file scope declares it,
 * MP_INIT_RUN(panel) and MP_DEINIT_RUN(panel) run it; the linker script must place
 * its two tables as link/mp_registry.ld does for the four. Where it stands among
 * the others is decided by where main runs it. */
#define MP_INIT_LEVEL(level) \
    MP_REGISTRY_BOUND_(__mp_init_##level##_start); \
    MP_REGISTRY_BOUND_(__mp_init_##level##_end); \
    MP_REGISTRY_BOUND_(__mp_deinit_##level##_start); \
    MP_REGISTRY_BOUND_(__mp_deinit_##level##_end)

#define MP_INIT_RUN(level) \
    mp_registry_run_ascending(__mp_init_##level##_start, __mp_init_##level##_end)
#define MP_DEINIT_RUN(level) \
    mp_registry_run_descending(__mp_deinit_##level##_start, __mp_deinit_##level##_end)

/* What the runners do: call every function between two bounds. */
void mp_registry_run_ascending(const mp_init_func_t *start, const mp_init_func_t *end);
void mp_registry_run_descending(const mp_init_func_t *start, const mp_init_func_t *end);

/* In C++ a static constant has a mangled symbol; naming it makes the entries of both
 * languages look alike. In C an entry has that name already. */
#ifdef __cplusplus
#define MP_REGISTRY_SYMBOL_(name) __asm__(name)
#else
#define MP_REGISTRY_SYMBOL_(name)
#endif

#define MP_REGISTRY_ENTRY_(phase, level, priority, func) \
    MP_REGISTRY_SYMBOL_("__mp_" phase "_" level "_" priority "_" func) \
    __attribute__((used, section(".mp_" phase "_" level "." priority "." func)))

/* Hidden: the bounds belong to this image, so that position-independent code
 * reaches them without a table of addresses. */
#define MP_REGISTRY_BOUND_(name) \
    extern const mp_init_func_t name[] __attribute__((visibility("hidden")))

#ifdef __cplusplus
}
#endif

#endif
