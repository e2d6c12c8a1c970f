//! Which boards of a tree place the tables of the registry, as a person reads it.

use initboard::analyze::migrate::scripts::audit;

use crate::made;

/// What is said of the boards of a tree, without the heading.
fn said(files: made::Files<'_>) -> String {
    let folder = made::folder(files);
    let audits = audit(&made::boards(folder.path()));
    let text =
        anstream::adapter::strip_str(&initboard::report::migration::scripts(&audits)).to_string();
    text.trim_start().to_owned()
}

#[test]
fn a_bootloader_that_the_same_makefile_builds_needs_no_tables() {
    let makefile = "TARGET ?= application\n\
        ifeq ($(TARGET),application)\ninclude app.mk\nelse\ninclude boot/boot.mk\nendif\n";
    let said = said(&[
        ("ports/p/boards/A/mpconfigboard.mk", ""),
        ("ports/p/Makefile", makefile),
        ("ports/p/app.mk", "SRC_C = \\\n\tmain.c \\\n\tmptask.c\nLDSCRIPT = app.ld\n"),
        ("ports/p/boot/boot.mk", "SRC_C = boot/main.c\nLDSCRIPT = boot.ld\n"),
        ("ports/p/app.ld", "SECTIONS { INCLUDE mp_registry.ld }"),
        ("ports/p/boot.ld", ""),
    ]);
    assert_eq!(
        said,
        "linker scripts  tables of the registry on 1 board: 1 placed\n  \
         p/A  placed  mp_registry.ld in ports/p/app.ld\n\
         note: mp_registry.ld is not in the tree: by its name it is the fragment of registry-rt, \
         if the linker is told where that is (-L)\n"
    );
}

/// A port with one board and these scripts beside its makefile.
fn of_scripts(makefile: &str, scripts: made::Files<'_>) -> String {
    let board = [("ports/p/boards/A/mpconfigboard.mk", ""), ("ports/p/Makefile", makefile)];
    let said = said(&[&board, scripts].concat());
    said.split_once('\n').unwrap().1.trim_start().to_owned()
}

const ALL: &str = "*(.mp_init_early.*) *(.mp_init_core.*) *(.mp_init_driver.*) *(.mp_init_service.*)\n\
    *(.mp_deinit_early.*) *(.mp_deinit_core.*) *(.mp_deinit_driver.*) *(.mp_deinit_service.*)\n";

#[test]
fn what_places_the_tables_is_said_with_the_script_that_includes_it() {
    let scripts = [
        ("ports/p/a.ld", "INCLUDE common.ld"),
        ("ports/p/common.ld", "INCLUDE mp_registry.ld"),
        ("lib/link/mp_registry.ld", ALL),
    ];
    let makefile = "LDSCRIPT = a.ld\nLDFLAGS += -L ../../lib/link -T $(LDSCRIPT)\n";
    assert_eq!(
        of_scripts(makefile, &scripts),
        "p/A  placed  lib/link/mp_registry.ld in ports/p/common.ld\n"
    );
    assert_eq!(
        of_scripts("LDSCRIPT = a.ld\n", &[("ports/p/a.ld", ALL)]),
        "p/A  placed  ports/p/a.ld\n"
    );
}

#[test]
fn tables_that_no_script_of_a_build_has_are_named() {
    let scripts = [
        ("ports/p/a.ld", "*(.mp_init_early.*) *(.mp_init_core.*) *(.mp_init_driver.*)"),
        ("ports/p/b.ld", "*(.mp_init_service.*) *(.mp_deinit_*)"),
    ];
    assert_eq!(
        of_scripts("LD_FILES = a.ld b.ld\n", &scripts),
        "p/A  placed  ports/p/a.ld, ports/p/b.ld\n"
    );
    let makefile = "LD_FILES = b.ld\nifeq ($(SMALL),1)\nLD_FILES += a.ld\nendif\n";
    assert_eq!(
        of_scripts(makefile, &scripts),
        "p/A  partly  ports/p/a.ld, ports/p/b.ld  \
         lacks .mp_init_early, .mp_init_core, .mp_init_driver if SMALL != 1\n"
    );
    assert_eq!(
        of_scripts("LDSCRIPT = c.ld\n", &[("ports/p/c.ld", "*(.mp_init_core.*) *(.mp_deinit_*)")]),
        "p/A  partly  ports/p/c.ld  lacks .mp_init_early, .mp_init_driver, .mp_init_service\n"
    );
}

#[test]
fn a_second_script_beside_the_one_that_a_variable_names_counts() {
    let scripts = [
        ("ports/p/a.ld", ""),
        ("ports/p/registry.ld", "INCLUDE mp_registry_second.ld"),
        ("lib/link/mp_registry_second.ld", "SECTIONS { INCLUDE mp_registry.ld }"),
        ("lib/link/mp_registry.ld", ALL),
    ];
    let makefile = "LDSCRIPT = a.ld\nLDFLAGS += -L ../../lib/link -T $(LDSCRIPT) -T registry.ld\n";
    assert_eq!(
        of_scripts(makefile, &scripts),
        "p/A  placed  lib/link/mp_registry.ld in lib/link/mp_registry_second.ld\n"
    );
}

#[test]
fn ways_that_need_no_script_lack_none() {
    let heading = |makefile: &str| {
        let said = said(&[
            ("ports/p/boards/A/mpconfigboard.mk", ""),
            ("ports/p/Makefile", makefile),
            ("ports/p/a.ld", ""),
        ]);
        said.split_once("on 1 board: ").unwrap().1.to_owned()
    };
    let none_needed = "1 no script needed\n";
    let rodata = "LDSCRIPT = a.ld\nCFLAGS += -DMP_REGISTRY_RODATA\n";
    for sorted in ["LDFLAGS += --sort-section=name\n", "LDFLAGS += -Wl,--sort-section=name\n"] {
        assert_eq!(heading(&format!("{rodata}{sorted}")), none_needed);
    }
    assert_eq!(heading("LDSCRIPT = a.ld\nCFLAGS += -DMP_REGISTRY_KEYED=1\n"), none_needed);
    let by_no_script = "1 by no script\n\
        note: by no script is right where the entries have keys or are sorted read-only data \
        (MP_REGISTRY_KEYED, MP_REGISTRY_RODATA); else a script must place the tables\n";
    // Not sorted, the tables are empty.
    assert_eq!(heading(rodata), by_no_script);
    assert_eq!(heading("LDSCRIPT = a.ld\n"), by_no_script);
}
