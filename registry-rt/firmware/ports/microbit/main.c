/* The life of the microbit port. A soft reset leaves the inner part by a label, so
 * that errors while starting and the end of the REPL take the same way out. */
#include <stdint.h>

#include "init_levels.h"
#include "report.h"
#include "runtime.h"

extern uint8_t _heap_start[], _heap_end[];

int main(void);

int main(void) {
    REPORT_STAGE("boot");
    mp_init_run_level(MP_INIT_EARLY);

    for (int soft_resets_left = 1; soft_resets_left >= 0; --soft_resets_left) {
        REPORT_STAGE("start");
        gc_init(_heap_start, _heap_end);
        mp_init();
        mp_init_run_level(MP_INIT_CORE);
        mp_init_run_level(MP_INIT_DRIVER);
        mp_init_run_level(MP_INIT_SERVICE);

        if (script_run_file("boot.py") != 0) {
            goto soft_reset_exit;
        }
        script_run_file("main.py");
        repl_run();

    soft_reset_exit:
        REPORT_STAGE("stop");
        mp_deinit_run_level(MP_INIT_SERVICE);
        mp_deinit_run_level(MP_INIT_DRIVER);
        mp_deinit_run_level(MP_INIT_CORE);
        gc_sweep_all();
        mp_deinit();
    }

    REPORT_STAGE("off");
    mp_deinit_run_level(MP_INIT_EARLY);
    return 0;
}
