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
        "linker scripts  tables of the registry on 1 boards and variants: 1 placed\n  \
         p/A  placed   mp_registry.ld\n"
    );
}
