use super::*;

fn same(redactor: &Redactor, line: &str) -> String {
    String::from_utf8(redactor.command(line.as_bytes())).unwrap()
}

fn reply(redactor: &Redactor, line: &str) -> String {
    String::from_utf8(redactor.reply(line.as_bytes(), false)).unwrap()
}

#[test]
fn what_names_nobody_stays() {
    let redactor = Redactor::new();
    for line in
        ["DATA", "QUIT", "RSET", "STARTTLS", "BDAT 100 LAST", "AUTH PLAIN ****", "MAIL FROM:<>"]
    {
        assert_eq!(same(&redactor, line), line);
    }
    for line in [
        "250 2.1.0 Ok",
        "354 End data with <CR><LF>.<CR><LF>",
        "550 5.1.1 User unknown in local recipient table",
        "250-ok",
    ] {
        assert_eq!(reply(&redactor, line), line);
    }
    let offers = b"250-SIZE 10485760";
    assert_eq!(redactor.reply(offers, true), offers);
}

#[test]
fn names_become_others_of_the_same_shape_everywhere() {
    let redactor = Redactor::new();
    let mail = same(
        &redactor,
        "MAIL FROM:<alice.b@mail.corp.example.org> SIZE=10 AUTH=bob@corp.example.org",
    );
    let word = |name: &str| String::from_utf8(redactor.name(name.as_bytes())).unwrap();
    assert!(mail.starts_with("MAIL FROM:<") && mail.contains("> SIZE=10 AUTH="), "{mail}");
    for name in ["alice", "corp", "bob"] {
        assert!(
            !mail.contains(name) && word(name).len() == name.len() && word(name) != name,
            "{mail}"
        );
        assert!(mail.contains(&word(name)), "{mail}");
    }
    assert!(mail.contains(".example.org>"), "names for documentation and the last label: {mail}");
    let said =
        reply(&redactor, "550 5.1.1 <alice.b@mail.corp.example.org>: user unknown; queue 4F00C2");
    assert!(said.contains(&word("alice")) && said.ends_with(&word("4F00C2")), "{said}");
    assert_eq!(
        same(&redactor, "EHLO Corp.example.org").to_lowercase(),
        same(&redactor, "EHLO corp.example.org").to_lowercase()
    );
    assert_eq!(same(&redactor, "RCPTO <x>").len(), "RCPTO <x>".len());
    let unknown = same(&redactor, "Dear Alice, the password is hunter2");
    assert!(!unknown.contains("Alice") && !unknown.contains("hunter"), "{unknown}");
}

#[test]
fn no_two_words_become_one() {
    let redactor = Redactor::new();
    let mut seen = std::collections::BTreeSet::new();
    for a in b'a'..=b'z' {
        for b in b'a'..=b'z' {
            assert!(seen.insert(redactor.name(&[a, b, b'q'])));
        }
    }
}

#[test]
fn addresses_keep_their_networks() {
    let redactor = Redactor::new();
    let of = |text: &str| redactor.addr(text.parse().unwrap());
    let octets = |addr: IpAddr| match addr {
        IpAddr::V4(addr) => addr.octets(),
        IpAddr::V6(_) => [0; 4],
    };
    let (a, b) = (octets(of("192.0.2.1")), octets(of("192.0.2.77")));
    assert_eq!(a[..3], b[..3]);
    assert_ne!(a[3], b[3]);
    assert_eq!(of("127.0.0.1").to_string(), "127.0.0.1");
    assert_eq!(octets(of("10.1.2.3"))[0], 10);
    assert_eq!(octets(of("192.168.1.2"))[..2], [192, 168]);
    assert!((1..100).all(|last| !of(&format!("198.51.100.{last}")).is_loopback()));
    assert!(of("2001:db8::1").is_ipv6());
    let said = reply(&redactor, "250 mx.corp.example greets [192.0.2.1]");
    assert!(said.contains(&format!("[{}]", of("192.0.2.1"))), "{said}");
    let hello = same(&redactor, "EHLO [IPv6:2001:db8::1]");
    assert_eq!(hello, format!("EHLO [IPv6:{}]", of("2001:db8::1")));
}

#[test]
fn no_name_or_address_is_left_inside_of_a_word() {
    let redactor = Redactor::new();
    let of = |text: &str| redactor.addr(text.parse().unwrap()).to_string();
    for text in [
        "550 host unknown[192.0.2.77] blocked, see https://www.corp.test/query/ip/192.0.2.77",
        "550 client=mail.account.corp.test[192.0.2.77]:4711 ip=192.0.2.77; 192.0.2.77/24",
        "550 5.7.1 192.0.2.77:25: <4915112345678@sms.corp.test> 192-0-2-77.pool.corp.test",
        "250 2.1.5 \"a.smith/b\"@corp.test,john.smith/x@corp.test",
    ] {
        let said = reply(&redactor, text);
        for part in
            ["192-0-2-77", "192.0.2.77", "corp", "account", "4915112345678", "smith", "john"]
        {
            assert!(!said.contains(part), "{part}: {said}");
        }
        let addresses = text.matches("192.0.2.77").count();
        assert_eq!(said.matches(&of("192.0.2.77")).count(), addresses, "{said}");
    }
    for (line, parts) in [
        ("EHLO ip-10-11-12-13.corp.test", &["10-11-12-13", "corp"][..]),
        ("EHLO mail", &["mail"]),
        ("VRFY will", &["will"]),
        ("VRFY 4915112345678", &["4915112345678"]),
        ("RCPT TO:<john.doe>", &["john", "doe"]),
        ("RCPT TO:<4915112345678>", &["4915112345678"]),
        ("MAIL FROM:<23232323@corp.test> AUTH=will", &["23232323", "will"]),
        ("XCLIENT NAME=mail LOGIN=will ADDR=192.0.2.77", &["mail", "will", "192.0.2.77"]),
        ("BDAT alice", &["alice"]),
    ] {
        let said = same(&redactor, line);
        let kept = said.split(['=', ' ', ':']).collect::<Vec<_>>();
        assert_ne!(said, line);
        for part in parts {
            assert!(!kept.iter().any(|word| word.contains(part)), "{part}: {said}");
        }
    }
    let offers = |line: &str| String::from_utf8(redactor.reply(line.as_bytes(), true)).unwrap();
    for line in ["250-AUTH=LOGIN PLAIN", "250 XOWN-2 a_b", "250-8bitmime", "250-size 1000"] {
        assert_eq!(offers(line), line);
    }
    assert!(!offers("250-Hello alice[192.0.2.77]").contains("alice"));
    assert!(!offers("250-Hello alice[192.0.2.77]").contains("192.0.2.77"));
}

#[test]
fn what_is_legal_stays_legal() {
    let redactor = Redactor::new();
    let rcpt = same(&redactor, "RCPT TO:<a@b.test> ORCPT=rfc822;al+2Bx+41b@corp.test");
    assert!(
        rcpt.contains(" ORCPT=rfc822;") && rcpt.contains("+2B") && rcpt.contains("+58"),
        "{rcpt}"
    );
    for line in [
        "XCLIENT PROTO=ESMTP PORT=65000",
        "XFORWARD NAME=[UNAVAILABLE] SOURCE=LOCAL",
        "BDAT 9 LAST",
    ] {
        assert_eq!(same(&redactor, line), line);
    }
}
