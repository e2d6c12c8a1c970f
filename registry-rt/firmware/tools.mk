# The compilers. Each may be given on make's command line or in the environment.
ARM_CC ?= arm-none-eabi-gcc
RISCV_CC ?= riscv64-unknown-elf-gcc
HOST_CC ?= cc
RUSTC ?= rustc

# For the fixtures only.
XTENSA_CC ?= xtensa-lx106-elf-gcc
HOST_LD ?= ld
LLD ?= ld.lld-22

# For the images of control flow only.
ARM_STRIP ?= arm-none-eabi-strip
