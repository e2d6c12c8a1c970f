# Builds the images of control flow: make calls, in the folder above.
#
# One line per image at the end of this file. An image is one main function (<shape>.c)
# and what every main function calls (functions.c), compiled apart from it.

include tools.mk

CFLAGS = -std=c11 -Wall -Wextra -Wpedantic -Werror -ffreestanding -fno-ident -fno-asynchronous-unwind-tables \
    -ffunction-sections -fdata-sections -fno-tree-loop-distribute-patterns -ffile-prefix-map=$(CURDIR)=. \
    -Icalls -Ishared -I../include
LDFLAGS = -nostdlib -Wl,--gc-sections -Wl,--fatal-warnings -Wl,--build-id=none

# Each machine: compiler with flags, what links an image for it, and where that stands.
BARE = -static -Wl,-n -Lcalls -L../link -T calls.ld
ORIGINS = -Wl,--defsym=code_origin=$(1) -Wl,--defsym=far_origin=$(2) -Wl,--defsym=data_origin=$(3)

CC_thumbv6m = $(ARM_CC) -mcpu=cortex-m0plus -mthumb
LINK_thumbv6m = $(BARE) $(call ORIGINS,0,0x20000000,0x20002000)
CC_thumbv7m = $(ARM_CC) -mcpu=cortex-m4 -mthumb
LINK_thumbv7m = $(BARE) $(call ORIGINS,0,0x21000000,0x20000000)
CC_arm = $(ARM_CC) -mcpu=cortex-a15 -marm
LINK_arm = $(BARE) $(call ORIGINS,0x40010000,0x44000000,0x47000000)
CC_rv32 = $(RISCV_CC) -march=rv32imac -mabi=ilp32 -mcmodel=medany -msmall-data-limit=0
LINK_rv32 = $(BARE) $(call ORIGINS,0x80000000,0x84000000,0x80100000)
CC_rv64 = $(RISCV_CC) -march=rv64imac -mabi=lp64 -mcmodel=medany -msmall-data-limit=0
LINK_rv64 = $(BARE) $(call ORIGINS,0x80000000,0x84000000,0x80100000)
# noseparate-code: the code of a Linux image follows its headers, without a page between.
LINUX = -Wl,-z,noexecstack -Wl,-z,noseparate-code
CC_x86-64 = $(HOST_CC) -fno-pie -fno-stack-protector -fcf-protection=none
LINK_x86-64 = $(LINUX) -static -no-pie
CC_x86-64-pie = $(HOST_CC) -fPIE -fno-stack-protector -fcf-protection=none
LINK_x86-64-pie = $(LINUX) -static-pie -Wl,--no-dynamic-linker

MACHINES = thumbv6m thumbv7m arm rv32 rv64 x86-64 x86-64-pie

HEADERS = $(wildcard calls/*.h shared/*.h ../include/*.h)
RECIPES = tools.mk calls/calls.mk
vpath %.c calls shared

.PHONY: all golden
all:

# What every image has beside its main function, compiled once per machine and way.
# semihosting.c knows Arm-M and RV32, start.c the rest.
#   $(call runtime,<machine>,<flags>,<way>)
define runtime
$(OUT)/$(1)$(3)/%.o: %.c $(HEADERS) $(RECIPES)
	@mkdir -p $$(@D)
	$(CC_$(1)) $(CFLAGS) -Os $(2) -c $$< -o $$@
endef
NEEDS_SEMIHOSTING = thumbv6m thumbv7m rv32
objects = $(addprefix $(OUT)/$(1)$(2)/,functions.o report.o start.o $(if $(filter $(1),$(NEEDS_SEMIHOSTING)),semihosting.o))

$(foreach machine,$(MACHINES),$(eval $(call runtime,$(machine),)))
# Placed where no plain call of main reaches the functions.
$(foreach machine,$(MACHINES),$(eval $(call runtime,$(machine),-DFAR,-far)))
# The same, and every call is made as if it were that far.
LONG_CALLS = -mlong-calls
$(foreach machine,thumbv7m arm,$(eval $(call runtime,$(machine),-DFAR $(LONG_CALLS),-long-calls)))
# Open to link-time optimisation. The seed gives local symbols the same name every time.
LTO = -flto -DMAY_INLINE -frandom-seed=calls
$(foreach machine,thumbv7m x86-64,$(eval $(call runtime,$(machine),$(LTO),-lto)))

# $(call image,<name>,<source>,<machine>,<flags of main>,<way>,<flags of the linker>,<linker script>)
define image
NAMES += $(1)
$(OUT)/$(1).elf: calls/$(2) $(call objects,$(3),$(5)) $(HEADERS) $(RECIPES) $(wildcard calls/*.ld ../link/*.ld) ../src/mp_registry.c
	$(CC_$(3)) $(CFLAGS) $(4) $(LDFLAGS) $(subst calls.ld,$(or $(7),calls.ld),$(LINK_$(3))) $(6) $$< $(call objects,$(3),$(5)) -lgcc -o $$@
endef

STC = -Os -freorder-blocks-algorithm=stc

$(eval $(call image,goto-exit-thumbv7m,goto_exit.c,thumbv7m,-Os))
$(eval $(call image,goto-exit-thumbv7m-O2,goto_exit.c,thumbv7m,-O2))
$(eval $(call image,goto-exit-thumbv7m-stc,goto_exit.c,thumbv7m,$(STC)))
$(eval $(call image,goto-exit-rv32,goto_exit.c,rv32,-Os))
$(eval $(call image,goto-exit-rv32-O2,goto_exit.c,rv32,-O2))
$(eval $(call image,goto-exit-rv32-stc,goto_exit.c,rv32,$(STC)))
$(eval $(call image,goto-exit-x86-64,goto_exit.c,x86-64,-Os))
$(eval $(call image,goto-exit-x86-64-pie-stc,goto_exit.c,x86-64-pie,$(STC)))
$(eval $(call image,goto-exit-thumbv6m,goto_exit.c,thumbv6m,-Os))
$(eval $(call image,goto-exit-arm,goto_exit.c,arm,-Os))

$(eval $(call image,goto-reset-thumbv7m,goto_reset.c,thumbv7m,-Os))
$(eval $(call image,goto-reset-thumbv7m-O2,goto_reset.c,thumbv7m,-O2))
$(eval $(call image,goto-reset-thumbv7m-stc,goto_reset.c,thumbv7m,$(STC)))
$(eval $(call image,goto-reset-rv32,goto_reset.c,rv32,-Os))
$(eval $(call image,goto-reset-x86-64,goto_reset.c,x86-64,-Os))

$(eval $(call image,top-tested-loop-thumbv6m,top_tested_loop.c,thumbv6m,-Os))
$(eval $(call image,top-tested-loop-thumbv7m,top_tested_loop.c,thumbv7m,-Os))
$(eval $(call image,top-tested-loop-rv32,top_tested_loop.c,rv32,-Os))
$(eval $(call image,top-tested-loop-x86-64,top_tested_loop.c,x86-64,-Os))

$(eval $(call image,repl-arms-thumbv7m,repl_arms.c,thumbv7m,-Os))
$(eval $(call image,repl-arms-rv32,repl_arms.c,rv32,-Os))
$(eval $(call image,repl-arms-x86-64,repl_arms.c,x86-64,-Os))

$(eval $(call image,jump-table-thumbv6m,jump_table.c,thumbv6m,-Os))
$(eval $(call image,jump-table-thumbv7m,jump_table.c,thumbv7m,-Os))
$(eval $(call image,jump-table-arm,jump_table.c,arm,-Os))
$(eval $(call image,jump-table-rv32,jump_table.c,rv32,-Os))
$(eval $(call image,jump-table-rv64,jump_table.c,rv64,-Os))
$(eval $(call image,jump-table-x86-64,jump_table.c,x86-64,-Os))
$(eval $(call image,jump-table-x86-64-pie,jump_table.c,x86-64-pie,-Os))

$(eval $(call image,fatal-error-thumbv7m,fatal_error.c,thumbv7m,-Os))
$(eval $(call image,fatal-error-rv32,fatal_error.c,rv32,-Os))
$(eval $(call image,fatal-error-x86-64,fatal_error.c,x86-64,-Os))

$(eval $(call image,cold-block-thumbv7m,cold_block.c,thumbv7m,-Os))
$(eval $(call image,cold-block-thumbv7m-O2,cold_block.c,thumbv7m,-O2))
$(eval $(call image,cold-block-thumbv7m-stc,cold_block.c,thumbv7m,$(STC)))
$(eval $(call image,cold-block-x86-64-O2,cold_block.c,x86-64,-O2))

$(eval $(call image,tail-call-thumbv7m,tail_call.c,thumbv7m,-Os))
$(eval $(call image,tail-call-rv32,tail_call.c,rv32,-Os))
$(eval $(call image,tail-call-x86-64,tail_call.c,x86-64,-Os))

$(eval $(call image,long-call-thumbv7m,far_calls.c,thumbv7m,-Os $(LONG_CALLS),-long-calls))
$(eval $(call image,long-call-arm,far_calls.c,arm,-Os $(LONG_CALLS),-long-calls))
$(eval $(call image,long-call-rv32,far_calls.c,rv32,-Os,-far))
$(eval $(call image,long-call-rv64-backward,far_calls.c,rv64,-Os -DFAR_MAIN))
$(eval $(call image,veneer-thumbv6m,far_calls.c,thumbv6m,-Os,-far))
$(eval $(call image,veneer-thumbv7m,far_calls.c,thumbv7m,-Os,-far))
$(eval $(call image,veneer-arm,far_calls.c,arm,-Os,-far))

$(eval $(call image,cloned-call-thumbv7m-O2,cloned_call.c,thumbv7m,-O2))
$(eval $(call image,cloned-call-x86-64-O2,cloned_call.c,x86-64,-O2))

$(eval $(call image,inlined-helper-thumbv7m,inlined_helper.c,thumbv7m,-Os))
$(eval $(call image,inlined-helper-thumbv7m-g,inlined_helper.c,thumbv7m,-Os -g -gdwarf-5))

# As the compiler made it with -g, then stripped of that: another file than without -g.
NAMES += inlined-helper-thumbv7m-strip-g
$(OUT)/inlined-helper-thumbv7m-strip-g.elf: $(OUT)/inlined-helper-thumbv7m-g.elf
	$(ARM_STRIP) -g $< -o $@

$(eval $(call image,lto-inlined-thumbv7m,goto_reset.c,thumbv7m,-Os $(LTO),-lto))
$(eval $(call image,lto-inlined-x86-64,goto_exit.c,x86-64,-Os $(LTO),-lto))

$(eval $(call image,second-main-x86-64-pie,second_main.c,x86-64-pie,-Os))
$(eval $(call image,task-pointer-thumbv7m,task_pointer.c,thumbv7m,-Os))

RUNNER = ../src/mp_registry.c
$(eval $(call image,run-levels-thumbv7m,run_levels.c,thumbv7m,-Os $(RUNNER),,,run_levels.ld))
$(eval $(call image,run-levels-rv32,run_levels.c,rv32,-Os $(RUNNER),,,run_levels.ld))

$(eval $(call image,two-entries-thumbv7m,two_entries.c,thumbv7m,-Os))

# RISC-V stands above 2 GiB in all images.
$(eval $(call image,above-2gib-arm,goto_reset.c,arm,-Os,,$(call ORIGINS,0x90000000,0x94000000,0x90100000)))

all: $(NAMES:%=$(OUT)/%.elf)

# What each image prints, which is the order in which its functions ran. Run in two
# steps, so that a crash leaves no half of it.
golden: $(NAMES:%=$(OUT)/%.out)
$(OUT)/%.out: $(OUT)/%.elf run
	./run $< > $@.part
	mv $@.part $@
