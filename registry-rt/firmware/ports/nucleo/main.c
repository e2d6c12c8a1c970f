/* The life of the nucleo port in the middle of its migration: run-level calls stand
 * where the calls of the drivers stood that are migrated, the other calls remain. */
#include <stdint.h>

#include "board.h"
#include "chip.h"
#include "drivers.h"
#include "mp_registry.h"
#include "report.h"
#include "runtime.h"

extern uint8_t _heap_start[], _heap_end[];

int nucleo_main(void);

int nucleo_main(void) {
    int soft_resets_left = 1;

    REPORT_STAGE("boot");
    mp_init_run_level(MP_INIT_EARLY);
    led_init();
    rtc_init();

soft_reset:
    REPORT_STAGE("start");
    gc_init(_heap_start, _heap_end);
    mp_init();
    readline_init0();
    mp_init_run_level(MP_INIT_CORE);
    uart_init0();
    soft_timer_init();
    mp_init_run_level(MP_INIT_DRIVER);
    #if BOARD_HAS_NETWORK
    mod_network_init();
    #endif
    mp_init_run_level(MP_INIT_SERVICE);

    if (script_run_file("boot.py") == 0) {
        script_run_file("main.py");
    }
    repl_run();

    REPORT_STAGE("stop");
    soft_timer_deinit();
    mp_deinit_run_level(MP_INIT_SERVICE);
    #if BOARD_HAS_NETWORK
    mod_network_deinit();
    #endif
    mp_deinit_run_level(MP_INIT_DRIVER);
    uart_deinit_all();
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
