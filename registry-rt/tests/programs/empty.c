/* Every level is empty, and the compiler sees the bounds of two of them as constants. */
#include <stdio.h>

#include "mp_registry.h"

MP_INIT_LEVEL(core);

int main(void) {
    for (mp_init_level_t level = 0; level < MP_INIT_NUM_LEVELS; ++level) {
        mp_init_run_level(level);
        mp_deinit_run_level(level);
    }
    MP_INIT_RUN(core);
    MP_DEINIT_RUN(core);
    puts("nothing ran");
    return 0;
}
