//! The forms for findings, as they look.

use super::sample::{HOSTILE, RULE, entry, finding, hostile, mark, quiet, session, written_as};
use super::*;
use crate::chunk::{End, Medium};
use crate::escape::is_safe;
use crate::rules::{Confidence, Rule, Severity};
use expect_test::{Expect, expect};

const FORMS: [Format; 5] =
    [Format::Lint, Format::Csv, Format::Markdown, Format::Sarif, Format::Junit];

const CHECK: Lint = Lint { check: true, fail_on: Threshold::Error, color: false };

static NOTE: Rule = Rule {
    id: "help-note",
    severity: Severity::Note,
    rfc: None,
    help: "see | <b>there</b>",
    title: "a | b <c>",
    explanation: "One.\nTwo <d>.",
    ..RULE
};

/// A session with two findings: one on a command, one on a later line of a reply.
fn faulty() -> (Session, Vec<Finding>) {
    let dialog = b"s< 220 mx.example ESMTP
c> EHLO client.example
s< 250-mx.example
s< 250-SIZE 1000
s< 250-=X  Odd
s< 250 HELP
c> MAIL FROM: <a@b.example>
s< 250 2.1.0 Ok
c> RCPT TO:<c@d.example>
s< 250 2.1.5 Ok
c> QUIT
s< 221 bye";
    let mut session = session(dialog, End::Quit);
    session.exchanges[1].asked = mark(9);
    let reply = Finding {
        rule: &NOTE,
        confidence: Confidence::Likely,
        mark: session.exchanges[0].reply.unwrap().begun,
        exchange: Some(0),
        is_reply: true,
        range: None,
        expected: "",
        violates_abnf: false,
        ..finding(b"250-=X  Odd")
    };
    (session, vec![reply, finding(b"MAIL FROM: <a@b.example>")])
}

fn inputs(problem: Option<&str>) -> [InputReport; 2] {
    let input = |path: &str| InputReport {
        path: path.to_owned(),
        kind: Some("pcap"),
        bytes: 12_345,
        packets: 20,
        ..InputReport::default()
    };
    let problems = problem.map(str::to_owned).into_iter().collect();
    [
        InputReport { sessions: 2, ..input("my mail.pcap") },
        InputReport { problems, failed: problem.is_some(), ..input("other") },
    ]
}

fn report(format: Format, lint: Lint, problem: Option<&str>) -> String {
    let (faulty, findings) = faulty();
    let quiet = quiet();
    let not_judged = [NotJudged { rule: "greeting-slow", why: "the input has no times" }];
    let sessions = [
        (2, Entry { not_judged: &not_judged, ..entry(2, &faulty, &findings) }),
        (1, entry(1, &quiet, &[])),
        (3, entry(3, &faulty, &findings)),
    ];
    written_as(format, lint, None, sessions, &inputs(problem))
}

fn check(text: &str, expected: &Expect) {
    expected.assert_eq(&text.replace('\r', ""));
}

#[test]
fn lint() {
    check(
        &report(Format::Lint, CHECK, None),
        &expect![[r#"
        note[help-note]: a blank after the colon
         --> my mail.pcap, session 2, frame 6, 2023-11-14T22:13:20.006000Z
         ::: 192.0.2.1:4242 > 192.0.2.2:25
          |
        5 | c> EHLO client.example
        6 | s< 250-mx.example
          | s< 250-SIZE 1000
          | s< 250-=X  Odd
          |    ^^^^^^^^^^^
          | s< 250 HELP
        9 | c> MAIL FROM: <a@b.example>
          |
          = fault: client
          = help: see | <b>there</b>
          = confidence: likely

        error[path-space-after-colon]: a blank after the colon
          --> my mail.pcap, session 2, frame 9, 2023-11-14T22:13:20.009000Z
          ::: 192.0.2.1:4242 > 192.0.2.2:25
           |
           | s< 250-=X  Odd
           | s< 250 HELP
         9 | c> MAIL FROM: <a@b.example>
           |              ^ expected "<"
        11 | s< 250 2.1.0 Ok
        12 | c> RCPT TO:<c@d.example>
           |
           = rfc: RFC 5321 §4.1.1.2
           = fault: client
           = help: leave the blank out
           = note: the line breaks the ABNF

        note[help-note]: a blank after the colon
         --> my mail.pcap, session 3, frame 6, 2023-11-14T22:13:20.006000Z
         ::: 192.0.2.1:4242 > 192.0.2.2:25
          |
        5 | c> EHLO client.example
        6 | s< 250-mx.example
          | s< 250-SIZE 1000
          | s< 250-=X  Odd
          |    ^^^^^^^^^^^
          | s< 250 HELP
        9 | c> MAIL FROM: <a@b.example>
          |
          = fault: client
          = help: see | <b>there</b>
          = confidence: likely

        error[path-space-after-colon]: a blank after the colon
          --> my mail.pcap, session 3, frame 9, 2023-11-14T22:13:20.009000Z
          ::: 192.0.2.1:4242 > 192.0.2.2:25
           |
           | s< 250-=X  Odd
           | s< 250 HELP
         9 | c> MAIL FROM: <a@b.example>
           |              ^ expected "<"
        11 | s< 250 2.1.0 Ok
        12 | c> RCPT TO:<c@d.example>
           |
           = rfc: RFC 5321 §4.1.1.2
           = fault: client
           = help: leave the blank out
           = note: the line breaks the ABNF

        2 errors, 2 notes in 2 of 3 sessions, 2 inputs
        not judged: 1 rule, in 1 of 3 sessions (--format json says which, and why)
        exit status 1: findings reach --fail-on error
    "#]],
    );
}

#[test]
fn csv_of_findings() {
    check(
        &report(Format::Csv, CHECK, None),
        &expect![[r#"
        session,input,client,server,frame,line_no,time,rule,severity,confidence,category,party,violates_abnf,message,rfc,help,exchange,evidence,column,end_column
        2,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,6,,2023-11-14T22:13:20.006000Z,help-note,note,likely,command,client,false,a blank after the colon,,see | <b>there</b>,0,250-=X  Odd,,
        2,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,9,,2023-11-14T22:13:20.009000Z,path-space-after-colon,error,certain,command,client,true,a blank after the colon,RFC 5321 §4.1.1.2,leave the blank out,1,MAIL FROM: <a@b.example>,11,12
        3,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,6,,2023-11-14T22:13:20.006000Z,help-note,note,likely,command,client,false,a blank after the colon,,see | <b>there</b>,0,250-=X  Odd,,
        3,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,9,,2023-11-14T22:13:20.009000Z,path-space-after-colon,error,certain,command,client,true,a blank after the colon,RFC 5321 §4.1.1.2,leave the blank out,1,MAIL FROM: <a@b.example>,11,12
    "#]],
    );
}

#[test]
fn csv_of_exchanges() {
    check(
        &report(Format::Csv, Lint::default(), None),
        &expect![[r#"
            session,input,client,server,protocol,helo,exchange,verb,command,frame,line_no,time,code,enhanced,reply,reply_frame,reply_line_no,reply_time,latency_us,pipelined,end,findings,server_us,client_us,network_us
            1,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,ESMTP,client.example,,greeting,,,,,220,,mx.example ESMTP,4,,2023-11-14T22:13:20.004000Z,,,quit,,,,
            1,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,ESMTP,client.example,0,EHLO,EHLO client.example,5,,2023-11-14T22:13:20.005000Z,250,,mx.example / SIZE,6,,2023-11-14T22:13:20.006000Z,1000,false,quit,,0,0,2000
            1,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,ESMTP,client.example,1,QUIT,QUIT,8,,2023-11-14T22:13:20.008000Z,221,,bye,9,,2023-11-14T22:13:20.009000Z,1000,false,quit,,0,0,2000
            2,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,ESMTP,client.example,,greeting,,,,,220,,mx.example ESMTP,4,,2023-11-14T22:13:20.004000Z,,,quit,,,,
            2,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,ESMTP,client.example,0,EHLO,EHLO client.example,5,,2023-11-14T22:13:20.005000Z,250,,mx.example / SIZE 1000 / =X  Odd / HELP,6,,2023-11-14T22:13:20.006000Z,1000,false,quit,help-note,0,0,2000
            2,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,ESMTP,client.example,1,MAIL,MAIL FROM: <a@b.example>,9,,2023-11-14T22:13:20.009000Z,250,2.1.0,2.1.0 Ok,11,,2023-11-14T22:13:20.011000Z,2000,false,quit,path-space-after-colon,1000,0,1000
            2,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,ESMTP,client.example,2,RCPT,RCPT TO:<c@d.example>,12,,2023-11-14T22:13:20.012000Z,250,2.1.5,2.1.5 Ok,13,,2023-11-14T22:13:20.013000Z,1000,false,quit,,0,0,2000
            2,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,ESMTP,client.example,3,QUIT,QUIT,14,,2023-11-14T22:13:20.014000Z,221,,bye,15,,2023-11-14T22:13:20.015000Z,1000,false,quit,,0,0,2000
            3,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,ESMTP,client.example,,greeting,,,,,220,,mx.example ESMTP,4,,2023-11-14T22:13:20.004000Z,,,quit,,,,
            3,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,ESMTP,client.example,0,EHLO,EHLO client.example,5,,2023-11-14T22:13:20.005000Z,250,,mx.example / SIZE 1000 / =X  Odd / HELP,6,,2023-11-14T22:13:20.006000Z,1000,false,quit,help-note,0,0,2000
            3,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,ESMTP,client.example,1,MAIL,MAIL FROM: <a@b.example>,9,,2023-11-14T22:13:20.009000Z,250,2.1.0,2.1.0 Ok,11,,2023-11-14T22:13:20.011000Z,2000,false,quit,path-space-after-colon,1000,0,1000
            3,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,ESMTP,client.example,2,RCPT,RCPT TO:<c@d.example>,12,,2023-11-14T22:13:20.012000Z,250,2.1.5,2.1.5 Ok,13,,2023-11-14T22:13:20.013000Z,1000,false,quit,,0,0,2000
            3,my mail.pcap,192.0.2.1:4242,192.0.2.2:25,ESMTP,client.example,3,QUIT,QUIT,14,,2023-11-14T22:13:20.014000Z,221,,bye,15,,2023-11-14T22:13:20.015000Z,1000,false,quit,,0,0,2000
        "#]],
    );
}

#[test]
fn markdown() {
    check(
        &report(Format::Markdown, Lint::default(), Some("odd")),
        &expect![[r###"
        ## SMTP audit

        Found **2 errors, 2 notes** in 2 of 3 sessions, 2 inputs.
        Not judged: 1 rule, in 1 of 3 sessions (`--format json` says which, and why).

        | input | kind | packets | size | sessions |
        | --- | --- | ---: | ---: | ---: |
        | `my mail.pcap` | pcap | 20 | 12 kB | 2 |
        | `other` | pcap | 20 | 12 kB | 0 |

        - `other`: `odd`

        ### Sessions

        | # | server | client | mail | rcpt | extensions used | duration | slowest | end |
        | ---: | --- | --- | --- | --- | --- | --- | --- | --- |
        | 1 | `192.0.2.2:25` | `client.example` | 0/0 | 0/0 |  | 8.00 ms | EHLO 1.00 ms | quit |
        | 2 | `192.0.2.2:25` | `client.example` | 0/1 | 1/1 |  | 14.0 ms | MAIL 2.00 ms | quit |
        | 3 | `192.0.2.2:25` | `client.example` | 0/1 | 1/1 |  | 14.0 ms | MAIL 2.00 ms | quit |

        ### Findings

        | severity | rule | times | fault | what it says | RFC |
        | --- | --- | ---: | --- | --- | --- |
        | error | `path-space-after-colon` | 2 | client | a blank between the colon and the path | RFC 5321 §4.1.1.2 |
        | note | `help-note` | 2 | client | a \| b \<c\> | - |

        <details><summary>Session 2 in <code>my mail.pcap, 192.0.2.1:4242 &gt; 192.0.2.2:25</code>: 1 error, 1 note</summary>

        ```text
        note[help-note]: a blank after the colon
         --> my mail.pcap, session 2, frame 6, 2023-11-14T22:13:20.006000Z
         ::: 192.0.2.1:4242 > 192.0.2.2:25
          |
        5 | c> EHLO client.example
        6 | s< 250-mx.example
          | s< 250-SIZE 1000
          | s< 250-=X  Odd
          |    ^^^^^^^^^^^
          | s< 250 HELP
        9 | c> MAIL FROM: <a@b.example>
          |
          = fault: client
          = help: see | <b>there</b>
          = confidence: likely

        error[path-space-after-colon]: a blank after the colon
          --> my mail.pcap, session 2, frame 9, 2023-11-14T22:13:20.009000Z
          ::: 192.0.2.1:4242 > 192.0.2.2:25
           |
           | s< 250-=X  Odd
           | s< 250 HELP
         9 | c> MAIL FROM: <a@b.example>
           |              ^ expected "<"
        11 | s< 250 2.1.0 Ok
        12 | c> RCPT TO:<c@d.example>
           |
           = rfc: RFC 5321 §4.1.1.2
           = fault: client
           = help: leave the blank out
           = note: the line breaks the ABNF
        ```

        </details>

        <details><summary>Session 3 in <code>my mail.pcap, 192.0.2.1:4242 &gt; 192.0.2.2:25</code>: 1 error, 1 note</summary>

        ```text
        note[help-note]: a blank after the colon
         --> my mail.pcap, session 3, frame 6, 2023-11-14T22:13:20.006000Z
         ::: 192.0.2.1:4242 > 192.0.2.2:25
          |
        5 | c> EHLO client.example
        6 | s< 250-mx.example
          | s< 250-SIZE 1000
          | s< 250-=X  Odd
          |    ^^^^^^^^^^^
          | s< 250 HELP
        9 | c> MAIL FROM: <a@b.example>
          |
          = fault: client
          = help: see | <b>there</b>
          = confidence: likely

        error[path-space-after-colon]: a blank after the colon
          --> my mail.pcap, session 3, frame 9, 2023-11-14T22:13:20.009000Z
          ::: 192.0.2.1:4242 > 192.0.2.2:25
           |
           | s< 250-=X  Odd
           | s< 250 HELP
         9 | c> MAIL FROM: <a@b.example>
           |              ^ expected "<"
        11 | s< 250 2.1.0 Ok
        12 | c> RCPT TO:<c@d.example>
           |
           = rfc: RFC 5321 §4.1.1.2
           = fault: client
           = help: leave the blank out
           = note: the line breaks the ABNF
        ```

        </details>

    "###]],
    );
}

#[test]
fn sarif() {
    check(
        &report(Format::Sarif, CHECK, Some("odd")),
        &expect![[r#"
            {"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{
            "tool":{"driver":{"name":"smtp-audit","semanticVersion":"0.1.0","rules":[{"id":"help-note","shortDescription":{"text":"a | b <c>"},"fullDescription":{"text":"One.\nTwo <d>."},"help":{"text":"see | <b>there</b>","markdown":"see | \\<b>there\\</b>\n\nOne.\nTwo \\<d>.\n\nWrong:\n\n```text\n```\n\nRight:\n\n```text\n```\n"},"defaultConfiguration":{"level":"note"},"properties":{"tags":["smtp","command","client"],"category":"command","party":"client","rfc":null,"problem.severity":"recommendation"}},{"id":"path-space-after-colon","shortDescription":{"text":"a blank between the colon and the path"},"fullDescription":{"text":""},"help":{"text":"leave the blank out (RFC 5321 §4.1.1.2)","markdown":"leave the blank out (RFC 5321 §4.1.1.2)\n\n\n\nWrong:\n\n```text\n```\n\nRight:\n\n```text\n```\n"},"defaultConfiguration":{"level":"error"},"properties":{"tags":["smtp","command","client"],"category":"command","party":"client","rfc":"RFC 5321 §4.1.1.2","problem.severity":"error"}}]}},
            "columnKind":"unicodeCodePoints",
            "invocations":[{"executionSuccessful":false,"exitCode":2,"toolExecutionNotifications":[{"level":"error","message":{"text":"odd"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"other"}}}]}]}],
            "artifacts":[{"location":{"uri":"my%20mail.pcap"},"roles":["analysisTarget"],"properties":{"kind":"pcap","dialect":null,"packets":20,"sessions":2}},{"location":{"uri":"other"},"roles":["analysisTarget"],"properties":{"kind":"pcap","dialect":null,"packets":20,"sessions":0}}],
            "properties":{"sessions":3,"partial":false,"sessionsNotJudged":1,"rulesNotJudged":["greeting-slow"]},
            "results":[
            {"ruleId":"help-note","ruleIndex":0,"partialFingerprints":{"smtpAudit/v1":"073bc5fb70c8a326:1"},"level":"note","message":{"text":"a blank after the colon (session 2, frame 6)"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"my%20mail.pcap"}},"logicalLocations":[{"name":"frame 6","fullyQualifiedName":"session 2/frame 6","kind":"frame"}]}],"properties":{"session":2,"frame":6,"time":"2023-11-14T22:13:20.006000Z","client":"192.0.2.1:4242","server":"192.0.2.2:25","exchange":0,"confidence":"likely","category":"command","party":"client","violatesAbnf":false,"evidence":"250-=X  Odd"}},
            {"ruleId":"path-space-after-colon","ruleIndex":1,"partialFingerprints":{"smtpAudit/v1":"9199417f914257c2:1"},"level":"error","message":{"text":"a blank after the colon (session 2, frame 9)"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"my%20mail.pcap"}},"logicalLocations":[{"name":"frame 9","fullyQualifiedName":"session 2/frame 9","kind":"frame"}]}],"properties":{"session":2,"frame":9,"time":"2023-11-14T22:13:20.009000Z","client":"192.0.2.1:4242","server":"192.0.2.2:25","exchange":1,"confidence":"certain","category":"command","party":"client","violatesAbnf":true,"evidence":"MAIL FROM: <a@b.example>"}},
            {"ruleId":"help-note","ruleIndex":0,"partialFingerprints":{"smtpAudit/v1":"073bc5fb70c8a326:2"},"level":"note","message":{"text":"a blank after the colon (session 3, frame 6)"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"my%20mail.pcap"}},"logicalLocations":[{"name":"frame 6","fullyQualifiedName":"session 3/frame 6","kind":"frame"}]}],"properties":{"session":3,"frame":6,"time":"2023-11-14T22:13:20.006000Z","client":"192.0.2.1:4242","server":"192.0.2.2:25","exchange":0,"confidence":"likely","category":"command","party":"client","violatesAbnf":false,"evidence":"250-=X  Odd"}},
            {"ruleId":"path-space-after-colon","ruleIndex":1,"partialFingerprints":{"smtpAudit/v1":"9199417f914257c2:2"},"level":"error","message":{"text":"a blank after the colon (session 3, frame 9)"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"my%20mail.pcap"}},"logicalLocations":[{"name":"frame 9","fullyQualifiedName":"session 3/frame 9","kind":"frame"}]}],"properties":{"session":3,"frame":9,"time":"2023-11-14T22:13:20.009000Z","client":"192.0.2.1:4242","server":"192.0.2.2:25","exchange":1,"confidence":"certain","category":"command","party":"client","violatesAbnf":true,"evidence":"MAIL FROM: <a@b.example>"}}
            ]}]}
        "#]],
    );
}

#[test]
fn junit() {
    check(
        &report(Format::Junit, CHECK, Some("odd")),
        &expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="smtp-audit" tests="4" failures="2" errors="1">
        <testsuite name="my mail.pcap" tests="3" failures="2" errors="0" skipped="0">
        <testcase name="session 1 192.0.2.1:4242 &gt; 192.0.2.2:25" classname="my mail.pcap" time="0.008000"/>
        <testcase name="session 2 192.0.2.1:4242 &gt; 192.0.2.2:25" classname="my mail.pcap" time="0.014000">
        <failure message="1 finding: path-space-after-colon" type="error">error[path-space-after-colon]: a blank after the colon
          --&gt; my mail.pcap, session 2, frame 9, 2023-11-14T22:13:20.009000Z
          ::: 192.0.2.1:4242 &gt; 192.0.2.2:25
           |
           | s&lt; 250-=X  Odd
           | s&lt; 250 HELP
         9 | c&gt; MAIL FROM: &lt;a@b.example&gt;
           |              ^ expected &quot;&lt;&quot;
        11 | s&lt; 250 2.1.0 Ok
        12 | c&gt; RCPT TO:&lt;c@d.example&gt;
           |
           = rfc: RFC 5321 §4.1.1.2
           = fault: client
           = help: leave the blank out
           = note: the line breaks the ABNF

        </failure>
        <system-out>note[help-note]: a blank after the colon
         --&gt; my mail.pcap, session 2, frame 6, 2023-11-14T22:13:20.006000Z
         ::: 192.0.2.1:4242 &gt; 192.0.2.2:25
          |
        5 | c&gt; EHLO client.example
        6 | s&lt; 250-mx.example
          | s&lt; 250-SIZE 1000
          | s&lt; 250-=X  Odd
          |    ^^^^^^^^^^^
          | s&lt; 250 HELP
        9 | c&gt; MAIL FROM: &lt;a@b.example&gt;
          |
          = fault: client
          = help: see | &lt;b&gt;there&lt;/b&gt;
          = confidence: likely

        </system-out>
        </testcase>
        <testcase name="session 3 192.0.2.1:4242 &gt; 192.0.2.2:25" classname="my mail.pcap" time="0.014000">
        <failure message="1 finding: path-space-after-colon" type="error">error[path-space-after-colon]: a blank after the colon
          --&gt; my mail.pcap, session 3, frame 9, 2023-11-14T22:13:20.009000Z
          ::: 192.0.2.1:4242 &gt; 192.0.2.2:25
           |
           | s&lt; 250-=X  Odd
           | s&lt; 250 HELP
         9 | c&gt; MAIL FROM: &lt;a@b.example&gt;
           |              ^ expected &quot;&lt;&quot;
        11 | s&lt; 250 2.1.0 Ok
        12 | c&gt; RCPT TO:&lt;c@d.example&gt;
           |
           = rfc: RFC 5321 §4.1.1.2
           = fault: client
           = help: leave the blank out
           = note: the line breaks the ABNF

        </failure>
        <system-out>note[help-note]: a blank after the colon
         --&gt; my mail.pcap, session 3, frame 6, 2023-11-14T22:13:20.006000Z
         ::: 192.0.2.1:4242 &gt; 192.0.2.2:25
          |
        5 | c&gt; EHLO client.example
        6 | s&lt; 250-mx.example
          | s&lt; 250-SIZE 1000
          | s&lt; 250-=X  Odd
          |    ^^^^^^^^^^^
          | s&lt; 250 HELP
        9 | c&gt; MAIL FROM: &lt;a@b.example&gt;
          |
          = fault: client
          = help: see | &lt;b&gt;there&lt;/b&gt;
          = confidence: likely

        </system-out>
        </testcase>
        </testsuite>
        <testsuite name="other" tests="1" failures="0" errors="1" skipped="0">
        <testcase name="all of the input can be read" classname="other"><error message="odd"/></testcase>
        </testsuite>
        </testsuites>
    "#]],
    );
}

#[test]
fn a_transcript_is_named_with_line_and_column() {
    let (mut faulty, findings) = faulty();
    faulty.opening.medium = Medium::Transcript;
    faulty.opening.peers = None;
    faulty.opening.at = None;
    faulty.transport = None;
    let entries = [(1, entry(1, &faulty, &findings))];
    let text = written_as(Format::Lint, CHECK, Some(60), entries, &inputs(None));
    let places: Vec<&str> = text.lines().filter(|line| line.contains("-->")).collect();
    assert_eq!(places, [" --> my mail.pcap:6", "  --> my mail.pcap:9:14"]);
}

#[test]
fn colours_are_only_ours() {
    let (mut faulty, mut findings) = faulty();
    faulty = Session { opening: faulty.opening, ..faulty };
    findings[1].message = String::from("\x1b[31mred");
    let entries = || [(1, entry(1, &faulty, &findings))];
    let lint = Lint { color: true, ..CHECK };
    let painted = written_as(Format::Lint, lint, None, entries(), &inputs(None));
    let plain = written_as(Format::Lint, CHECK, None, entries(), &inputs(None));
    assert!(painted.contains("\x1b[1;31merror[path-space-after-colon]\x1b[0m"), "{painted}");
    assert!(painted.contains("\\x1b[31mred"), "{painted}");
    let mut stripped = painted.clone();
    for code in ["\x1b[1;31m", "\x1b[1;33m", "\x1b[1;36m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"] {
        stripped = stripped.replace(code, "");
    }
    assert_eq!(stripped, plain);
    assert!(!plain.contains('\x1b'));
}

#[test]
fn hostile_text_stays_text() {
    let evil = [HOSTILE, b"]]></failure>{0}[a](b)`````|=1,\n</code>"].concat();
    let findings =
        [Finding { message: String::from_utf8_lossy(&evil).into_owned(), ..finding(&evil) }];
    let session = hostile();
    for format in FORMS {
        for lint in [CHECK, Lint::default()] {
            let sessions = [(1, entry(1, &session, &findings))];
            let problem = "\u{1b}[31m\u{202e}]]>";
            let text = written_as(format, lint, None, sessions, &inputs(Some(problem)));
            let text = text.replace("\r\n", "\n");
            let bad = text.chars().find(|&c| c != '\n' && !is_safe(c));
            assert_eq!(bad, None, "{format:?}: {text}");
            assert!(text.contains("evil"), "{format:?} lost the text");
            if format == Format::Junit {
                let document = roxmltree::Document::parse(&text).unwrap();
                let failure = document.descendants().find(|node| node.has_tag_name("failure"));
                assert!(failure.unwrap().text().unwrap().contains("]]></failure>"), "{text}");
            }
            if format == Format::Sarif {
                let log: serde_json::Value = serde_json::from_str(&text).unwrap();
                let message = log["runs"][0]["results"][0]["message"]["text"].as_str().unwrap();
                assert!(message.contains("{{0}}\\[a\\](b)"), "{message}");
            }
            if format == Format::Markdown {
                // No run of backticks in it is as long as the fence.
                assert!(text.contains("\n``````text\n"), "{text}");
            }
        }
    }
}

#[test]
fn nothing_found_is_said() {
    for format in FORMS {
        let text = written_as(format, CHECK, None, [], &inputs(None));
        assert!(!text.is_empty(), "{format:?}");
    }
    check(
        &written_as(Format::Lint, CHECK, None, [], &inputs(None)),
        &expect![[r#"
        nothing found in 0 sessions, 2 inputs
        exit status 0: nothing reaches --fail-on error
    "#]],
    );
}
