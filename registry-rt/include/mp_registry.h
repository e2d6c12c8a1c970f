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
 * The image needs the runner src/mp_registry.c (or the Rust crate registry-rt, which
 * brings its own) and one of the ways to place the tables, which README.md compares.
 * Macro names, section names and symbols are those of the MicroPython RFC
 * "Multi-Level Init/Deinit System" (pull request 18424). C99 or later, or C++, with
 * GCC 10 or Clang 14 or later, for ELF.
 *
 * What a project may define, for all of its files alike:
 *   MP_REGISTRY_OFF       every registration and run becomes nothing, without a warning
 *   MP_REGISTRY_RODATA    entries are ordinary read-only data; needs
 *                         -Wl,--sort-section=name and no change to a linker script
 *   MP_REGISTRY_KEYED     entries carry their priority; needs nothing of the linker
 *   MP_REGISTRY_NO_TIES   two entries with one level and priority do not link
 *   MP_REGISTRY_TRACE     each call is reported: see "Trace" below
 *   MP_REGISTRY_FILE      the file that records name, in place of __FILE__
 */
#ifndef MP_REGISTRY_H
#define MP_REGISTRY_H

/* The version of the layout in the ELF. The linker fragments define the absolute
 * symbol __mp_registry_abi with the same number, and each record states it. */
#define MP_REGISTRY_ABI_VERSION 1

#if !defined(MP_REGISTRY_OFF) && !defined(__ELF__)
#error "mp_registry.h: this target has no ELF (PE and Mach-O neither sort nor keep the entries): define MP_REGISTRY_OFF and call the functions by hand"
#endif

#if defined(MP_REGISTRY_RODATA) && defined(MP_REGISTRY_KEYED)
#error "mp_registry.h: MP_REGISTRY_RODATA and MP_REGISTRY_KEYED are two ways to place the entries: define one of them"
#endif

#ifdef __cplusplus
extern "C" {
#endif

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

/* Registering --------------------------------------------------------------- */

/* Puts func into the table of a level.
 *   level     a bare word: early, core, driver, service, or a level that
 *             MP_INIT_LEVEL declares
 *   priority  two digits, because the linker sorts text, in which 9 is after 10.
 *             Entries with the same priority run in the order of their names; with
 *             MP_REGISTRY_KEYED, in the order in which they are linked.
 *   func      void func(void), static or not
 * Costs one pointer. Anything else is an error of the compiler that says so. The
 * names are pasted before they are expanded, so that a macro called `driver` or
 * `core` somewhere in the project does no harm. */
#define MP_INIT_REGISTER(level, priority, func) \
    MP_REGISTRY_FUNCTION_(func, level##_##priority##_##func, mp_init_level_##level, 1##priority, \
        init, #level, #priority, #func, MP_REGISTRY_NOTHING_)
#define MP_DEINIT_REGISTER(level, priority, func) \
    MP_REGISTRY_FUNCTION_(func, level##_##priority##_##func, mp_init_level_##level, 1##priority, \
        deinit, #level, #priority, #func, MP_REGISTRY_NOTHING_)

/* The same, with facts that cost nothing in the image and that `initboard check`
 * holds against the order:
 *
 *     MP_INIT_REGISTER_WITH(service, 10, wifi_init, MP_AFTER(spi_init0, pin) MP_SUBSYSTEM(network)); */
#define MP_INIT_REGISTER_WITH(level, priority, func, facts) \
    MP_REGISTRY_FUNCTION_(func, level##_##priority##_##func, mp_init_level_##level, 1##priority, \
        init, #level, #priority, #func, facts)
#define MP_DEINIT_REGISTER_WITH(level, priority, func, facts) \
    MP_REGISTRY_FUNCTION_(func, level##_##priority##_##func, mp_init_level_##level, 1##priority, \
        deinit, #level, #priority, #func, facts)

/* What must have run before: functions or subsystems, one or several. */
#define MP_AFTER(...) ".asciz \"after=" #__VA_ARGS__ "\"\n"
/* What the function starts or stops, where its name does not tell. */
#define MP_SUBSYSTEM(name) ".asciz \"subsystem=" #name "\"\n"

/* For an init: that its deinit needs no call of its own, and why, so that nobody
 * misses it:
 *
 *     MP_INIT_REGISTER_WITH(driver, 20, i2s_init0, MP_SATISFIED(finaliser, "its objects have one"));
 *
 *   by        a bare word: finaliser (the heap's sweep runs it), reinit (the next init
 *             sets it back), persistent (it is meant to stay)
 *   reason    a string literal */
#define MP_SATISFIED(by, reason) \
    MP_REGISTRY_SATISFIED_(MP_SATISFIED_expects_finaliser_reinit_or_persistent_not_##by, #reason)
/* The same where main calls a function that stops something else and this, too. */
#define MP_SATISFIED_BY_CALL(func, reason) \
    MP_REGISTRY_SATISFIED_("call\",\"satisfied-call=" #func, #reason)

/* Registers the call func args, whose result is dropped:
 *
 *     MP_INIT_REGISTER_CALL(driver, 05, uart_init, (&repl_uart, 115200));
 *
 * The arguments are taken when the call is made. */
#define MP_INIT_REGISTER_CALL(level, priority, func, args) \
    MP_REGISTRY_CALL_(func args, level##_##priority##_##func, mp_init_level_##level, 1##priority, \
        init, #level, #priority, #func, MP_REGISTRY_NOTHING_)
#define MP_DEINIT_REGISTER_CALL(level, priority, func, args) \
    MP_REGISTRY_CALL_(func args, level##_##priority##_##func, mp_init_level_##level, 1##priority, \
        deinit, #level, #priority, #func, MP_REGISTRY_NOTHING_)
#define MP_INIT_REGISTER_CALL_WITH(level, priority, func, args, facts) \
    MP_REGISTRY_CALL_(func args, level##_##priority##_##func, mp_init_level_##level, 1##priority, \
        init, #level, #priority, #func, facts)
#define MP_DEINIT_REGISTER_CALL_WITH(level, priority, func, args, facts) \
    MP_REGISTRY_CALL_(func args, level##_##priority##_##func, mp_init_level_##level, 1##priority, \
        deinit, #level, #priority, #func, facts)

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

/* Running ------------------------------------------------------------------- */

#ifndef MP_REGISTRY_OFF

/* Runs the init functions of a level by ascending priority. A level without
 * entries, and a number that is no level, run nothing. Pass a constant: tools that
 * read the order from the binary look for it at the call. */
void mp_init_run_level(mp_init_level_t level);

/* Runs the deinit functions of a level by descending priority. */
void mp_deinit_run_level(mp_init_level_t level);

/* How many entries the tables of the four levels hold: for a project that states the
 * number and stops when something is missing. In src/mp_registry_count.c. */
unsigned int mp_registry_count(void);

/* The same at link time, at file scope of one file: with another number of entries in
 * the tables of the four levels the image does not link. It is a linker fragment of
 * this project that compares; where there is none, this does not compile. */
#if defined(MP_REGISTRY_RODATA) || defined(MP_REGISTRY_KEYED)
#define MP_REGISTRY_EXPECT(number) \
    MP_REGISTRY_ASSERT_((number) < 0, \
        "MP_REGISTRY_EXPECT needs a linker fragment, which MP_REGISTRY_RODATA and MP_REGISTRY_KEYED do without: compare mp_registry_count() with the number at start")
#else
#define MP_REGISTRY_EXPECT(number) \
    __asm__(".globl __mp_registry_expected\n" \
            ".set __mp_registry_expected, " #number " * " MP_REGISTRY_TEXT_(__SIZEOF_POINTER__) "\n")
#endif

/* Levels of the project's own ------------------------------------------------ */

/* MP_INIT_LEVEL(panel); at file scope declares a level; MP_INIT_RUN(panel) and
 * MP_DEINIT_RUN(panel) run it. The linker script must place its two tables as
 * link/mp_registry.ld does for the four; with MP_REGISTRY_RODATA or _KEYED, one file
 * says MP_INIT_LEVEL_DEFINE(panel); instead. Where the level stands among the others
 * is decided by where main runs it. */
#define MP_INIT_LEVEL(level) \
    extern const char mp_init_level_##level; \
    MP_REGISTRY_BOUNDS_(__mp_init_##level##_start, __mp_init_##level##_end, "mp_init_" #level); \
    MP_REGISTRY_BOUNDS_(__mp_deinit_##level##_start, __mp_deinit_##level##_end, "mp_deinit_" #level)

#define MP_INIT_RUN(level) \
    mp_registry_run_ascending(__mp_init_##level##_start, __mp_init_##level##_end)
#define MP_DEINIT_RUN(level) \
    mp_registry_run_descending(__mp_deinit_##level##_start, __mp_deinit_##level##_end)

#define MP_INIT_LEVEL_DEFINE(level) \
    __asm__(MP_REGISTRY_DEFINE_("mp_init_" #level) MP_REGISTRY_DEFINE_("mp_deinit_" #level)); \
    MP_INIT_LEVEL(level)

/* What a table holds. */
#ifdef MP_REGISTRY_KEYED
typedef struct {
    mp_init_func_t func;
    __UINTPTR_TYPE__ priority;
} mp_registry_entry_t;
#else
typedef mp_init_func_t mp_registry_entry_t;
#endif

/* What the runners do: call every function between two bounds. */
void mp_registry_run_ascending(const mp_registry_entry_t *start, const mp_registry_entry_t *end);
void mp_registry_run_descending(const mp_registry_entry_t *start, const mp_registry_entry_t *end);

/* Libraries ------------------------------------------------------------------ */

/* A linker takes a member out of an archive only for a symbol that something needs,
 * and nothing needs a registration. A file in an archive that only registers says
 * MP_REGISTRY_ANCHOR(sensors); and the image is linked with
 * -Wl,-u,mp_registry_anchor_sensors. (Or with the object itself, or --whole-archive.) */
#define MP_REGISTRY_ANCHOR(name) \
    extern const char mp_registry_anchor_##name[]; \
    __extension__ __attribute__((used)) const char mp_registry_anchor_##name[0] = {}

/* Trace ---------------------------------------------------------------------- */

/* With MP_REGISTRY_TRACE, each registered function is called between these two, which
 * the project defines, or src/mp_registry_trace.c does. Without it there is no code
 * and no text for them. */
#ifdef MP_REGISTRY_TRACE
void mp_registry_trace_before(const char *phase, const char *level, const char *function);
void mp_registry_trace_after(const char *phase, const char *level, const char *function);
#endif

/* How it is done: no part of the interface ------------------------------------- */

#define MP_REGISTRY_TEXT_(macro) MP_REGISTRY_TEXT_OF_(macro)
#define MP_REGISTRY_TEXT_OF_(tokens) #tokens

/* No facts. (An empty argument is no C++98, and looks like a mistake.) */
#define MP_REGISTRY_NOTHING_ ""

#ifdef __cplusplus
#define MP_REGISTRY_ASSERT_(condition, message) static_assert(condition, message)
/* The initialisation of the entry refuses other types by itself. */
#define MP_REGISTRY_IS_PLAIN_(func) true
/* In C++ a static constant has a mangled symbol; naming it makes the entries of both
 * languages look alike. In C an entry has that name already. */
#define MP_REGISTRY_SYMBOL_(name) __asm__(name)
#else
#define MP_REGISTRY_ASSERT_(condition, message) __extension__ _Static_assert(condition, message)
#define MP_REGISTRY_IS_PLAIN_(func) __builtin_types_compatible_p(__typeof__(&(func)), mp_init_func_t)
#define MP_REGISTRY_SYMBOL_(name)
#endif

#define MP_REGISTRY_FUNCTION_(func, place, declared, number, phase, level, priority, name, facts) \
    MP_REGISTRY_ASSERT_(MP_REGISTRY_IS_PLAIN_(func), \
        name " cannot be registered: expected void " name "(void); for a call with arguments or a result use MP_INIT_REGISTER_CALL"); \
    MP_REGISTRY_WRAPPED_(func, __mp_trace_##phase##_##place, #phase, level, name) \
    MP_REGISTRY_ENTRY_(MP_REGISTRY_TARGET_(func, __mp_trace_##phase##_##place), \
        __mp_##phase##_##place, declared, number, #phase, level, priority, name, facts)

#define MP_REGISTRY_CALL_(call, place, declared, number, phase, level, priority, name, facts) \
    static void __mp_call_##phase##_##place(void) { \
        MP_REGISTRY_BEFORE_(#phase, level, name) \
        (void)call; \
        MP_REGISTRY_AFTER_(#phase, level, name) \
    } \
    MP_REGISTRY_ENTRY_(__mp_call_##phase##_##place, \
        __mp_##phase##_##place, declared, number, #phase, level, priority, name, facts)

/* `declared` is undeclared where the level is; `number` is the priority with a 1 in
 * front, so that a leading zero makes it neither octal nor shorter. Divided, because
 * e2 then makes it 1e2: a floating-point number that is a hundred. */
#define MP_REGISTRY_ENTRY_(target, entry, declared, number, phase, level, priority, name, facts) \
    MP_REGISTRY_ASSERT_(sizeof(declared) == 1 && number >= 100 && number / 200 == 0 && sizeof(priority) == 3, \
        "priority " priority " of " name " must be two digits, 00 to 99: the linker sorts it as text, in which 9 is after 10"); \
    __asm__(MP_REGISTRY_RECORD_(phase, level, priority, name, facts)); \
    static const mp_registry_entry_t entry MP_REGISTRY_SYMBOL_("__mp_" phase "_" level "_" priority "_" name) \
    __attribute__((used, MP_REGISTRY_PLACE_("mp_" phase "_" level, "." priority "." name))) = \
        MP_REGISTRY_VALUE_(target, number)

/* The record: strings in a section that is not loaded. They name the entry and do not
 * refer to it, so that they neither keep it nor break when it is renamed. */
#define MP_REGISTRY_RECORD_(phase, level, priority, name, facts) \
    ".pushsection .mp_records,\"\",%progbits\n" \
    ".asciz \"abi=" MP_REGISTRY_TEXT_(MP_REGISTRY_ABI_VERSION) "\",\"phase=" phase "\",\"level=" level "\"\n" \
    ".asciz \"priority=" priority "\",\"function=" name "\"\n" \
    ".asciz \"line=" MP_REGISTRY_TEXT_(__LINE__) "\"\n" \
    facts \
    ".asciz \"file=" MP_REGISTRY_FILE "\",\"\"\n" \
    MP_REGISTRY_CLAIM_("mp_registry_tie_at_" phase "_" level "_" priority) \
    ".popsection\n"

#ifndef MP_REGISTRY_FILE
#define MP_REGISTRY_FILE __FILE__
#endif

/* The words that MP_SATISFIED takes. With another one, the compiler meets a name that
 * there is not, and quotes it. */
#define MP_SATISFIED_expects_finaliser_reinit_or_persistent_not_finaliser "finaliser"
#define MP_SATISFIED_expects_finaliser_reinit_or_persistent_not_reinit "reinit"
#define MP_SATISFIED_expects_finaliser_reinit_or_persistent_not_persistent "persistent"
/* The reason comes as it stands in the source, so that the assembler takes what it
 * escapes for the same. */
#define MP_REGISTRY_SATISFIED_(means, reason) \
    ".asciz \"satisfied=" means "\"\n" \
    ".ascii \"satisfied-reason=\"," reason "\n.byte 0\n"

#ifdef MP_REGISTRY_NO_TIES
#define MP_REGISTRY_CLAIM_(symbol) ".globl " symbol "\n" symbol ":\n"
#else
#define MP_REGISTRY_CLAIM_(symbol)
#endif

#ifdef MP_REGISTRY_TRACE
#define MP_REGISTRY_BEFORE_(phase, level, name) mp_registry_trace_before(phase, level, name);
#define MP_REGISTRY_AFTER_(phase, level, name) mp_registry_trace_after(phase, level, name);
#define MP_REGISTRY_TARGET_(func, wrapper) wrapper
#define MP_REGISTRY_WRAPPED_(func, wrapper, phase, level, name) \
    static void wrapper(void) { \
        mp_registry_trace_before(phase, level, name); \
        func(); \
        mp_registry_trace_after(phase, level, name); \
    }
#else
#define MP_REGISTRY_BEFORE_(phase, level, name)
#define MP_REGISTRY_AFTER_(phase, level, name)
#define MP_REGISTRY_TARGET_(func, wrapper) func
#define MP_REGISTRY_WRAPPED_(func, wrapper, phase, level, name)
#endif

#if defined(__GNUC__) && !defined(__clang__)
/* GCC writes the name of a section as it is given, and for Arm and Xtensa has no other
 * way to a section that garbage collection keeps: what follows the name is the rest
 * of the directive, and a comment takes what GCC adds. */
#ifdef __arm__
#define MP_REGISTRY_KEPT_(name) section(name ",\"aR\",%progbits @")
#else
#define MP_REGISTRY_KEPT_(name) section(name ",\"aR\",%progbits #")
#endif
#else
#define MP_REGISTRY_KEPT_(name) retain, section(name)
#endif

/* Hidden: the bounds belong to this image, so that position-independent code
 * reaches them without a table of addresses. */
#define MP_REGISTRY_BOUND_(bound, symbol) \
    extern const mp_registry_entry_t bound[] symbol __attribute__((visibility("hidden")))

#if defined(MP_REGISTRY_KEYED)

/* Sections whose names are C identifiers, which the linker bounds by itself. */
#define MP_REGISTRY_PLACE_(table, sorted) MP_REGISTRY_KEPT_(table)
#define MP_REGISTRY_VALUE_(target, number) { target, number - 100 }
#define MP_REGISTRY_BOUNDS_(start, end, table) \
    MP_REGISTRY_BOUND_(start, __asm__("__start_" table)); MP_REGISTRY_BOUND_(end, __asm__("__stop_" table))
/* The linker makes the bounds of sections that are there, be they empty. */
#define MP_REGISTRY_DEFINE_(table) ".pushsection " table ",\"aR\",%progbits\n.popsection\n"

#else

#define MP_REGISTRY_VALUE_(target, number) target
#define MP_REGISTRY_BOUNDS_(start, end, table) \
    MP_REGISTRY_BOUND_(start, ); MP_REGISTRY_BOUND_(end, )

#if defined(MP_REGISTRY_RODATA)

/* Input sections that any script places and sorts with the rest of its read-only data,
 * between two that sort before and after every priority. */
#define MP_REGISTRY_PLACE_(table, sorted) MP_REGISTRY_KEPT_(".rodata." table sorted)
#define MP_REGISTRY_DEFINE_(table) \
    MP_REGISTRY_DEFINE_BOUND_("__" table "_start", ".rodata." table) \
    MP_REGISTRY_DEFINE_BOUND_("__" table "_end", ".rodata." table ".end")
/* Weak, so that the runners of C and of Rust may stand in one image. */
#define MP_REGISTRY_DEFINE_BOUND_(symbol, section) \
    ".pushsection " section ",\"aR\",%progbits\n" \
    ".balign " MP_REGISTRY_TEXT_(__SIZEOF_POINTER__) "\n" \
    ".weak " symbol "\n.hidden " symbol "\n" symbol ":\n" \
    ".popsection\n"

#else

/* Input sections that a linker fragment of link/ collects, sorts and bounds. */
#define MP_REGISTRY_PLACE_(table, sorted) section("." table sorted)
#define MP_REGISTRY_DEFINE_(table) ""

#endif
#endif

/* The levels of the RFC, for registrations to name. */
extern const char mp_init_level_early, mp_init_level_core, mp_init_level_driver, mp_init_level_service;

#else /* MP_REGISTRY_OFF */

/* Nothing is registered or run. A function that only its registration names is still
 * named, in code that is never made, so that nobody calls it unused. */
#define MP_REGISTRY_FUNCTION_(func, place, declared, number, phase, level, priority, name, facts) \
    MP_REGISTRY_NAMED_(func, __mp_##phase##_##place)
#define MP_REGISTRY_CALL_(call, place, declared, number, phase, level, priority, name, facts) \
    MP_REGISTRY_NAMED_(call, __mp_##phase##_##place)
#define MP_REGISTRY_NAMED_(used, by) \
    static __inline__ __attribute__((unused)) void by(void) { \
        (void)used; \
    } \
    struct mp_registry_off

#define mp_init_run_level(level) ((void)(level))
#define mp_deinit_run_level(level) ((void)(level))
#define mp_registry_count() 0u
#define MP_INIT_LEVEL(level) struct mp_registry_off
#define MP_INIT_LEVEL_DEFINE(level) struct mp_registry_off
#define MP_INIT_RUN(level) ((void)0)
#define MP_DEINIT_RUN(level) ((void)0)
#define MP_REGISTRY_EXPECT(number) struct mp_registry_off
#define MP_REGISTRY_ANCHOR(name) struct mp_registry_off

#endif /* MP_REGISTRY_OFF */

#ifdef __cplusplus
}
#endif

#endif
