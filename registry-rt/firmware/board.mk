# Builds one board: make -f board.mk PORT=mps2 BOARD=MPS2_NET REVISION=2 OUT=<dir>
#
# Compilers run in the root of the repository on relative paths, and the root is mapped
# away, so that the image is the same wherever the repository stands.

ROOT := $(abspath ../..)
HERE := registry-rt/firmware

include tools.mk
include ports/$(PORT)/port.mk
include ports/$(PORT)/boards/$(BOARD)/board.mk

RECIPES = tools.mk board.mk $(IMAGE) ports/$(PORT)/port.mk ports/$(PORT)/boards/$(BOARD)/board.mk

include $(IMAGE)
