# Arm Cortex-M4F, half migrated: some drivers register, main calls the others by hand.
# QEMU: -machine mps2-an386.
IMAGE = c_image.mk
CROSS_CC = $(ARM_CC)
CFLAGS_PORT = -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -DPORT_MAIN=nucleo_main
LD_SCRIPT = nucleo.ld

SRC_PORT = main.c init_register.c clock.c exti.c led.c rtc.c spi.c uart.c
SRC_DRIVERS = readline.c soft_timer.c pwm.c usbd.c
SRC_SHARED = startup_cortex_m.c semihosting.c report.c runtime.c
SRC_REGISTRY = mp_registry.c
