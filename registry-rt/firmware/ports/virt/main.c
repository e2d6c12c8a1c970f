/* The life of the virt port, with every call written out: firmware as it is before
 * anyone migrates it. */
#include <stdint.h>

#include "board.h"
#include "drivers.h"
#include "machine.h"
#include "report.h"
#include "runtime.h"

extern uint8_t _heap_start[], _heap_end[];

int main(void);

int main(void) {
    int soft_resets_left = 1;

    REPORT_STAGE("boot");
    machine_clock_init();
    machine_uart_init0();

soft_reset:
    REPORT_STAGE("start");
    gc_init(_heap_start, _heap_end);
    mp_init();
    readline_init0();
    soft_timer_init();
    machine_pins_init();
    machine_timer_init0();
    #if BOARD_HAS_CAN
    machine_can_init0();
    machine_dac_init();
    #endif
    #if BOARD_HAS_I2S
    machine_i2s_init0();
    #endif
    #if BOARD_HAS_NETWORK
    mod_network_init();
    #endif
    #if BOARD_HAS_BLUETOOTH
    mp_bluetooth_hci_init();
    #endif
    mp_usbd_init();

    if (script_run_file("boot.py") == 0) {
        script_run_file("main.py");
    }
    repl_run();

    /* I2S is missing here, as it was on more than one real port: a channel that
     * streams goes on streaming into the next heap. */
    REPORT_STAGE("stop");
    #if BOARD_HAS_NETWORK
    mod_network_deinit();
    #endif
    #if BOARD_HAS_BLUETOOTH
    mp_bluetooth_deinit();
    #endif
    #if BOARD_HAS_CAN
    machine_dac_deinit_all();
    machine_can_deinit_all();
    #endif
    machine_pwm_deinit_all();
    machine_timer_deinit_all();
    machine_pins_deinit();
    mp_usbd_deinit();
    soft_timer_deinit();
    gc_sweep_all();
    mp_deinit();

    if (soft_resets_left-- > 0) {
        goto soft_reset;
    }

    REPORT_STAGE("off");
    machine_uart_deinit_all();
    machine_clock_deinit();
    return 0;
}
