//! The weaver weaves what it says, by its own account and by that of `tshark`.

// The helpers of the tests fail and speak as the tests do.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stderr
)]

mod weave;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::slice::from_ref;
use std::sync::atomic::{AtomicUsize, Ordering};
use weave::{
    Acks, Block, Close, Dialog, Format, IPS, Ip, LINKS, Link, Open, Pcap, Pcapng, Plan, Side,
    Woven, formats,
};

const DIALOG: &str = "\
# a dialog with pipelining
s< 220 mx.example ESMTP ready
c> EHLO client.example
s< 250-mx.example
s< 250-PIPELINING
s< 250 SIZE 1000000
c> MAIL FROM:<a@client.example>
c> RCPT TO:<b@mx.example>
c> DATA
s< 250 2.1.0 Ok
s< 250 2.1.5 Ok
s< 354 Go ahead
c> Subject: weaving
c>
c> One line, and another that is somewhat longer than those before it.
c> .
s< 250 2.0.0 Queued
c> QUIT
s< 221 2.0.0 Bye
";

fn dialog() -> Dialog {
    Dialog::parse(DIALOG)
}

/// What tshark says about a capture.
struct Seen {
    /// Time in nanoseconds and the mark of malformed packets, of each packet.
    packets: Vec<(i64, String)>,
    /// What was said on each connection, by the client's port.
    dialogs: BTreeMap<u16, Dialog>,
}

/// Runs tshark, which is told nothing but the bytes and how many connections to follow; `None`
/// where there is none.
fn tshark(woven: &Woven) -> Option<Seen> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    // A file, as tshark does not take every form of pcap from a pipe.
    let name = format!("weaver-{}-{number}", std::process::id());
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, &woven.file).unwrap();
    let mut command = Command::new("tshark");
    command.arg("-n").arg("-r").arg(&path).args(["-T", "fields", "-E", "separator=|"]);
    command.args(["-e", "frame.time_epoch", "-e", "_ws.malformed"]);
    command.args(["-e", "ip.checksum.status", "-e", "tcp.checksum.status"]);
    command.args(["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]);
    // What SMTP makes of bytes that come twice is not asked here.
    command.args(["--disable-protocol", "smtp"]);
    // So that a length of 0 in IPv6 is taken for an offloaded segment, as it is in IPv4.
    command.args(["-o", "ipv6.tso_support:TRUE"]);
    for stream in 0..woven.dialogs.len() {
        command.arg("-z").arg(format!("follow,tcp,raw,{stream}"));
    }
    let result = command.output();
    std::fs::remove_file(&path).unwrap();
    let Ok(output) = result else {
        eprintln!("SKIPPED: tshark is not installed; the weaver was not compared with it");
        return None;
    };
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tshark: {complaints}");
    let text = String::from_utf8(output.stdout).unwrap();
    let (packets, follow) = text.split_once("\n====").unwrap_or((&text, ""));
    let packet = |line: &str| {
        let (time, marks) = line.split_once('|').unwrap();
        let (malformed, sums) = marks.split_once('|').unwrap();
        assert!(!sums.contains('0'), "a bad checksum: {line}");
        let (seconds, fraction) = time.split_once('.').unwrap_or(("0", "0"));
        let nanos: i64 = format!("{fraction:0<9}")[..9].parse().unwrap();
        (seconds.parse::<i64>().unwrap_or(0) * 1_000_000_000 + nanos, malformed.to_owned())
    };
    let packets = packets.lines().filter(|line| !line.is_empty()).map(packet).collect();
    let dialogs = follow.split("Follow: tcp,raw").skip(1).map(followed).collect();
    Some(Seen { packets, dialogs })
}

/// The client's port and the dialog in a block of tshark's "follow" output: hexadecimal, what
/// the second node says being indented.
fn followed(block: &str) -> (u16, Dialog) {
    let ports = |line: &str| line.rsplit(':').next().unwrap().parse::<u16>().unwrap();
    let nodes: Vec<u16> = block.lines().filter(|l| l.starts_with("Node ")).map(ports).collect();
    let server_first = nodes[0] == 25;
    let mut turns: Vec<(Side, Vec<u8>)> = Vec::new();
    for line in block.lines() {
        let hex = line.trim_start_matches('\t');
        if hex.is_empty() || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            continue;
        }
        let first = hex.len() == line.len();
        let side = if first == server_first { Side::Server } else { Side::Client };
        let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let bytes = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap());
        if turns.last().is_none_or(|(last, _)| *last != side) {
            turns.push((side, Vec::new()));
        }
        turns.last_mut().unwrap().1.extend(bytes);
    }
    (nodes[usize::from(server_first)], Dialog::from_turns(turns))
}

/// tshark sees as many packets, none malformed, and in each connection the same two streams; if
/// nothing `moved`, the same turns. The times of the packets; `None` if it was not asked.
fn agrees(names: &[String], dialog: &Dialog, woven: &Woven, moved: bool) -> Option<Vec<i64>> {
    let seen = tshark(woven)?;
    assert_eq!(seen.packets.len(), woven.packets, "{names:?}: packets");
    for (frame, (_, malformed)) in woven.frames.iter().zip(&seen.packets) {
        let name = frame.carried.as_ref().map(|carried| &names[carried.dialog]);
        assert_eq!(malformed, "", "{name:?}: {frame:?}");
    }
    for (name, truth) in names.iter().zip(&woven.dialogs) {
        let got = seen.dialogs.get(&truth.client.port()).unwrap_or_else(|| panic!("no {name}"));
        for side in Side::BOTH {
            let [got, sent] = [got, dialog].map(|d| d.stream(side).escape_ascii().to_string());
            assert_eq!(got, sent, "{name}: {side:?}");
        }
        assert!(moved || got == dialog, "{name}: {got:?}");
    }
    Some(seen.packets.into_iter().map(|(at, _)| at).collect())
}

#[test]
fn every_link_type_and_version_of_ip_is_read_by_tshark() {
    let mut names = Vec::new();
    let mut plans = Vec::new();
    for &link in LINKS {
        for &ip in IPS {
            names.push(format!("{link:?} {ip:?}"));
            plans.push(Plan::new(&dialog()).link(link).ip(ip).mss(60).pad().pcapng());
        }
    }
    let all = plans.into_iter().reduce(Plan::and).unwrap();
    agrees(&names, &dialog(), &all.weave(), false);
}

#[test]
fn every_file_format_is_read_by_tshark_with_its_times() {
    for (name, format) in formats() {
        let simple = matches!(&format, Format::Pcapng(p) if p.block == Block::Simple);
        let woven = Plan::new(&dialog()).step(1_234_567).format(format).weave();
        let Some(times) = agrees(from_ref(&name), &dialog(), &woven, false) else {
            return;
        };
        let places = woven.truth().lines.iter().map(|line| line.done.unwrap());
        for place in places.filter(|_| !simple) {
            let at = times[usize::try_from(place.frame).unwrap() - 1];
            // Binary fractions are rounded in different ways.
            let apart = place.at.unwrap().abs_diff(at);
            assert!(apart <= 1, "{name}: frame {} {at} {apart}", place.frame);
        }
    }
}

#[test]
fn compressed_files_and_check_sequences_are_read_by_tshark() {
    let fcs = Format::Pcap(Pcap { fcs: true, ..Pcap::default() });
    let plan = Plan::new(&dialog()).pad();
    agrees(&["check sequence".into()], &dialog(), &plan.clone().format(fcs).weave(), false);
    #[cfg(feature = "gzip")]
    agrees(&["gzip".into()], &dialog(), &plan.gzip().weave(), false);
}

#[test]
fn faults_that_lose_nothing_lose_nothing_by_tsharks_account_too() {
    let base = || Plan::new(&dialog()).mss(20);
    // What happens to a connection, all in one capture.
    let plans = [
        ("one-byte segments", base().mss(1).wrap()),
        ("delayed acknowledgments", base().acks(Acks::Delayed).tcp_timestamps()),
        ("no acknowledgments", base().acks(Acks::Never).close(Close::Fin(Side::Client))),
        ("FIN on data", base().fin_data()),
        ("reset", base().close(Close::Reset(Side::Client))),
        ("no end", base().close(Close::Never)),
        ("overlap", base().overlap(7)),
        ("retransmit", base().retransmit(50).wrap()),
        ("keep-alives", base().keep_alives(60)),
        ("garbage", base().garbage_keep_alives(60)),
        ("zero windows", base().zero_windows(40)),
        ("fragments", base().mss(100).fragment(40)),
        ("fragments, reversed", base().mss(100).fragment_reversed(24)),
        ("offload", base().mss(1460).tso()),
    ];
    let (mut names, mut all) = (vec!["plain".to_owned()], base().seed(5).pcapng());
    for (name, plan) in plans {
        // A length of 0 means something else where there are hop-by-hop options.
        let jumbo = name == "offload";
        let last = if jumbo { Ip::V4Options } else { Ip::V6Extensions };
        for ip in [Ip::V4, Ip::V6, last] {
            names.push(format!("{name}, {ip:?}"));
            all = all.and(plan.clone().ip(ip));
        }
    }
    let all = all.weave();
    for (name, truth) in names.iter().zip(&all.dialogs) {
        assert_eq!(truth.lost, [], "{name}");
    }
    agrees(&names, &dialog(), &all, false);
    // What happens to a capture.
    let plans = [
        ("duplicates", base().duplicates(40)),
        ("reorder", base().reorder(5).retransmit(10)),
        ("duplicated and moved fragments", base().fragment(16).duplicates(20).reorder(3)),
    ];
    for (name, plan) in plans {
        let woven = plan.noise(10).pad().weave();
        assert_eq!(woven.lost(), [], "{name}");
        agrees(&[name.into()], &dialog(), &woven, true);
    }
}

#[test]
fn the_truth_names_the_packet_that_completes_each_line() {
    let woven = Plan::new(&dialog()).think(Side::Server, 5_000_000).weave();
    let lines = &woven.truth().lines;
    let text: Vec<_> = lines.iter().map(|l| String::from_utf8(l.bytes.clone()).unwrap()).collect();
    let marks = DIALOG.lines().filter(|line| !line.starts_with('#'));
    let said: Vec<_> = marks.map(|l| format!("{}\r\n", l[2..].trim_start())).collect();
    assert_eq!(text, said);
    let done = |index: usize| lines[index].done.unwrap();
    // Three packets of handshake, then data and acknowledgment in turn.
    assert_eq!((done(0).frame, done(1).frame, done(2).frame), (4, 6, 8));
    let delay = |from: usize, to: usize| done(to).at.unwrap() - done(from).at.unwrap();
    assert_eq!((delay(1, 2), delay(4, 5)), (7_000_000, 2_000_000));
    // A line of several segments begins in one packet and ends in another.
    let small = Plan::new(&dialog()).mss(10).weave();
    let line = &small.truth().lines[0];
    assert_eq!((line.began.unwrap().frame, line.done.unwrap().frame), (4, 8));
}

#[test]
fn the_truth_names_what_is_lost() {
    let plan = || Plan::new(&dialog()).mss(10);
    assert_eq!(plan().drop_data(1).drop_data(2).weave().lost(), [(Side::Server, 10..28)]);
    assert_eq!(plan().lose_frame(4).weave().lost(), [(Side::Server, 0..10)]);
    assert_eq!(plan().midstream(5).weave().lost(), [(Side::Server, 0..10)]);
    let server = dialog().stream(Side::Server).len() as u64;
    assert_eq!(plan().only(Side::Client).weave().lost(), [(Side::Server, 0..server)]);
    let woven = plan().mss(20).snaplen(14 + 20 + 20 + 15).weave();
    assert_eq!(woven.lost()[0], (Side::Client, 15..20));
    // A fragment that is missing takes its datagram along.
    let woven = Plan::new(&dialog()).fragment(16).lose_frame(7).weave();
    assert_eq!(woven.lost()[0], (Side::Server, 0..28));
    assert!(woven.truth().lines[0].done.is_none());
    // What comes again is not lost, however much is dropped at random.
    let twice = plan().drop_rate(30).seed(2);
    let [once, again] = [twice.clone(), twice.retransmit(100)].map(|p| total(&p.weave()));
    assert!(0 < again && again < once, "{again} of {once}");
}

fn total(woven: &Woven) -> u64 {
    woven.lost().iter().map(|(_, range)| range.end - range.start).sum()
}

#[test]
fn conflicts_have_the_same_place_and_other_bytes() {
    let woven = Plan::new(&dialog()).mss(10).conflict(0).weave();
    assert_eq!(woven.truth().conflicts, [(Side::Server, 0..10)]);
    let payload = |at: usize| {
        let frame = &woven.frames[at];
        let carried = frame.carried.as_ref().unwrap();
        (carried.range.clone(), frame.data[carried.payload_at..].to_vec())
    };
    let ((place, real), (again, other)) = (payload(3), payload(4));
    assert_eq!(place, again);
    assert!(real.iter().zip(&other).all(|(a, b)| a != b));
}

#[test]
fn a_plan_is_woven_the_same_way_twice_and_another_way_with_another_seed() {
    let plan = |seed| {
        let plan = Plan::new(&dialog()).mss(9).retransmit(20).reorder(6).duplicates(10);
        plan.noise(10).seed(seed).pcapng().weave().file
    };
    assert_eq!(plan(1), plan(1));
    assert_ne!(plan(1), plan(2));
}

#[test]
fn reordering_moves_packets_by_no_more_than_the_window() {
    let plan = Plan::new(&dialog()).mss(5).close(Close::Reset(Side::Server));
    let mixed = plan.clone().reorder(4).keep_times().weave();
    let times: Vec<i64> = mixed.frames.iter().map(|frame| frame.at).collect();
    let start = plan.weave().frames[0].at;
    let mut moved = 0;
    for (at, time) in (0_i64..).zip(&times) {
        let away = at.abs_diff((time - start) / 1_000_000);
        assert!(away <= 4, "packet {at} moved by {away}");
        moved += u64::from(away > 0);
    }
    assert!(moved > 20);
    assert!(times[0] == start && times.iter().max() == times.last(), "the ends stay");
}

#[test]
fn several_dialogs_and_noise_share_a_capture() {
    let other = Dialog::parse("s< 220 other\nc> QUIT\ns< 221 bye\n");
    let plan = Plan::new(&dialog()).mss(30).and(Plan::new(&other).link(Link::Sll2).ip(Ip::V6));
    let woven = plan.and(Plan::new(&other)).noise(50).pcapng().weave();
    let clients: Vec<_> = woven.dialogs.iter().map(|truth| truth.client.to_string()).collect();
    assert_eq!(clients, ["192.0.2.1:4242", "[2001:db8::1]:4243", "192.0.2.1:4244"]);
    assert!(woven.dialogs.iter().all(|truth| truth.lost.is_empty()));
    let owners: Vec<_> =
        woven.frames.iter().map(|f| f.carried.as_ref().map(|c| c.dialog)).collect();
    let first_end = owners.iter().rposition(|o| *o == Some(0)).unwrap();
    assert!(owners[..first_end].contains(&Some(1)) && owners.contains(&None));
    let Some(seen) = tshark(&woven) else { return };
    assert_eq!(seen.packets.len(), woven.packets);
    assert!(seen.packets.iter().all(|(_, malformed)| malformed.is_empty()));
}

#[test]
fn openings_that_fail_have_no_data() {
    for (open, packets) in [(Open::Refused, 2), (Open::NoAnswer, 3)] {
        let woven = Plan::new(&dialog()).open(open).weave();
        assert_eq!(woven.packets, packets, "{open:?}");
        assert_eq!(woven.lost().len(), 2, "{open:?}");
    }
    let silent = Plan::new(&Dialog::default()).weave();
    assert_eq!(silent.packets, 7);
    let early = Plan::new(&dialog()).syn_data().weave();
    assert_eq!(early.truth().lines[0].done.unwrap().frame, 2);
}

#[test]
fn a_transcript_is_parsed_as_it_is_said() {
    let all = Dialog::parse_all("s< 220 a\n# note\nc> X\nc>\n\ns< 220 b\n");
    let first = Dialog::from_turns([
        (Side::Server, b"220 a\r\n".to_vec()),
        (Side::Client, b"X\r\n\r\n".to_vec()),
    ]);
    assert_eq!(all, [first, Dialog::from_turns([(Side::Server, b"220 b\r\n".to_vec())])]);
    let odd = Dialog::from_turns([(Side::Client, b"a\nb".to_vec()), (Side::Client, b"c".to_vec())]);
    let lines: Vec<_> = odd.lines().into_iter().map(|l| (l.range, l.bytes)).collect();
    assert_eq!(lines, [(0..2, b"a\n".to_vec()), (2..4, b"bc".to_vec())]);
    assert_eq!(Pcapng::default().sections, 1);
}

#[test]
fn no_seed_makes_faults_that_lose_nothing_lose_something() {
    for seed in 0..150 {
        let plan = Plan::new(&dialog()).mss(1 + usize::try_from(seed).unwrap() % 40).wrap();
        let plan = plan.retransmit(50).overlap(3).garbage_keep_alives(30).zero_windows(30);
        let plan = plan.duplicates(20).reorder(9).noise(10).fragment(24).seed(seed);
        for close in [Close::Fin(Side::Client), Close::Reset(Side::Server), Close::Never] {
            let woven = plan.clone().close(close).weave();
            assert_eq!(woven.lost(), [], "seed {seed} {close:?}");
        }
    }
}
