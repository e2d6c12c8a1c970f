//! IB111 `stripped`: a file without symbols, which says little.

use super::{Check, Doc, Example, Rule, per_anomaly};
use crate::model::{AnomalyKind, Severity};

pub(super) const RULE: Rule = Rule {
    code: "IB111",
    name: "stripped",
    severity: Severity::Note,
    is_opt_in: false,
    doc: DOC,
    check: Check::Table(|table| {
        per_anomaly(table, AnomalyKind::Stripped, |anomaly| {
            if let Some(count) = anomaly.value {
                let entries = if count == 1 { "entry has" } else { "entries have" };
                return format!(
                    "the file has no symbols, and {count} {entries} no record: name, priority and file are gone; give the ELF file as it was before strip, or strip it with what leaves the records of registry-rt (`strip` of binutils, `llvm-strip --strip-all-gnu`; `llvm-strip --strip-all` takes them)"
                );
            }
            "the file has no symbols: names and priorities that no record tells are gone, and with them every table that has neither records nor an output section of its own; give the ELF file as it was before strip".to_owned()
        })
    }),
};

const DOC: Doc = Doc {
    summary: "the file has no symbols: names, priorities and tables that neither records nor \
        sections of their own tell of are gone",
    what: "
        The ELF file has no symbol table.",
    why: "
        Tables in output sections of their own can still be read, and records name their entries,
        where the firmware has records and `strip` left them: that of binutils does, and so does
        `llvm-strip --strip-all-gnu`, while `llvm-strip --strip-all` takes every section that is
        not loaded. Without records there are no names and no priorities, and a table inside another section cannot be found at all. Main cannot
        be found either way. A stripped file that shows nothing may well hold a registry.",
    example: Some(Example {
        language: "make",
        before: "
            firmware.elf: $(OBJ)
            	$(CC) $(LDFLAGS) $^ -o $@
            	$(STRIP) $@",
        after: "
            firmware.elf: $(OBJ)
            	$(CC) $(LDFLAGS) $^ -o $@

            firmware.bin: firmware.elf
            	$(OBJCOPY) -O binary $< $@",
    }),
    fix: "
        Give initboard the ELF file as the linker wrote it. Symbols cost nothing on the chip:
        what is flashed is made from the segments, and never holds them. Where the ELF file is
        what ships, keep the one before `strip`, or use `strip -g`, which leaves the symbols.",
};
