/* The number of entries, apart from the runner because few projects ask for it. */
#include "mp_registry.h"

#ifdef MP_REGISTRY_OFF

/* A file without any declaration is no C. */
struct mp_registry_off;

#else

MP_INIT_LEVEL(early);
MP_INIT_LEVEL(core);
MP_INIT_LEVEL(driver);
MP_INIT_LEVEL(service);

#define ENTRIES(level) \
    (size_of(__mp_init_##level##_start, __mp_init_##level##_end) \
     + size_of(__mp_deinit_##level##_start, __mp_deinit_##level##_end))

/* Compared as numbers: two symbols are two objects to the compiler, and a difference of
 * pointers into two objects means nothing to it. */
static unsigned int size_of(const mp_registry_entry_t *start, const mp_registry_entry_t *end) {
    return (unsigned int)(((__UINTPTR_TYPE__)end - (__UINTPTR_TYPE__)start) / sizeof(*start));
}

__attribute__((weak)) unsigned int mp_registry_count(void) {
    return ENTRIES(early) + ENTRIES(core) + ENTRIES(driver) + ENTRIES(service);
}

#endif
