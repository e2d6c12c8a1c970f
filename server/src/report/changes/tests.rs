//! Reports as people read them.

use std::sync::Arc;

use std::fmt::Write as _;

use super::*;
use crate::analyze::diff::{ChangeReport, Side, Unreadable, compare, made};
use crate::analyze::policy::Policy;
use crate::config::Config;
use crate::model::{Anomaly, AnomalyKind};

/// A main as the larger ports have it.
const STM32: &str = "boot: led_init start: gc_init mp_init readline_init0 pin_init0 extint_init0 \
    timer_init0 uart_init0 can_init0 pyexec_file usbd_init \
    stop: soft_timer_deinit timer_deinit uart_deinit_all can_deinit_all gc_sweep_all mp_deinit";

fn subject() -> Subject {
    Subject {
        project: Some("micropython".parse().unwrap()),
        server: Some("https://initboard.example".to_owned()),
        base: Some("0123456789abcdef0123456789abcdef01234567".parse().unwrap()),
        base_note: None,
        head: Some("89abcdef0123456789abcdef0123456789abcdef".parse().unwrap()),
        head_is_finished: false,
    }
}

fn side(builds: &[(String, String)]) -> Side {
    let build = |(board, words): &(String, String)| made::build(board, words);
    Side { builds: builds.iter().map(build).collect(), unreadable: vec![] }
}

fn report(base: &[(String, String)], head: &[(String, String)]) -> ChangeReport {
    compare_by(&made::policy(), side(base), side(head))
}

fn compare_by(policy: &Policy, base: Side, head: Side) -> ChangeReport {
    compare(base, head, policy, jiff::civil::date(2026, 11, 23))
}

/// Boards of a port with one order.
fn fleet(port: &str, count: usize, words: &str) -> Vec<(String, String)> {
    (0..count).map(|number| (format!("{port}/BOARD_{number:02}"), words.to_owned())).collect()
}

/// Both forms, checked for what holds of every report.
fn both(report: &ChangeReport) -> String {
    let said = markdown(report, &subject());
    assert_eq!(said, markdown(report, &subject()));
    assert!(said.len() <= MAX_BYTES, "{} bytes", said.len());
    assert!(said.starts_with("<!-- initboard: order of micropython -->\n### "));
    format!("{said}\n=== as text ===\n{}", text(report, &subject()))
}

#[test]
fn nothing_changed() {
    let fleet = fleet("stm32", 83, STM32);
    insta::assert_snapshot!(both(&report(&fleet, &fleet)));
}

#[test]
fn a_change_that_has_gone() {
    let fleet = fleet("stm32", 83, STM32);
    let report = report(&fleet, &fleet);
    assert!(!report.verdict.is_news());
    assert_eq!(
        correction(&report, &subject()),
        "<!-- initboard: order of micropython -->\n\
         ### This pull request no longer changes the order\n\n\
         No change of order on 83 boards.\n\n\
         <sub>Compared 0123456789 with 89abcdef01. Other priorities, addresses and lines are no change.</sub>\n"
    );
}

#[test]
fn one_board_moved_one_entry() {
    let base = fleet("stm32", 3, STM32);
    let mut head = base.clone();
    head[1].1 = STM32.replace("usbd_init ", "").replace("pyexec_file", "usbd_init pyexec_file");
    insta::assert_snapshot!(both(&report(&base, &head)));
}

#[test]
fn eighty_boards_alike_and_three_different() {
    let with_led = STM32.replace("pin_init0", "pin_init0 led_matrix_init");
    let mut base = fleet("stm32", 70, STM32);
    base.extend(fleet("stm32-f4", 10, &with_led));
    base.extend(fleet("rp2", 3, STM32));
    base.extend(fleet("nrf", 2, "start: mp_init"));
    let edit = |(board, words): &(String, String)| {
        let words = if board.starts_with("rp2") {
            words.replace("timer_deinit uart_deinit_all", "uart_deinit_all timer_deinit")
        } else {
            words.replace("extint_init0", "pwm_init extint_init0")
        };
        (board.clone(), words)
    };
    let head: Vec<_> = base.iter().map(edit).collect();
    insta::assert_snapshot!(both(&report(&base, &head)));
}

#[test]
fn a_deinit_is_lost() {
    let base = fleet("stm32", 2, STM32);
    let head = fleet("stm32", 2, &STM32.replace("can_deinit_all ", ""));
    let mut sides = [side(&base), side(&head)];
    // A finding of its own, which all boards share.
    for build in &mut sides[1].builds {
        Arc::make_mut(&mut build.table).anomalies.push(Anomaly::new(AnomalyKind::MissingBounds));
    }
    let [before, after] = sides;
    let found = compare_by(&Config::shipped().policy, before, after);
    insta::assert_snapshot!(both(&found));
}

/// The calls of `STM32` between two landmarks, registered.
fn registered(words: &str) -> String {
    let register = |word: &str| match word {
        "pin_init0" | "extint_init0" | "timer_init0" | "uart_init0" | "can_init0" => {
            format!("@driver/{word}")
        }
        "timer_deinit" | "uart_deinit_all" | "can_deinit_all" => format!("@driver/{word}"),
        _ => word.to_owned(),
    };
    words.split_whitespace().map(register).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_port_is_migrated_with_its_order_kept() {
    let base = fleet("stm32", 12, STM32);
    let head = fleet("stm32", 12, &registered(STM32));
    let report = report(&base, &head);
    assert_eq!(report.obstacles_to_same_order(), [""; 0]);
    insta::assert_snapshot!(both(&report));
}

#[test]
fn a_port_is_migrated_with_its_order_changed() {
    let base = fleet("stm32", 12, STM32);
    let mut head = fleet("stm32", 12, &registered(STM32));
    let late = registered(STM32)
        .replace("@driver/can_deinit_all gc_sweep_all", "gc_sweep_all @driver/can_deinit_all");
    head[7].1 = late;
    let report = report(&base, &head);
    assert_eq!(report.obstacles_to_same_order(), ["the order is another one: stm32/BOARD_07"]);
    insta::assert_snapshot!(both(&report));
}

#[test]
fn the_base_is_missing() {
    insta::assert_snapshot!(both(&report(&[], &fleet("stm32", 5, STM32))));
}

#[test]
fn half_of_the_boards_are_not_yet_uploaded() {
    let base = fleet("stm32", 10, STM32);
    let changed = STM32.replace("pin_init0 extint_init0", "extint_init0 pin_init0");
    insta::assert_snapshot!(both(&report(&base, &fleet("stm32", 5, &changed))));
}

#[test]
fn what_is_missing_of_a_finished_head_will_not_come() {
    let report = report(&fleet("stm32", 2, STM32), &fleet("stm32", 1, STM32));
    let said = |head_is_finished| -> Vec<String> {
        let subject = Subject { head_is_finished, ..subject() };
        let text = text(&report, &subject);
        text.lines().filter(|line| line.contains("without")).map(str::to_owned).collect()
    };
    let missing = "  1 board without a build at head";
    assert_eq!(said(false), [format!("{missing}, not built or not yet: stm32/BOARD_01.")]);
    assert_eq!(
        said(true),
        [format!(
            "{missing}, which is finished: not built, so nothing is said of them: stm32/BOARD_01."
        )]
    );
}

#[test]
fn hostile_names_do_no_harm() {
    let names = [
        "@everyone_init",
        "](javascript:alert(1))_init",
        "<img/src=x>_init",
        "`|`_init",
        "\u{202e}tini_\u{200b}",
        "https://evil.example/_init",
        "#1_init",
        "```_init",
        "--><b>_init",
    ];
    let long = "x".repeat(500);
    let head = format!("start: mp_init {} {long}", names.join(" "));
    let board = "rp2/PICO".to_owned();
    let mut base_side = side(&[(board.clone(), "start: mp_init".to_owned())]);
    let head_side = side(&[(board, head)]);
    base_side.unreadable.push(Unreadable {
        board: "rp2/<b>@all|".to_owned(),
        why: "![x](http://x) @all \u{202e} www.evil.example".to_owned(),
    });
    let report = compare_by(&made::policy(), base_side, head_side);
    let said = markdown(&report, &subject());
    for harm in ["@everyone", "](javascript", "<img", "\u{202e}", "@all", "](http://", "--><b>"] {
        let outside_blocks: String = said.split("````").step_by(2).collect();
        assert!(!outside_blocks.contains(harm), "{harm} in {outside_blocks}");
    }
    insta::assert_snapshot!(both(&report));
}

#[test]
fn a_report_that_is_too_long_says_what_it_leaves_out() {
    let mut base = Vec::new();
    let mut head = Vec::new();
    for number in 0..250 {
        let board = format!("stm32/{}{number:03}", "B".repeat(60));
        let mut words = "start:".to_owned();
        for call in 0..40 {
            let _ = write!(words, " {}_{number}_{call}_init", "x".repeat(100));
        }
        base.push((board.clone(), "start: mp_init".to_owned()));
        head.push((board, words));
    }
    let said = markdown(&report(&base, &head), &subject());
    assert!(said.len() <= MAX_BYTES);
    let note = said.lines().find(|line| line.starts_with("**Too long")).unwrap();
    assert_eq!(
        note,
        "**Too long for one comment: left out 220 of 250 groups, 248 of 250 details of groups.** `initboard diff --format json` has all of it."
    );
}
