# A board of a bare-metal port, written in C.

SRC = $(addprefix ports/$(PORT)/,$(SRC_PORT)) \
    $(addprefix drivers/,$(SRC_DRIVERS)) \
    $(addprefix shared/,$(SRC_SHARED)) \
    $(addprefix ../src/,$(SRC_REGISTRY))
OBJ = $(addprefix $(OUT)/obj/,$(notdir $(SRC:.c=.o)))
vpath %.c $(sort $(dir $(SRC)))

# What a board may say otherwise.
OPTIMIZE ?= -Os

CFLAGS = $(CFLAGS_PORT) -std=c11 $(OPTIMIZE) -g -gdwarf-5 -Wall -Wextra -Wpedantic -Werror -ffreestanding \
    -ffunction-sections -fdata-sections -fno-tree-loop-distribute-patterns \
    -ffile-prefix-map=$(ROOT)=. \
    -I$(HERE)/ports/$(PORT) -I$(HERE)/ports/$(PORT)/boards/$(BOARD) -I$(HERE)/drivers -I$(HERE)/shared \
    -Iregistry-rt/include
LDFLAGS = -nostdlib -static -Wl,--gc-sections -Wl,--fatal-warnings -Wl,--build-id=none \
    -L$(HERE)/ports/$(PORT) -L$(HERE)/shared -Lregistry-rt/link -T $(LD_SCRIPT)

SCRIPTS = $(wildcard ports/$(PORT)/*.ld shared/*.ld ../link/*.ld)
HEADERS = $(wildcard ports/$(PORT)/*.h ports/$(PORT)/boards/$(BOARD)/*.h drivers/*.h shared/*.h ../include/*.h)

IN_ROOT = cd $(ROOT) && $(CROSS_CC) $(CFLAGS)

$(OUT)/firmware.elf: $(OBJ) $(SCRIPTS)
	@echo "LD $(PORT) $(BOARD)"
	$(IN_ROOT) $(LDFLAGS) $(abspath $(OBJ)) -lgcc -Wl,-Map=$(abspath $(OUT)/firmware.map) -o $(abspath $@)

$(OUT)/obj/%.o: %.c $(HEADERS) $(RECIPES)
	@mkdir -p $(@D)
	$(IN_ROOT) -c $(patsubst $(HERE)/../%,registry-rt/%,$(HERE)/$<) -o $(abspath $@)
