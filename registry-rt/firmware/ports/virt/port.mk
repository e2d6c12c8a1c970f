# RISC-V RV32IMAC, not migrated: main calls everything by hand. QEMU: -machine virt.
IMAGE = c_image.mk
CROSS_CC = $(RISCV_CC)
CFLAGS_PORT = -march=rv32imac -mabi=ilp32 -mcmodel=medany -msmall-data-limit=0
LD_SCRIPT = virt.ld

SRC_PORT = main.c startup.c machine.c
SRC_DRIVERS = readline.c soft_timer.c pwm.c usbd.c
SRC_SHARED = semihosting.c report.c runtime.c
