# Arm Cortex-M0+, written with the RFC's macros alone. QEMU: -machine microbit.
IMAGE = c_image.mk
CROSS_CC = $(ARM_CC)
CFLAGS_PORT = -mcpu=cortex-m0plus -mthumb -DPORT_MAIN=main
LD_SCRIPT = microbit.ld

SRC_PORT = main.c init_levels.c init_register.c nvm.c pin.c rtcounter.c timer.c uart.c
SRC_DRIVERS = readline.c soft_timer.c pwm.c
SRC_SHARED = startup_cortex_m.c semihosting.c report.c runtime.c
