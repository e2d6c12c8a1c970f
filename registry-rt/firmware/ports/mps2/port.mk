# Arm Cortex-M4F, written with mp_registry.h. QEMU: -machine mps2-an386.
IMAGE = c_image.mk
CROSS_CC = $(ARM_CC)
CFLAGS_PORT = -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -DREVISION=$(REVISION) -DPORT_MAIN=mps2_main
LD_SCRIPT = mps2.ld

SRC_PORT = main.c init_register.c clock.c led.c pin.c timer.c uart.c
SRC_DRIVERS = readline.c soft_timer.c pwm.c usbd.c
SRC_SHARED = startup_cortex_m.c semihosting.c report.c runtime.c
SRC_REGISTRY = mp_registry.c
