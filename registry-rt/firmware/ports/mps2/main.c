/* The life of the mps2 port: boot, then soft-reset cycles, then off.
 *
 * Nothing here names a driver; each says in its own file, or in init_register.c, at
 * which level it runs. */
#include <stdint.h>

#include "mp_registry.h"
#include "report.h"
#include "runtime.h"

extern uint8_t _heap_start[], _heap_end[];

int mps2_main(void);

int mps2_main(void) {
    int soft_resets_left = 1;

    REPORT_STAGE("boot");
    mp_init_run_level(MP_INIT_EARLY);

soft_reset:
    REPORT_STAGE("start");
    gc_init(_heap_start, _heap_end);
    mp_init();
    mp_init_run_level(MP_INIT_CORE);
    mp_init_run_level(MP_INIT_DRIVER);
    mp_init_run_level(MP_INIT_SERVICE);

    if (script_run_file("boot.py") == 0) {
        script_run_file("main.py");
    }
    repl_run();

    REPORT_STAGE("stop");
    mp_deinit_run_level(MP_INIT_SERVICE);
    mp_deinit_run_level(MP_INIT_DRIVER);
    mp_deinit_run_level(MP_INIT_CORE);
    gc_sweep_all();
    mp_deinit();

    if (soft_resets_left-- > 0) {
        goto soft_reset;
    }

    REPORT_STAGE("off");
    mp_deinit_run_level(MP_INIT_EARLY);
    return 0;
}
