//! A project as large as MicroPython: 250 boards with some 80 different orders,
//! made of what real builds of it run.

use std::collections::BTreeMap;
use std::path::Path;

use initboard::model::{EntryKind, InitTable, Sha256};

use super::app::TestApp;
use super::trees::record_build;

/// How many boards each port has.
const PORTS: [(&str, u32); 8] = [
    ("stm32", 110),
    ("rp2", 50),
    ("samd", 25),
    ("mimxrt", 20),
    ("renesas-ra", 15),
    ("qemu", 15),
    ("cc3200", 10),
    ("unix", 5),
];

/// Stores a build of each board, `PORT/BOARD_nnn`. Boards whose numbers are alike
/// modulo a third of their port's run the same: what a real board of that port
/// runs, but for one call in fifty.
pub(crate) fn record_fleet(app: &TestApp) {
    let real = real_tables();
    for (port, boards) in PORTS {
        let tables = &real[port];
        for number in 0..boards {
            let kind = number % (boards / 3);
            let mut table = tables[kind as usize % tables.len()].clone();
            let mut at = 0;
            table.entries.retain(|entry| {
                at += 1;
                entry.kind != EntryKind::Entry || (at * 7 + kind * 13) % 50 != 0
            });
            for (position, entry) in (0..).zip(&mut table.entries) {
                entry.position = position;
            }
            let board = format!("{port}/BOARD_{number:03}");
            table.file.sha256 = Sha256::of(board.as_bytes());
            record_build(app, "micropython", &board, 1, &table);
        }
    }
}

/// What real builds of MicroPython run, by port.
fn real_tables() -> BTreeMap<String, Vec<InitTable>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/micropython/builds");
    let folders = |path: &Path| {
        let mut found: Vec<_> =
            std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.sort();
        found
    };
    let mut tables: BTreeMap<String, Vec<InitTable>> = BTreeMap::new();
    for port in folders(&data).iter().flat_map(|commit| folders(&commit.join("ports"))) {
        let name = port.file_name().unwrap().to_str().unwrap().to_owned();
        for build in folders(&port) {
            let table = InitTable::from_json(&std::fs::read(build.join("table.json")).unwrap());
            let table = table.unwrap();
            if !table.entries.is_empty() {
                tables.entry(name.clone()).or_default().push(table);
            }
        }
    }
    tables
}
