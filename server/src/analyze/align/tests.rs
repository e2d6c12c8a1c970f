//! Alignments of orders made by hand, and what holds of any.

use proptest::prelude::*;

use super::*;
use crate::model::{Origin, Phase, SymbolName};

/// `function`, with its stage behind a `/`; a subsystem as names say.
fn order(calls: &[&str]) -> Vec<Entry> {
    let entry = |(position, call): (u32, &&str)| {
        let (name, stage) = call.split_once('/').unwrap_or((call, "start"));
        let function = SymbolName::from_bytes(name.as_bytes()).unwrap();
        let is_landmark =
            landmark(name).is_some() || name.contains("BOARD") || name.contains("boardctrl");
        let phase = if name.contains("deinit") { Phase::Deinit } else { Phase::Init };
        Entry {
            position,
            phase: (!is_landmark).then_some(phase),
            kind: if is_landmark { EntryKind::Landmark } else { EntryKind::Entry },
            origin: Origin::Calls,
            stage: match stage {
                "boot" => Some(Stage::Boot),
                "stop" => Some(Stage::Stop),
                _ => Some(Stage::Start),
            },
            level: None,
            slot: None,
            priority: None,
            subsystem: Some(crate::analyze::subsystem::of(function.as_str(), None)),
            declared_subsystem: None,
            satisfied: None,
            function: Some(function),
            address: None,
            call_address: None,
            via: vec![],
            conditional: false,
            condition: None,
            location: None,
            after: vec![],
        }
    };
    (0..).zip(calls).map(entry).collect()
}

/// What differs, in words.
fn said(left: &[&str], right: &[&str]) -> Vec<String> {
    let alignment = align(&order(left), &order(right));
    let moved = alignment.pairs.iter().filter_map(|pair| {
        let moved = pair.moved.as_ref()?;
        let over: Vec<String> = moved.over.iter().map(ToString::to_string).collect();
        let way = if moved.later { "after" } else { "before" };
        Some(format!("{} {way} {}", pair.item, over.join(", ")))
    });
    let only = |side: &[usize], of: &[&str], word: &str| -> Vec<String> {
        side.iter().map(|&index| format!("{word} {}", of[index])).collect()
    };
    let (only_left, only_right) = (&alignment.only_left, &alignment.only_right);
    moved
        .chain(only(only_left, left, "only left"))
        .chain(only(only_right, right, "only right"))
        .collect()
}

#[test]
fn the_same_thing_corresponds_under_other_names() {
    assert_eq!(
        said(&["pin_init0", "uart_init0"], &["machine_pin_init", "machine_uart_init"]),
        [""; 0]
    );
    assert_eq!(
        said(&["pin_init0", "pin_deinit"], &["machine_pins_init"]),
        ["only left pin_init0", "only left pin_deinit", "only right machine_pins_init"]
    );
}

#[test]
fn of_several_calls_those_of_one_function_correspond() {
    let (left, right) =
        (order(&["pyb_can_init0", "machine_can_init"]), order(&["machine_can_init"]));
    let alignment = align(&left, &right);
    assert_eq!(alignment.pairs[0].left, 1);
    assert_eq!((alignment.more_left, alignment.only_left), (vec![0], vec![]));
}

#[test]
fn what_starts_again_on_the_way_out_is_not_what_started_at_power_up() {
    let left = order(&["uart_init0/boot", "uart_init/boot"]);
    let right = order(&["mp_uart_init/boot", "mp_init", "mp_uart_init/stop"]);
    let alignment = align(&left, &right);
    assert_eq!((alignment.pairs.len(), alignment.pairs[0].right), (1, 0));
    assert_eq!((alignment.more_left, alignment.more_right), (vec![1], vec![2]));
}

#[test]
fn entries_move_rather_than_landmarks() {
    assert_eq!(
        said(&["usbd_init", "pyexec_file"], &["pyexec_file", "usbd_init"]),
        ["usbd init after boot.py"]
    );
    assert_eq!(
        said(&["pyexec_file", "usbd_init"], &["usbd_init", "pyexec_file"]),
        ["usbd init before boot.py"]
    );
    assert_eq!(
        said(&["a_init", "gc_init", "b_init"], &["gc_init", "a_init", "b_init"]),
        ["a init after gc_init"]
    );
}

#[test]
fn what_stands_on_the_other_side_of_boot_py_is_said() {
    let left =
        ["a_init/boot", "boardctrl_run_boot_py", "usbd_init", "pyexec_file", "x_deinit/stop"];
    let right = ["a_init", "usbd_init", "pyexec_file_if_exists", "pyexec_file_if_exists"];
    let alignment = align(&order(&left), &order(&right));
    let said: Vec<_> = alignment
        .pairs
        .iter()
        .filter_map(|pair| Some((pair.item.name.as_str(), pair.boot_py?)))
        .collect();
    assert_eq!(said, [("usbd", [BootPy::After, BootPy::Before])]);
    let stages: Vec<_> = alignment.pairs.iter().filter_map(|pair| pair.stages).collect();
    assert_eq!(stages, [[Some(Stage::Boot), Some(Stage::Start)]]);
    // The second runner is main.py on both sides.
    assert_eq!(alignment.pairs.last().unwrap().item.name, "main.py");
}

#[test]
fn hooks_have_one_name_in_the_text_and_in_the_firmware() {
    let text = ["MICROPY_BOARD_TOP_SOFT_RESET_LOOP", "MICROPY_BOARD_RUN_BOOT_PY"];
    assert_eq!(said(&text, &["boardctrl_top_soft_reset_loop", "boardctrl_run_boot_py"]), [""; 0]);
}

#[test]
fn entries_without_a_name_correspond_to_nothing() {
    let mut stripped = order(&["a_init"]);
    stripped[0].function = None;
    stripped[0].subsystem = None;
    let alignment = align(&stripped, &stripped);
    assert_eq!((alignment.only_left, alignment.only_right), (vec![0], vec![0]));
}

#[test]
fn several_orders_are_summed_up_in_subsystems() {
    let orders = [
        order(&["pin_init0", "uart_init0", "pin_deinit/stop"]),
        order(&["uart_init", "machine_pin_init"]),
        order(&["machine_pin_init", "led_init"]),
    ];
    let alignments: Vec<Alignment> =
        orders.windows(2).map(|pair| align(&pair[0], &pair[1])).collect();
    let slices: Vec<&[Entry]> = orders.iter().map(Vec::as_slice).collect();
    let summary = summary(&slices, &alignments);
    assert_eq!((summary.subsystems, summary.shared), (3, vec!["pin".to_owned()]));
    assert_eq!(summary.moved.len(), 1);
    assert!(!summary.same);
}

fn names() -> impl Strategy<Value = Vec<String>> {
    let name = "[a-e]_(init|deinit|init0)(/boot|/stop)?|gc_init|pyexec_file";
    proptest::collection::vec(name, 0..24)
}

fn made(names: &[String]) -> Vec<Entry> {
    order(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn an_order_is_the_same_as_itself(names in names()) {
        let alignment = align(&made(&names), &made(&names));
        prop_assert!(alignment.is_same());
        prop_assert!(alignment.pairs.iter().all(|pair| pair.left == pair.right));
    }

    #[test]
    fn the_other_way_round_the_same_correspond(left in names(), right in names()) {
        let (left, right) = (made(&left), made(&right));
        let (there, back) = (align(&left, &right), align(&right, &left));
        let pairs = |alignment: &Alignment| -> BTreeSet<(usize, usize)> {
            alignment.pairs.iter().map(|pair| (pair.left, pair.right)).collect()
        };
        let turned: BTreeSet<_> = pairs(&back).into_iter().map(|(a, b)| (b, a)).collect();
        prop_assert_eq!(pairs(&there), turned);
        prop_assert_eq!(&there.only_left, &back.only_right);
        prop_assert_eq!(&there.more_left, &back.more_right);
        let moves = |alignment: &Alignment| {
            alignment.pairs.iter().filter(|pair| pair.moved.is_some()).count()
        };
        prop_assert_eq!(moves(&there), moves(&back));
    }

    #[test]
    fn every_entry_is_told_once_and_what_stayed_ascends(left in names(), right in names()) {
        let (left, right) = (made(&left), made(&right));
        let alignment = align(&left, &right);
        let mut lefts: Vec<usize> = alignment.pairs.iter().map(|pair| pair.left).collect();
        lefts.extend(alignment.only_left.iter().chain(&alignment.more_left));
        lefts.sort_unstable();
        prop_assert_eq!(lefts, (0..left.len()).collect::<Vec<_>>());
        let stayed: Vec<&Pair> =
            alignment.pairs.iter().filter(|pair| pair.moved.is_none()).collect();
        prop_assert!(stayed.windows(2).all(|pair| pair[0].right < pair[1].right));
        for moved in alignment.pairs.iter().filter_map(|pair| pair.moved.as_ref()) {
            prop_assert!(!moved.over.is_empty());
        }
    }
}
