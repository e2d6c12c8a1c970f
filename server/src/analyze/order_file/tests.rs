//! The order file, written, read, brought up to date and compared.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::analyze::diff::{Revision, Side, Unreadable, Verdict, made};

const DAY: jiff::civil::Date = jiff::civil::date(2026, 11, 23);

fn builds(builds: &[(&str, &str)]) -> Vec<Subject> {
    builds.iter().map(|(board, words)| made::build(board, words)).collect()
}

fn written(list: &[(&str, &str)]) -> OrderFile {
    updated(&OrderFile::default(), list)
}

/// The file with these orders, where no remark is lost.
fn updated(file: &OrderFile, list: &[(&str, &str)]) -> OrderFile {
    let updated = file.updated(&builds(list), Unbuilt::Keep).unwrap();
    assert_eq!(updated.lost, [""; 0]);
    updated.file
}

/// The file without the program's own words at its head.
fn text(file: &OrderFile) -> String {
    let text = file.to_string();
    let body = text.split_once("\n\n").map_or("", |(_, body)| body);
    body.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn checked(file: &OrderFile, list: &[(&str, &str)]) -> OrderCheck {
    file.check(Side { builds: builds(list), unreadable: vec![] }, &made::policy(), DAY)
}

const FLEET: [(&str, &str); 4] = [
    ("rp2/A", "boot: led_init start: gc_init uart_init ?can_init pyexec_file stop: uart_deinit"),
    ("rp2/B", "boot: led_init start: gc_init uart_init pyexec_file stop: uart_deinit"),
    ("rp2/C", "boot: led_init start: gc_init uart_init pyexec_file stop: uart_deinit"),
    ("stm32/D", "@core/dma_init start: @core/pin_init"),
];

#[test]
fn boards_that_are_alike_share_their_lines() {
    insta::assert_snapshot!(written(&FLEET), @r"
    initboard order, version 1
    ## What each board runs from power-up to soft reset, in its order, kept to be reviewed.
    ## `initboard order --write` brings this file up to date; `initboard check --order` compares
    ## builds with it. Comments, behind a # or on lines above, stay with what they are about.
    ## init? and deinit? run on some paths only. `on` names boards, each with those like it.

    port rp2
    board A
    board B
    board C                                       like B

    boot
      init      led_init

    start
      landmark  gc_init
      init      uart_init
      init?     can_init                          on A
      landmark  pyexec_file

    stop
      deinit    uart_deinit

    port stm32
    board D

    unseen
      init      dma_init

    start
      init      pin_init
    ");
}

#[test]
fn renumbering_moving_to_the_registry_and_another_level_change_nothing() {
    let file = written(&[("rp2/A", "start: gc_init a_init @core/b_init")]);
    let registered = [("rp2/A", "start: gc_init @core/a_init @driver/b_init")];
    let check = checked(&file, &registered);
    assert_eq!((check.report.verdict, check.is_accepted()), (Verdict::Unchanged, true));
    assert_eq!(updated(&file, &registered), file);
}

#[test]
fn one_entry_that_moves_on_one_board_changes_its_lines_and_that_board_alone() {
    let file = written(&[
        ("rp2/A", "start: a_init b_init c_init d_init"),
        ("rp2/B", "start: a_init b_init c_init d_init"),
    ]);
    let moved = updated(&file, &[("rp2/B", "start: a_init c_init d_init b_init")]);
    let before: Vec<String> = text(&file).lines().map(str::to_owned).collect();
    let after = text(&moved);
    let new: Vec<&str> =
        after.lines().filter(|line| !before.contains(&(*line).to_owned())).map(str::trim).collect();
    assert_eq!(
        new,
        [
            "board B",
            "init      b_init                            on A",
            "init      b_init                            on B"
        ]
    );
    assert_eq!(updated(&moved, &[("rp2/B", "start: a_init b_init c_init d_init")]), file);
}

#[test]
fn a_board_that_stands_for_others_still_does_when_one_comes_before_it() {
    let file = written(&[("rp2/M", "start: a_init"), ("rp2/Z", "start: a_init b_init")]);
    let file = updated(&file, &[("rp2/A", "start: a_init b_init")]);
    insta::assert_snapshot!(text(&file), @r"
    port rp2
    board A                                       like Z
    board M
    board Z

    start
      init      a_init
      init      b_init                            on Z
    ");
}

/// A file with a remark in every place.
const REMARKED: &str = "initboard order, version 1

# the whole port
port rp2 # its line
# the small one
board A # no CAN
board B like A

start
  #no blank behind the mark
  ## two marks
  init a_init # first of all
  init b_init #
#
  init c_init
";

#[test]
fn what_people_write_is_kept_as_they_write_it() {
    let file: OrderFile = REMARKED.parse().unwrap();
    insta::assert_snapshot!(text(&file), @r"
    # the whole port
    port rp2                                      # its line
    # the small one
    board A                                       # no CAN
    board B                                       like A

    start
      #no blank behind the mark
      ## two marks
      init      a_init                            # first of all
      init      b_init                            #
      #
      init      c_init
    ");
    let same = updated(&file, &[("rp2/A", "start: a_init b_init c_init")]);
    assert_eq!(same, file);
    assert_eq!(file.to_string().parse::<OrderFile>().unwrap(), file);
}

#[test]
fn a_reason_goes_where_its_entry_goes() {
    let file: OrderFile = REMARKED.parse().unwrap();
    let orders = ["start: b_init c_init a_init", "start: b_init c_init stop: ?a_init"];
    for order in orders {
        let moved = updated(&file, &[("rp2/A", order), ("rp2/B", order)]);
        let text = text(&moved);
        let end: Vec<&str> = text.lines().rev().take(3).map(str::trim).collect();
        assert!(end[0].ends_with("a_init                            # first of all"), "{text}");
        assert_eq!(end[1..], ["## two marks", "#no blank behind the mark"]);
    }
    let split = updated(&file, &[("rp2/B", "start: b_init c_init a_init")]);
    let said = text(&split);
    assert!(said.contains("a_init                            on A  # first of all"), "{said}");
    assert!(said.ends_with("a_init                            on B"), "{said}");
}

#[test]
fn a_reason_whose_entry_is_gone_is_told() {
    let file: OrderFile = REMARKED.parse().unwrap();
    let without = |unbuilt, list| file.updated(&builds(list), unbuilt).unwrap();
    let updated = without(Unbuilt::Keep, &[("rp2/A", "start: b_init"), ("rp2/B", "start: b_init")]);
    assert_eq!(
        updated.lost,
        ["rp2: a_init: no blank behind the mark # two marks first of all", "rp2: c_init: "]
    );
    let pruned = without(Unbuilt::Drop, &[("rp2/B", "start: a_init b_init c_init")]);
    assert_eq!(pruned.lost, ["rp2: A: the small one no CAN"]);
    assert_eq!((pruned.file.ports(), pruned.file.boards()), (1, 1));
    let other = without(Unbuilt::Drop, &[("stm32/B", "start: x_init")]);
    assert_eq!(other.lost.len(), 5);
    assert_eq!(other.lost[0], "rp2: rp2: the whole port its line");
}

#[test]
fn a_check_tells_what_moved_and_what_is_no_longer_stopped() {
    let file = written(&FLEET);
    assert!(checked(&file, &FLEET).is_accepted());
    let check = checked(
        &file,
        &[
            ("rp2/A", "boot: led_init start: gc_init uart_init ?can_init pyexec_file"),
            ("rp2/B", "start: gc_init uart_init pyexec_file led_init stop: uart_deinit"),
            ("rp2/N", "start: gc_init"),
        ],
    );
    assert!(!check.is_accepted());
    assert_eq!(check.unlisted, ["rp2/N"]);
    assert_eq!(check.unbuilt, ["rp2/C", "stm32/D"]);
    let said: Vec<String> = check
        .report
        .groups
        .iter()
        .map(|group| {
            let said = crate::report::changes::of_group(group, &str::to_owned);
            format!("{}: {}", group.boards.join(" "), said.join("; "))
        })
        .collect();
    assert_eq!(
        said,
        [
            "rp2/A: uart is no longer stopped; uart_deinit removed, was in stop, after boot.py",
            "rp2/B: led_init moved later, over gc_init, boot.py and 1 other, now after boot.py; runs in start now, in boot before",
        ]
    );
    assert_eq!(check.report.findings, []);
}

#[test]
fn a_build_that_tells_too_little_is_not_compared() {
    let file = written(&FLEET);
    let mut list = builds(&[("rp2/A", "start: -"), FLEET[1], FLEET[3]]);
    Arc::make_mut(&mut list[1].table).main = None;
    list[2].board = None;
    let unreadable = vec![Unreadable { board: "rp2/C".to_owned(), why: "broken".to_owned() }];
    let nameless = file.updated(&list[..1], Unbuilt::Keep).unwrap_err().to_string();
    let check = file.check(Side { builds: list, unreadable }, &made::policy(), DAY);
    let said: Vec<(&str, Revision, &str)> = check
        .report
        .not_compared
        .iter()
        .map(|not| (not.board.as_str(), not.revision, not.why.split(':').next().unwrap()))
        .collect();
    assert_eq!(
        said,
        [
            (
                "rp2/A",
                Revision::Head,
                "entries without a name, 1 of them, which nobody could review"
            ),
            ("rp2/B", Revision::Head, "main could not be read in this build, but in the other one"),
            ("rp2/C", Revision::Head, "broken"),
            ("stm32/D", Revision::Head, "its path names no board"),
        ]
    );
    assert_eq!(
        nameless,
        "rp2/A: entries without a name, 1 of them, which nobody could review: expected firmware that is not stripped, or built with records"
    );
}

#[test]
fn a_build_of_which_nothing_is_known_is_no_build_that_runs_nothing() {
    let mut list = builds(&[("rp2/A", ""), ("rp2/B", ""), ("rp2/C", "start: a_init")]);
    Arc::make_mut(&mut list[0].table).main = None;
    let updated = OrderFile::default().updated(&list, Unbuilt::Keep).unwrap();
    assert_eq!(updated.file.boards(), 2);
    assert_eq!(
        updated.left_out.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "rp2/A: nothing is known of its order, because main could not be read and there is no registry: expected a build without -flto, or one that registers its functions"
        ]
    );
    let side = |builds: &[Subject]| Side { builds: builds.to_vec(), unreadable: vec![] };
    let check = updated.file.check(side(&list), &made::policy(), DAY);
    assert_eq!((check.is_accepted(), check.unknown), (true, vec!["rp2/A".to_owned()]));
    Arc::make_mut(&mut list[2].table).entries.clear();
    Arc::make_mut(&mut list[2].table).main = None;
    let kept = updated.file.updated(&list, Unbuilt::Keep).unwrap();
    assert_eq!((kept.file, kept.left_out.len()), (updated.file.clone(), 2));
    let check = updated.file.check(side(&list), &made::policy(), DAY);
    let not_compared: Vec<&String> =
        check.report.not_compared.iter().map(|not| &not.board).collect();
    assert_eq!(not_compared, ["rp2/C"]);
}

#[test]
fn an_error_says_where_and_what_to_do() {
    let said = |body: &str| {
        let error = format!("initboard order, version 1\n{body}").parse::<OrderFile>().unwrap_err();
        error.to_string()
    };
    let first = |text: &str| text.parse::<OrderFile>().unwrap_err().to_string();
    let words =
        "port, board, boot, start, stop, unseen, init, deinit, landmark, run-init or run-deinit";
    let expected = [
        (first(""), "line 1: found ``, expected `initboard order, version 1`: name a file that `initboard order --write` wrote, or one that does not exist yet".to_owned()),
        (first("\u{202e}x\ny"), r"line 1: found `\u{202e}x`, expected `initboard order, version 1`: name a file that `initboard order --write` wrote, or one that does not exist yet".to_owned()),
        (first("initboard order, version 2"), "line 1: the file has version 2, and this program reads version 1: use the version of initboard that wrote it, or a newer one".to_owned()),
        (said("port a b"), "line 2: `port` has 2 words behind it: expected one, the port, such as `port stm32`".to_owned()),
        (said("port a/b"), "line 2: `a/b` is not a port name: expected 1 to 64 of A-Z, a-z, 0-9, _, . and -, starting with a letter or digit".to_owned()),
        (said("port a\nport a"), "line 3: port a has a section above already: expected one, so bring both together".to_owned()),
        (said("board B"), "line 2: no port yet: expected a line such as `port stm32` above".to_owned()),
        (said("port a\nboard B as C"), "line 3: found `board B as C`, expected `board NAME` or `board NAME like OTHER`".to_owned()),
        (said("port a\nboard B\nboard B"), "line 4: board B is listed twice: expected it once, so remove one of both lines".to_owned()),
        (said("port a\nboard B\nstart\nboard C"), "line 5: board C stands below entries: expected all boards right below their port, so move the line up".to_owned()),
        (said("port a\nboard B like C"), "line 3: port a has no board C: expected one of its lines `board`, or add one".to_owned()),
        (said("port a\nboard B\nboard C like B\nboard D like C\nstart"), "line 5: board C is like B: expected B in its place, which stands for both".to_owned()),
        (said("port a\nboard B\ninit x"), "line 4: no stage yet: expected a line `boot`, `start`, `stop` or `unseen` above the entry".to_owned()),
        (said("port a\nboard B\nstart x"), "line 4: a stage has something behind it: expected it alone on its line; write comments above or behind an entry".to_owned()),
        (said("port a\nboard B\nstart\ninit"), "line 5: `init` stands alone: expected a function behind it, or no such line".to_owned()),
        (said("port a\nboard B\nstart\nuart_init"), format!("line 5: found `uart_init`, expected {words}, or a # before a comment")),
        (said("port a\nboard B\nstart\n<<<<<<< HEAD"), "line 5: `<<<<<<<` is left of a merge: expected no conflicts; keep both sides' comments and either side's entries, then run `initboard order --write`".to_owned()),
        (said("port a\nboard B\nstart\ninit x off B"), "line 5: found `off B` behind a function, expected `on BOARD..`, `not on BOARD..`, or a # before a comment".to_owned()),
        (said("port a\nboard B\nstart\ninit x on C"), "line 5: port a has no board C: expected one of its lines `board`, or add one".to_owned()),
        (said("port a\nboard B\nstart\ninit x not on B"), "line 5: the entry is on no board: expected at least one, or no such line".to_owned()),
        (said("port a\nboard B\nstart\ninit x\\n"), r"line 5: `x\\n` has a \ that begins no character: expected \u{..} with its number, such as \u{23} for #".to_owned()),
        (said("port a\n\n# x\n# y\n"), "line 4: a comment at the end is about nothing: expected an entry below it; move it above or behind one, or remove it".to_owned()),
    ];
    for (said, expected) in expected {
        assert_eq!(said, expected);
    }
}

#[test]
fn a_hostile_name_stays_a_word_of_its_line() {
    let names = ["a\nport x", "#", "\u{202e}gnp.exe", " ", "on", "שלום", r"\u{41}", "é"];
    let mut list =
        builds(&[("rp2/A", "start: a_init a_init a_init a_init a_init a_init a_init a_init")]);
    for (entry, name) in Arc::make_mut(&mut list[0].table).entries.iter_mut().zip(names) {
        entry.function = Some(SymbolName::try_from(name.to_owned()).unwrap());
    }
    let file = OrderFile::default().updated(&list, Unbuilt::Keep).unwrap().file;
    insta::assert_snapshot!(text(&file), @r"
    port rp2
    board A

    start
      init      a\u{a}port\u{20}x
      init      \u{23}
      init      \u{202e}gnp.exe
      init      \u{20}
      init      on
      init      \u{5e9}\u{5dc}\u{5d5}\u{5dd}
      init      \u{5c}u{41}
      init      \u{e9}
    ");
    assert!(file.to_string().is_ascii());
    assert_eq!(file.to_string().parse::<OrderFile>().unwrap(), file);
}

/// The orders of some boards of a port, in which functions stand several times.
fn fleets() -> impl Strategy<Value = BTreeMap<String, Vec<Call>>> {
    let stage = prop_oneof![
        Just(Some(Stage::Boot)),
        Just(Some(Stage::Start)),
        Just(Some(Stage::Stop)),
        Just(None)
    ];
    let roles = [Role::Init, Role::Deinit, Role::Landmark, Role::RunInit, Role::RunDeinit];
    let call = (stage, 0..roles.len(), any::<bool>(), "[ab#\\\\ \n\u{202e}é?]{1,2}").prop_map(
        move |(stage, role, is_conditional, name)| Call {
            stage,
            role: roles[role],
            is_conditional,
            function: SymbolName::try_from(name).unwrap(),
        },
    );
    prop::collection::btree_map("[A-E]", prop::collection::vec(call, 0..8), 1..5)
}

fn file_of(order: PortOrder) -> OrderFile {
    OrderFile { ports: BTreeMap::from([("rp2".parse().unwrap(), order)]) }
}

proptest! {
    #[test]
    fn a_file_is_read_as_it_was_written(
        orders in fleets(),
        remarks in prop::collection::vec(
            (prop::collection::vec("( ?[a-z#é]{0,4}[a-z#])?", 0..3), prop::option::of(" [a-z#\\\\]{1,4}")),
            1..6,
        ),
    ) {
        let (mut order, _) = merge::updated(&PortOrder::default(), orders);
        let mut remarks = remarks.into_iter().cycle().map(|(above, behind)| Remarks { above, behind });
        order.remarks = remarks.next().unwrap();
        order.boards.values_mut().for_each(|board| board.remarks = remarks.next().unwrap());
        order.lines.iter_mut().for_each(|line| line.remarks = remarks.next().unwrap());
        let file = file_of(order);
        prop_assert_eq!(file.to_string().parse::<OrderFile>().unwrap(), file);
    }

    #[test]
    fn each_board_runs_what_it_ran_whatever_the_file_said_before(
        before in fleets(),
        after in fleets(),
    ) {
        let (earlier, _) = merge::updated(&PortOrder::default(), before);
        let (order, _) = merge::updated(&earlier, after.clone());
        prop_assert_eq!(order.orders(), after.clone());
        let (again, _) = merge::updated(&order, after);
        prop_assert_eq!(again, order);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(port a\n|board [AB]( like [AB])?\n|start\n|init\\?? [ab\\\\#u{}1]{1,5}( (not )?on [AB])?\n|#.\n|\\PC{0,9}\n){0,12}") {
        let _ = format!("initboard order, version 1\n{text}").parse::<OrderFile>();
    }
}
