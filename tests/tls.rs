//! What TLS shows in clear, compared with what `tshark` reads: of every capture of the collection
//! (or of the few that are kept here) that has TLS in it.
//!
//! JA4 is computed here from tshark's lists, in another way than in the program, unless tshark
//! knows it itself.

// A test may panic: that is how it fails. What it skips, it says.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used
)]

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Ports on which the collection has TLS.
const PORTS: &str = "25,443,465,587,2525";

/// Captures made for this test.
const MADE: &str = "testdata/captures/tls";

/// What one of the two says of a connection, by name; by the client's address.
type Said = BTreeMap<String, BTreeMap<&'static str, String>>;

#[test]
fn tshark_reads_the_same() {
    if Command::new("tshark").arg("--version").output().is_err() {
        eprintln!("SKIPPED: tshark is not installed; TLS was not compared with it");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["../shared/captures", "testdata/captures/arkime", MADE];
    let folders = folders.map(|folder| root.join(folder));
    let (mut wrong, mut compared) = (Vec::new(), BTreeMap::new());
    for file in folders.iter().filter(|folder| folder.is_dir()).flat_map(|it| captures(it)) {
        let ours = ours(&file);
        if ours.is_empty() {
            continue;
        }
        let theirs = theirs(&file);
        for (client, fields) in &theirs {
            let Some(our) = ours.get(client) else {
                wrong.push(format!("{}: {client} is no session with TLS", file.display()));
                continue;
            };
            for (name, value) in fields {
                *compared.entry(*name).or_insert(0) += 1;
                let our = our.get(name).map_or("", String::as_str);
                if our != value {
                    let file = file.display();
                    wrong.push(format!("{file}: {client}: {name}: {our:?}, tshark: {value:?}"));
                }
            }
        }
    }
    eprintln!("compared: {compared:?}");
    assert!(compared.get("ja3").is_some_and(|&count| count >= 2), "hardly any TLS: {compared:?}");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn handshakes_read_as_they_were_made() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(MADE);
    let cases = [
        ("alpn", "TLSv1.2", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "smtp", "true", ""),
        (
            "refused-certificate",
            "TLSv1.2",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "",
            "false",
            "client fatal unknown_ca 7",
        ),
        (
            "refused-certificate-1.3",
            "TLSv1.3",
            "TLS_AES_256_GCM_SHA384",
            "",
            "false",
            "client fatal unknown_ca 7",
        ),
        ("refused-version", "", "", "", "false", "server fatal protocol_version 5"),
        ("retry", "TLSv1.3", "TLS_AES_256_GCM_SHA384", "", "true", ""),
    ];
    for (name, version, cipher, chosen, completed, alerts) in cases {
        let tls = &sessions(&folder.join(format!("{name}.pcap")))[0]["tls"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let alert = |it: &Value| {
            format!(
                "{} {} {} {}",
                text(&it["side"]),
                text(&it["level"]),
                text(&it["description"]),
                it["frame"]
            )
        };
        let said: Vec<String> = tls["alerts"].as_array().unwrap().iter().map(alert).collect();
        assert_eq!(said.join(", "), alerts, "{name}");
        let read = ["version", "cipher", "alpn_chosen"].map(|field| text(&tls[field]));
        assert_eq!(read, [version, cipher, chosen], "{name}");
        assert_eq!(tls["completed"].to_string(), completed, "{name}");
        assert_eq!((text(&tls["sni"]).as_str(), &tls["unread"]), ("mx.example.net", &Value::Null));
        // Before TLS 1.3 the certificate is in clear.
        let subject =
            if version == "TLSv1.2" { "CN=mx.example.net,O=Example\\, Inc.,C=DE" } else { "" };
        assert_eq!(text(&tls["certificate"]["subject"]), subject, "{name}");
    }
}

#[test]
fn a_transcript_shows_nothing_of_tls() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/transcripts");
    let tls = &sessions(&folder.join("starttls.txt"))[0]["tls"];
    assert!(tls.is_object());
    for name in
        ["version", "cipher", "sni", "alpn_chosen", "ja3", "ja4", "certificate", "completed"]
    {
        assert!(tls[name].is_null(), "{name}");
    }
    assert_eq!((&tls["alpn"], &tls["alerts"]), (&Value::Array(vec![]), &Value::Array(vec![])));
}

/// The captures in `folder` and below.
fn captures(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(captures(&path));
        } else if path.to_str().is_some_and(|name| name.contains(".pcap")) {
            all.push(path);
        }
    }
    all.sort();
    all
}

/// The sessions of the program's report.
fn sessions(file: &Path) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_smtp-audit"))
        .args(["--quiet", "--format", "ndjson", "--ports", PORTS])
        .arg(file)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["type"] == "session").collect()
}

/// What the program says.
fn ours(file: &Path) -> Said {
    let mut said = Said::new();
    for session in sessions(file) {
        let tls = &session["tls"];
        if tls.is_null() {
            continue;
        }
        let client = &session["client"];
        let client = format!("{} {}", client["addr"].as_str().unwrap(), client["port"]);
        let fields = said.entry(client).or_default();
        for name in ["ja3", "ja4", "sni", "version", "cipher"] {
            if let Some(value) = tls[name].as_str() {
                fields.insert(name, value.into());
            }
        }
        let strings = |list: &Value| -> Vec<String> {
            let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
            list.iter().map(|one| one.as_str().unwrap().into()).collect()
        };
        fields.insert("alpn", strings(&tls["alpn"]).join(","));
        let certificate = &tls["certificate"];
        let mut names = strings(&certificate["names"]);
        names.sort();
        fields.insert("names", names.join(","));
        for name in ["not_before", "not_after"] {
            fields.insert(name, certificate[name].as_str().unwrap_or_default().into());
        }
        let alerts = tls["alerts"].as_array().unwrap().iter();
        let alert = |it: &Value| format!("{} {} {}", it["frame"], it["side"], it["level"]);
        fields.insert("alerts", alerts.map(alert).collect::<Vec<_>>().join(","));
    }
    said
}

/// The names in a certificate.
const NAMES: [&str; 4] =
    ["x509ce.dNSName", "x509ce.IPAddress.ipv4", "x509ce.IPAddress.ipv6", "x509ce.rfc822Name"];

/// What is asked of tshark.
const FIELDS: [&str; 22] = [
    "tcp.srcport",
    "tcp.dstport",
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "tls.handshake.type",
    "tls.handshake.ja3",
    "tls.handshake.extensions_server_name",
    "tls.handshake.ciphersuite",
    "tls.handshake.version",
    "tls.handshake.extensions.supported_version",
    "tls.handshake.extension.type",
    "tls.handshake.sig_hash_alg",
    "tls.handshake.extensions_alpn_str",
    NAMES[0],
    NAMES[1],
    NAMES[2],
    NAMES[3],
    "x509af.utcTime",
    "tls.alert_message.level",
    "frame.number",
];

/// What tshark says.
fn theirs(file: &Path) -> Said {
    let known = Command::new("tshark").args(["-G", "fields"]).output().unwrap().stdout;
    let knows_ja4 = String::from_utf8_lossy(&known).contains("\ttls.handshake.ja4\t");
    let mut command = Command::new("tshark");
    command.arg("-r").arg(file).args([
        "-T",
        "fields",
        "-Y",
        "tls.handshake.type || tls.alert_message.level",
    ]);
    for field in FIELDS.iter().chain(knows_ja4.then_some(&"tls.handshake.ja4")) {
        command.args(["-e", field]);
    }
    let names = suite_names();
    let output = command.output().unwrap();
    // A capture that is cut is read all the same.
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(!complaints.contains("fields"), "tshark: {complaints}");
    let text = output.stdout;
    let mut said = Said::new();
    for line in String::from_utf8_lossy(&text).lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let get = |name: &str| fields[FIELDS.iter().position(|field| *field == name).unwrap()];
        let types: Vec<&str> = get("tls.handshake.type").split(',').collect();
        let ports: Vec<&str> = PORTS.split(',').collect();
        let is_client = ports.contains(&get("tcp.dstport"));
        if !is_client && !ports.contains(&get("tcp.srcport")) {
            continue;
        }
        let (v4, v6, port) = if is_client {
            ("ip.src", "ipv6.src", "tcp.srcport")
        } else {
            ("ip.dst", "ipv6.dst", "tcp.dstport")
        };
        let client = format!("{}{} {}", get(v4), get(v6), get(port));
        let fields_of = said.entry(client).or_default();
        if is_client && types.contains(&"1") && !fields_of.contains_key("ja3") {
            fields_of.insert("ja3", get("tls.handshake.ja3").into());
            fields_of.insert("sni", get("tls.handshake.extensions_server_name").into());
            fields_of.insert("alpn", get("tls.handshake.extensions_alpn_str").into());
            let ja4 = if knows_ja4 { fields[FIELDS.len()].into() } else { ja4(&get) };
            fields_of.insert("ja4", ja4);
        }
        if !is_client && types.contains(&"2") {
            let suite = number(get("tls.handshake.ciphersuite"));
            fields_of.insert("cipher", names[&suite].clone());
            let chosen = get("tls.handshake.extensions.supported_version");
            let chosen = if chosen.is_empty() { get("tls.handshake.version") } else { chosen };
            fields_of.insert("version", format!("TLSv1.{}", number(chosen) - 0x0301));
        }
        if !is_client && types.contains(&"11") && !get("x509af.utcTime").is_empty() {
            let mut names: Vec<&str> = NAMES.iter().flat_map(|name| get(name).split(',')).collect();
            names.retain(|name| !name.is_empty());
            names.sort_unstable();
            fields_of.insert("names", names.join(","));
            // The first two are those of the first certificate.
            let times: Vec<&str> = get("x509af.utcTime").split(',').collect();
            for (name, time) in ["not_before", "not_after"].iter().zip(times) {
                let time = time.trim_end_matches(" (UTC)").replace(' ', "T") + "Z";
                fields_of.insert(name, time);
            }
        }
        if !get("tls.alert_message.level").is_empty() {
            let side = if is_client { "\"client\"" } else { "\"server\"" };
            let level = match number(get("tls.alert_message.level")) {
                1 => "\"warning\"",
                _ => "\"fatal\"",
            };
            let alerts = fields_of.entry("alerts").or_default();
            let comma = if alerts.is_empty() { "" } else { "," };
            alerts.extend([comma, get("frame.number"), " ", side, " ", level]);
        }
    }
    said
}

/// A number as tshark writes it.
fn number(text: &str) -> u32 {
    let text = text.split(',').next().unwrap();
    let hex = text.strip_prefix("0x").map(|digits| u32::from_str_radix(digits, 16).unwrap());
    hex.unwrap_or_else(|| text.parse().unwrap())
}

/// tshark's names of the cipher suites.
fn suite_names() -> BTreeMap<u32, String> {
    let text = Command::new("tshark").args(["-G", "values"]).output().unwrap().stdout;
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines = text.lines().filter_map(|line| line.strip_prefix("V\ttls.handshake.ciphersuite\t"));
    lines
        .map(|line| line.split_once('\t').unwrap())
        .map(|(n, name)| (number(n), name.into()))
        .collect()
}

/// JA4 of what tshark lists of a `ClientHello`.
fn ja4<'a>(get: &impl Fn(&str) -> &'a str) -> String {
    let list = |name| -> Vec<String> {
        let all = get(name).split(',').filter(|text| !text.is_empty());
        let all = all.map(|text| format!("{:04x}", number(text)));
        // GREASE: both bytes are the same, and end in a.
        all.filter(|hex| hex[..2] != hex[2..] || !hex.ends_with('a')).collect()
    };
    let sha = |text: String| match text.as_str() {
        "" => "0".repeat(12),
        text => {
            let hash = Sha256::digest(text)[..6]
                .iter()
                .fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
            format!("{hash:012x}")
        }
    };
    let mut suites = list("tls.handshake.ciphersuite");
    let mut extensions = list("tls.handshake.extension.type");
    let (suites_count, extensions_count) = (suites.len(), extensions.len());
    let versions = list("tls.handshake.extensions.supported_version");
    let version = versions.into_iter().chain(list("tls.handshake.version")).max().unwrap();
    let version = format!("1{}", number(&format!("0x{version}")) - 0x0301);
    let host = if extensions.contains(&"0000".into()) { "d" } else { "i" };
    let alpn = get("tls.handshake.extensions_alpn_str").split(',').next().unwrap();
    let ends = match (alpn.chars().next(), alpn.chars().last()) {
        (Some(first), Some(end)) => format!("{first}{end}"),
        _ => "00".into(),
    };
    suites.sort();
    extensions.retain(|one| one != "0000" && one != "0010");
    extensions.sort();
    let mut hashed = vec![extensions.join(",")];
    let signatures = list("tls.handshake.sig_hash_alg").join(",");
    hashed.extend(Some(signatures).filter(|it| !it.is_empty()));
    let (suites, extensions) = (sha(suites.join(",")), sha(hashed.join("_")));
    format!("t{version}{host}{suites_count:02}{extensions_count:02}{ends}_{suites}_{extensions}")
}
