# A board of a Linux port, written in Rust, from src/main.rs of the port.
#
# rustc is called directly, in the root of the repository on relative paths: cargo would
# call it in the package's folder, and the paths in the debug information would be those
# of that folder.

TARGET = x86_64-unknown-linux-gnu

RUSTFLAGS_PORT = --edition 2024 --target $(TARGET) -Copt-level=s -Ccodegen-units=1 -Cpanic=abort \
    -Crelocation-model=pie -Cdebuginfo=limited -Cdwarf-version=5 -Ccollapse-macro-debuginfo=yes \
    --remap-path-prefix=$(ROOT)=. -Dwarnings
# GNU ld, whichever linker this rustc takes by itself.
LINK_ARGS = -Clinker=$(HOST_CC) -Clinker-features=-lld \
    -Clink-arg=-Wl,-T,registry-rt/link/mp_registry_hosted.ld -Clink-arg=-Wl,--build-id=none

SRC = $(wildcard ports/$(PORT)/src/*.rs)
CRATE_SRC = $(wildcard ../src/*.rs)
CFGS = $(foreach feature,$(BOARD_FEATURES),--cfg 'feature="$(feature)"') --check-cfg 'cfg(feature, values($(FEATURES)))'

IN_ROOT = cd $(ROOT) && $(RUSTC) $(RUSTFLAGS_PORT)

$(OUT)/firmware.elf: $(SRC) $(OUT)/libregistry_rt.rlib ../link/mp_registry_hosted.ld $(RECIPES)
	@echo "LD $(PORT) $(BOARD)"
	$(IN_ROOT) --crate-name firmware -Clto $(CFGS) $(LINK_ARGS) \
	    --extern registry_rt=$(abspath $(OUT)/libregistry_rt.rlib) -o $(abspath $@) $(HERE)/ports/$(PORT)/src/main.rs

$(OUT)/libregistry_rt.rlib: $(CRATE_SRC) $(RECIPES)
	@mkdir -p $(@D)
	$(IN_ROOT) --crate-name registry_rt --crate-type rlib -o $(abspath $@) registry-rt/src/lib.rs
