//! The boards of a tree in MicroPython's layout, whose ports build in the ways
//! that its ports do.

use initboard::model::TreeFacts;

use crate::made::{self, scripts};

/// A tree with a port for each way of building.
pub(crate) const TREE: made::Files<'static> = &[
    // make; an option of the build, and a search path that a setting decides.
    (
        "ports/arm/Makefile",
        "BOARD ?= ONE\nBOARD_DIR ?= boards/$(BOARD)\n\
         ifeq ($(wildcard $(BOARD_DIR)/.),)\n$(error no board)\nendif\n\
         include ../../py/env.mk\ninclude $(BOARD_DIR)/mpconfigboard.mk\n\
         ifeq ($(BOARD_VARIANT),)\n-include $(BOARD_DIR)/mpconfigvariant.mk\nelse\n\
         include $(BOARD_DIR)/mpconfigvariant_$(BOARD_VARIANT).mk\nendif\n\
         ifeq ($(MICROPY_HW_FAST),1)\nISR = boards/ram\nelse\nISR = boards/rom\nendif\n\
         ifeq ($(DEBUG),1)\nCFLAGS += -g\nelse\nCFLAGS += -Os\nendif\n\
         LDFLAGS += -L boards -L $(ISR) $(addprefix -T,$(LD_FILES)) -Wl,-Map=$@.map\n\
         OBJ = $(SRC:.c=.o)\n-include $(OBJ:.o=.P)\nall: $(OBJ)\n\techo LD_FILES = wrong.ld\n",
    ),
    ("py/env.mk", "TOP := $(patsubst %/py/env.mk,%,$(lastword $(MAKEFILE_LIST)))\n"),
    (
        "ports/arm/boards/ONE/mpconfigboard.mk",
        "MCU = x1\nifeq ($(USE_BOOT),1)\nLD_FILES = boards/$(MCU).ld boards/boot.ld\nelse\n\
         LD_FILES = boards/$(MCU).ld boards/basic.ld\nendif\n",
    ),
    ("ports/arm/boards/ONE/board.json", r#"{"mcu": "x1", "vendor": "none"}"#),
    ("ports/arm/boards/ONE/mpconfigvariant_FAST.mk", "MICROPY_HW_FAST = 1\n"),
    (
        "ports/arm/boards/TWO/mpconfigboard.mk",
        "USE_BOOT = 0\ninclude boards/ONE/mpconfigboard.mk\nCMSIS_MCU = X1A\n",
    ),
    ("ports/arm/boards/x1.ld", "MEMORY { FLASH (rx) : ORIGIN = 0, LENGTH = 4K }"),
    ("ports/arm/boards/boot.ld", "SECTIONS { INCLUDE text.ld }"),
    ("ports/arm/boards/basic.ld", "SECTIONS { INCLUDE isr.ld\nINCLUDE text.ld }"),
    ("ports/arm/boards/text.ld", ""),
    ("ports/arm/boards/ram/isr.ld", ""),
    ("ports/arm/boards/rom/isr.ld", ""),
    // make; a default of the port, and files that a setting of the builder adds.
    (
        "ports/ble/Makefile",
        "SD ?=\nSD_LOWER = $(shell echo $(SD) | tr '[:upper:]' '[:lower:]')\n\
         include $(BOARD_DIR)/mpconfigboard.mk\n\
         ifneq ($(SD),)\n\tLD_FILES += boards/$(SD_LOWER).ld\nendif\n\
         LD_FILES += boards/common.ld\nifneq ($(LD_FILE),)\nLD_FILES = $(LD_FILE)\nendif\n",
    ),
    ("ports/ble/boards/FREE/mpconfigboard.mk", "LD_FILES += boards/$(MCU_SUB).ld\nMCU_SUB = b52\n"),
    ("ports/ble/boards/BOUND/mpconfigboard.mk", "SD=S140\n"),
    ("ports/ble/boards/s140.ld", ""),
    ("ports/ble/boards/common.ld", ""),
    // make; a script through the preprocessor, and one in the flags alone.
    ("ports/cpp/Makefile", "LD_FILE ?= mcu/all.ld.S\ninclude $(BOARD_DIR)/mpconfigboard.mk\n"),
    ("ports/cpp/boards/OWN/mpconfigboard.mk", "LD_FILE = $(BOARD_DIR)/own.ld.S\n"),
    ("ports/cpp/boards/OWN/own.ld.S", "#include \"mcu/all.ld.S\"\n#include \"x.h\"\n"),
    ("ports/cpp/boards/PLAIN/mpconfigboard.h", ""),
    ("ports/cpp/mcu/all.ld.S", ""),
    ("ports/flags/Makefile", "SDK = $(TOP)/lib/sdk\nLDFLAGS = -T$(SDK)/$(BOARD).ld -Ttext=0\n"),
    ("ports/flags/boards/KIT/mpconfigboard.h", ""),
    // CMake, with a make around it.
    ("ports/pico/Makefile", "all:\n\tcmake\n"),
    (
        "ports/pico/CMakeLists.txt",
        "if (NOT MICROPY_BOARD_LINKER_SCRIPT)\n\
         set(MICROPY_BOARD_LINKER_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/all.ld)\nendif()\n",
    ),
    ("ports/pico/all.ld", "INCLUDE \"of_the_sdk.incl\"\n"),
    ("ports/pico/boards/P/mpconfigboard.cmake", "set(PICO_PLATFORM \"rp2350\")\n"),
    ("ports/pico/boards/P/mpconfigvariant.cmake", ""),
    ("ports/pico/boards/P/mpconfigvariant_RISCV.cmake", "set(PICO_PLATFORM \"rp2350-riscv\")\n"),
    (
        "ports/pico/boards/Q/mpconfigboard.cmake",
        "set(MICROPY_BOARD_LINKER_SCRIPT ${MICROPY_BOARD_DIR}/q.ld)\n",
    ),
    ("ports/pico/boards/Q/q.ld", ""),
    // Boards that are single files, and variants that are boards.
    ("ports/zephyr/boards/disco_x.conf", ""),
    ("ports/zephyr/boards/disco_x.overlay", ""),
    ("ports/unix/Makefile", "include $(VARIANT_DIR)/mpconfigvariant.mk\n"),
    ("ports/unix/variants/standard/mpconfigvariant.mk", ""),
    ("ports/unix/variants/manifest.py", ""),
    // Not a board, and not a port with boards.
    ("ports/arm/boards/fragments/isr.ld", ""),
    ("ports/arm/boards/fragments/mpconfigvariant_X.mk", ""),
    ("ports/minimal/Makefile", "LDFLAGS += -T x.ld\n"),
];

#[test]
fn boards_come_with_their_scripts_and_when_these_are_used() {
    let folder = made::folder(TREE);
    let boards = made::boards(folder.path());
    let lines: Vec<String> = boards
        .iter()
        .flat_map(|board| {
            let head = format!("{} {}", board.id(), board.mcu.as_deref().unwrap_or("-"));
            std::iter::once(head).chain(scripts(board).into_iter().map(|line| format!("  {line}")))
        })
        .collect();
    insta::assert_snapshot!("boards", lines.join("\n"));
}

#[test]
fn a_commit_has_the_boards_that_its_files_have_on_a_disk() {
    let folder = made::folder(TREE);
    let bare = tempfile::TempDir::new().unwrap();
    made::commit(&gix::init_bare(bare.path()).unwrap(), TREE, "x", 1, &[]);
    let opened = initboard::tree::open(bare.path(), None).unwrap();
    assert_eq!(made::boards_of(&*opened.tree), made::boards(folder.path()));
}

#[test]
fn what_the_catalog_says_is_what_facts_of_a_tree_may_hold() {
    let folder = made::folder(TREE);
    let facts = serde_json::json!({
        "schema": 1,
        "commit": "3c5a0505b3000000000000000000000000000001",
        "committed_at": "2026-08-01T00:00:00Z",
        "tables": [],
        "boards": made::boards(folder.path()),
        "history": [],
    });
    assert!(TreeFacts::from_json(&serde_json::to_vec(&facts).unwrap()).is_ok());
}

#[test]
fn a_catalog_may_be_of_some_ports() {
    let folder = made::folder(TREE);
    let tree = initboard::tree::Folder::open(folder.path()).unwrap();
    let only = ["unix".parse().unwrap(), "zephyr".parse().unwrap()];
    let layout = initboard::tree::Layout::default();
    let found = initboard::tree::catalog::catalog(&tree, &layout, &only).unwrap();
    let names: Vec<String> = found.boards.iter().map(|board| board.id().to_string()).collect();
    assert_eq!(names, ["unix/standard", "zephyr/disco_x"]);
}
