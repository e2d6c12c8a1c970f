//! Trees of other projects, described in their `initboard.toml`.

use initboard::config::Config;
use initboard::tree::{Folder, Layout, mains};

use crate::made::{self, scripts};

const ONES_OWN: &str = r#"
[tree]
ports = "targets/{port}"
mains = ["targets/{port}/src/start.c", "targets/big/app/main.c"]
boards = "targets/{port}/boards/{board}.mk"
variants = "targets/{port}/boards/{board}-{variant}.mk"
makefiles = "targets/{port}/build.mk"
linker-scripts = ["LAYOUT_FILE", "SCRIPT"]
board-settings = ["BOARD_HAS_*"]
mcu = "CHIP"
"#;

#[test]
fn a_project_of_its_own_layout_has_its_boards_listed() {
    let folder = made::folder(&[
        ("initboard.toml", ONES_OWN),
        (
            "targets/big/build.mk",
            "-include boards/$(BOARD)-$(BOARD_VARIANT).mk\nLDFLAGS += -L ld\n",
        ),
        ("targets/big/boards/one.mk", "CHIP = k210\nSCRIPT = one.ld\n"),
        ("targets/big/boards/one-fast.mk", "LAYOUT_FILE = ld/fast.ld\n"),
        ("targets/big/boards/notes.txt", ""),
        ("targets/big/ld/one.ld", "INCLUDE ram.ld"),
        ("targets/big/ld/fast.ld", ""),
        (
            "targets/small/boards/two.mk",
            "ifdef BOARD_HAS_FLASH\nSCRIPT = a.ld\nelse\nSCRIPT = b.ld\nendif\n",
        ),
        ("targets/small/b.ld", ""),
        ("ports/stm32/boards/PYBV10/mpconfigboard.mk", ""),
    ]);
    let boards = made::boards(folder.path());
    let lines: Vec<(String, Option<String>, Vec<String>)> = boards
        .iter()
        .map(|board| (board.id().to_string(), board.mcu.clone(), scripts(board)))
        .collect();
    let mcu = || Some("k210".to_owned());
    assert_eq!(
        lines,
        [
            ("big/one".to_owned(), mcu(), vec!["targets/big/ld/one.ld > ram.ld".to_owned()]),
            ("big/one-fast".to_owned(), mcu(), vec!["targets/big/ld/fast.ld".to_owned()]),
            ("small/two".to_owned(), None, vec!["targets/small/b.ld".to_owned()]),
        ]
    );
    let tree = Folder::open(folder.path()).unwrap();
    let layout = Config::of_tree(&tree).unwrap().tree;
    let (ports, _) = layout.ports(&tree).unwrap();
    let mains: Vec<Vec<String>> = ports.iter().map(|port| layout.mains(port)).collect();
    assert_eq!(
        mains,
        [
            vec!["targets/big/src/start.c", "targets/big/app/main.c"],
            vec!["targets/small/src/start.c"]
        ]
    );
}

#[test]
fn a_port_has_the_drivers_that_the_names_of_its_files_tell() {
    let main = "int main(void) { mp_init(); }";
    let folder = made::folder(&[
        ("ports/stm32/main.c", main),
        ("ports/stm32/machine_uart.c", ""),
        ("ports/stm32/machine_i2s.c", ""),
        ("ports/stm32/machine_i2s.h", ""),
        ("ports/stm32/boards/X/machine_can.c", ""),
        ("ports/nrf/main.c", main),
        ("ports/nrf/modules/machine/uart.c", ""),
        ("ports/nrf/machine_uart.c", ""),
        ("ports/minimal/main.c", main),
    ]);
    let tree = Folder::open(folder.path()).unwrap();
    let layout = Layout::default();
    let (ports, _) = layout.ports(&tree).unwrap();
    let tables = mains::read(&tree, &layout, &ports).unwrap().tables;
    let drivers: Vec<Vec<String>> = tables
        .into_iter()
        .map(|table| {
            let drivers = table.source.unwrap().drivers.into_iter();
            drivers.map(|driver| format!("{} {}", driver.name, driver.path)).collect()
        })
        .collect();
    assert_eq!(
        drivers,
        [
            vec![],
            // Of two files of one name the first pattern's counts.
            vec!["uart ports/nrf/machine_uart.c"],
            vec!["i2s ports/stm32/machine_i2s.c", "uart ports/stm32/machine_uart.c"],
        ]
    );
}

#[test]
fn a_port_of_micropython_has_its_main_in_one_of_three_files() {
    let folder = made::folder(&[("ports/embed/README.md", ""), ("ports/README.md", "")]);
    let layout = Layout::default();
    let (ports, others) = layout.ports(&Folder::open(folder.path()).unwrap()).unwrap();
    assert_eq!(
        layout.mains(&ports[0]),
        ["ports/embed/main.c", "ports/embed/mptask.c", "ports/embed/port/embed_util.c"]
    );
    assert_eq!((ports.len(), others.len()), (1, 0));
}
